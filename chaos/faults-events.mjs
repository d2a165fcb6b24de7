// Events as another version would write them, and handlers that cannot stomach one.
import { createRequire } from 'node:module';
import path from 'node:path';
import { ROOT } from '../bench/processes.mjs';
import { until } from './world.mjs';

const require = createRequire(import.meta.url);
const { SystemIds, laneOf, uuidOf } = require(path.join(ROOT, 'dist/libs/shared-kernel/src/index.js'));
const ids = new SystemIds();
/** Six attempts with growing waits take half a minute; a machine that is busy with other things may need many times that. */
const PARKED_WITHIN_MS = 600_000;

/** Appends one event of an aggregate of its own. */
async function append(world, type, payload) {
  const aggregateId = ids.next('chs');
  await world.sql(
    `WITH taken AS (UPDATE messaging.lane SET head = head + 1 WHERE lane = $1 RETURNING lane, head)
     INSERT INTO messaging.event_log (lane, position, id, type, aggregate_id, aggregate_version, payload, correlation_id, actor, occurred_at)
     SELECT lane, head, $2, $3, $4, 1, $5, $4, 'chaos', now() FROM taken`,
    [laneOf(aggregateId), uuidOf(ids.next('evt')), type, aggregateId, JSON.stringify(payload)],
  );
  return aggregateId;
}

/** An order of which more events will follow. */
async function paidOrder(shop) {
  const placed = (await shop.checkout([{ sku: 'SKU-14', quantity: 1 }])).answers[0].body;
  await shop.pay(placed, 'paid');
  return placed;
}

const parkedFor = async (world, aggregateId) =>
  world.sql(`SELECT subscription, status FROM messaging.parked_event WHERE aggregate_id = $1`, [aggregateId]);

/** Waits until it was given up, mends the cause, and puts it back to work as an operator would. */
async function mendAndReplay({ world, planted }, aggregateId, what, mend) {
  const isParked = async () => {
    const parked = await parkedFor(world, aggregateId);
    return (
      parked.some(({ status }) => status === 'parked') && parked.every(({ status }) => status !== 'retrying') && parked
    );
  };
  const parked = await until(what, PARKED_WITHIN_MS, isParked).catch(() => []);
  planted.push({ what: `${what}: ${aggregateId}`, holds: parked.length > 0 });
  await mend();
  for (const subscription of new Set(parked.map((event) => event.subscription))) {
    await until('the platform replays', 30_000, async () => {
      const [up] = world.up;
      if (!up) return false;
      const answer = await fetch(`http://127.0.0.1:${up.port}/v1/operations/parked-events/replay`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ subscription, aggregateId }),
      }).catch(() => undefined);
      return answer?.status === 200;
    });
  }
}

/** An order whose next events one handler cannot stomach; returns what mends that. */
async function poison({ world, shop, planted }, kills) {
  const placed = (await shop.checkout([{ sku: 'SKU-15', quantity: 1 }])).answers[0].body;
  const { id } = placed.order;
  await world.sql('INSERT INTO chaos.poison VALUES ($1, $2)', [id, kills]);
  await shop.pay(placed, 'paid');
  return () =>
    mendAndReplay({ world, planted }, id, 'an event that its handler cannot stomach is parked', () =>
      world.sql('DELETE FROM chaos.poison WHERE aggregate_id = $1', [id]),
    );
}

export const eventFaults = [
  {
    name: 'event of an unknown type',
    async inject({ world }) {
      await append(world, 'trading.order-gift-wrapped.v9', { orderId: 'none of yours', ribbon: true });
    },
  },
  {
    name: 'oversized event',
    async inject({ world, shop }) {
      const { order, payment } = await paidOrder(shop);
      const ballast = 'x'.repeat(8 * 2 ** 20);
      const payload = { orderId: order.id, paymentId: payment.id, amount: order.total, carrier: 'SF', ballast };
      await append(world, 'trading.order-paid.v1', payload);
    },
  },
  {
    name: 'event that no handler can read',
    lasts: true,
    async inject(context) {
      const { world, shop } = context;
      const { order, payment } = await paidOrder(shop);
      const aggregateId = await append(world, 'trading.order-paid.v1', { order: { number: 7 } });
      const payload = { orderId: order.id, paymentId: payment.id, amount: order.total, carrier: 'SF' };
      return () =>
        mendAndReplay(context, aggregateId, 'an event that cannot be read is parked', () =>
          world.sql('UPDATE messaging.event_log SET payload = $2 WHERE aggregate_id = $1', [
            aggregateId,
            JSON.stringify(payload),
          ]),
        );
    },
  },
  {
    name: 'poison handler',
    lasts: true,
    inject: (context) => poison(context, false),
  },
  {
    name: 'poison handler that kills its process',
    slow: true,
    whenAllUp: true,
    async inject(context) {
      const { platforms } = context.world;
      const setExpendable = (value) =>
        platforms.forEach((platform) => Object.assign(platform, { isExpendable: value }));
      setExpendable(true);
      const mend = await poison(context, true);
      await mend();
      setExpendable(false);
    },
  },
];
