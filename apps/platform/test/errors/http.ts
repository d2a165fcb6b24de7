import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { uuidOf } from '@tradewind/shared-kernel';
import { eventually } from '@tradewind/shared-kernel/testing';
import { aBasket, type World } from '../world';
import type { Provocations, Stage } from './provocation';

const checkout =
  (world: World, body: unknown, headers: Record<string, string> = { 'idempotency-key': randomUUID() }) =>
  () =>
    world.call('POST', '/v1/checkout', body, headers);

/** What waits for a lock in the database, cancelled or ended: as the database does after its own, much longer time. */
const strike = async ({ world }: Stage, how: 'pg_cancel_backend' | 'pg_terminate_backend'): Promise<void> => {
  await eventually(async () => {
    const struck = await world.unitOfWork.query(
      `WITH waiting AS MATERIALIZED (
         SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')
       SELECT ${how}(pid) FROM waiting`,
    );
    return struck.length > 0;
  });
};

/** A cancellation that waits for its order, which somebody else has locked; `help` lets go of it. */
async function waitingForItsOrder(stage: Stage, how: 'pg_cancel_backend' | 'pg_terminate_backend') {
  const { world, foreigner } = stage;
  const { order } = (await world.checkout()).body;
  await foreigner.query('BEGIN');
  await foreigner.query('SELECT FROM trading.orders WHERE id = $1 FOR UPDATE', [uuidOf(order.id)]);
  let isLocked = true;
  return {
    request: async () => {
      const reply = world.call(
        'POST',
        `/v1/orders/${order.id}/cancel`,
        { reason: 'waited' },
        { 'idempotency-key': order.id },
      );
      if (isLocked) await strike(stage, how);
      return reply;
    },
    help: async () => {
      isLocked = false;
      await foreigner.query('ROLLBACK');
    },
  };
}

/** What any endpoint may answer. */
export const HTTP: Provocations = {
  'malformed-body': ({ world }) => ({ request: checkout(world, '{"lines": [') }),
  'invalid-request': ({ world }) => ({ request: checkout(world, { ...aBasket(), lines: [] }) }),
  'invalid-cursor': ({ world }) => ({ request: () => world.call('GET', '/v1/orders?cursor=bm9uc2Vuc2U') }),
  'bad-request': ({ world }) => ({ request: () => world.call('GET', '/v1/orders/%E0%A4%A') }),
  'idempotency-key-missing': ({ world }) => ({ request: checkout(world, aBasket(), {}) }),
  'idempotency-key-invalid': ({ world }) => ({
    request: checkout(world, aBasket(), { 'idempotency-key': 'k'.repeat(256) }),
  }),
  'not-found': ({ world }) => ({ request: () => world.call('GET', '/v1/nothing') }),
  'method-not-allowed': ({ world }) => ({ request: () => world.call('DELETE', '/v1/checkout') }),
  'body-too-large': ({ world }) => ({ request: checkout(world, JSON.stringify({ a: 'x'.repeat(600_000) })) }),
  'unsupported-media-type': ({ world }) => ({
    request: checkout(world, '<a/>', { 'content-type': 'text/xml', 'idempotency-key': randomUUID() }),
  }),
  'idempotency-key-reused': async ({ world }) => {
    const headers = { 'idempotency-key': randomUUID() };
    await checkout(world, aBasket(), headers)();
    return { request: checkout(world, { ...aBasket(), region: 'other' }, headers) };
  },
  'request-in-progress': async ({ world, foreigner }) => {
    await foreigner.query('BEGIN');
    await foreigner.query("SELECT FROM trading.stock_item WHERE sku = 'SKU-90' FOR UPDATE");
    const basket = { ...aBasket(), lines: [{ sku: 'SKU-90', quantity: 1 }] };
    const request = checkout(world, basket, { 'idempotency-key': randomUUID() });
    const first = request();
    await eventually(async () => {
      const waiting = await world.unitOfWork.query(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
      return waiting.length > 0;
    });
    return {
      request,
      help: async () => {
        await foreigner.query('ROLLBACK');
        await first;
      },
    };
  },
  'rate-limited': async ({ world }) => {
    const headers = { 'x-api-key': randomUUID() };
    const request = () => world.call('GET', '/v1/skus/SKU-1', undefined, headers);
    const seconds = await eventually(async () => (await request()).headers.get('retry-after'));
    return { request, help: () => wait(Number(seconds) * 1000) };
  },
  'internal-error': async ({ world, foreigner }) => {
    await foreigner.query('ALTER TABLE trading.sku RENAME TO sku_lost');
    return {
      request: () => world.call('GET', '/v1/skus/SKU-1'),
      help: () => foreigner.query('ALTER TABLE trading.sku_lost RENAME TO sku'),
    };
  },
  'service-unavailable': (stage) => waitingForItsOrder(stage, 'pg_terminate_backend'),
  'deadline-exceeded': (stage) => waitingForItsOrder(stage, 'pg_cancel_backend'),
};
