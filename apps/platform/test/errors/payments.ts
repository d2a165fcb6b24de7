import { randomUUID } from 'node:crypto';
import { uuidOf } from '@tradewind/shared-kernel';
import { eventually } from '@tradewind/shared-kernel/testing';
import type { Json, World } from '../world';
import type { Provocations } from './provocation';

const post =
  (world: World, path: string, body: object = {}, key: string = randomUUID()) =>
  () =>
    world.call('POST', path, body, { 'idempotency-key': key });
const anAuthorized = async (world: World): Promise<Json> => {
  const { body } = await world.checkout({ capture: 'manual' });
  await world.call('POST', body.payment.redirectUrl, { outcome: 'paid' });
  await eventually(async () => (await world.order(body.order.id)).paymentStatus === 'authorized');
  return body;
};

const HEADER = 'gatewayReference,reference,kind,amount,currency,bookedAt';
const ROW = 'ch_1,pay_1,capture,1,CNY,2026-01-31T08:30:00Z';
const reconcile =
  (world: World, statement: string, gateway = 'sandbox') =>
  () =>
    world.call('POST', `/v1/payments/reconciliations?gateway=${gateway}`, statement, { 'content-type': 'text/csv' });

/** Payments in steps, from stored value, and beside a gateway's statement. */
export const PAYMENTS: Provocations = {
  'not-capturable': async ({ world }) => {
    const { payment } = await anAuthorized(world);
    return { request: post(world, `/v1/payments/${payment.id}/captures`, { amount: { amount: 0, currency: 'CNY' } }) };
  },
  'capture-exceeds-authorized': async ({ world }) => {
    const { payment } = await anAuthorized(world);
    const amount = { ...payment.amount, amount: payment.amount.amount + 1 };
    return { request: post(world, `/v1/payments/${payment.id}/captures`, { amount }) };
  },
  'not-voidable': async ({ world }) => {
    const { order } = await world.aPaidOrder();
    return { request: post(world, `/v1/payments/${order.paymentId}/void`) };
  },
  'payment-operation-open': async ({ world }) => {
    const { order, payment } = await anAuthorized(world);
    await world.faults({ target: 'gateway.capture', kind: 'timeout-after-success', ms: 6000 });
    const part = { amount: { amount: 1, currency: 'CNY' } };
    const capture = post(world, `/v1/payments/${payment.id}/captures`, part)();
    await eventually(async () => {
      const [row] = await world.unitOfWork.query<{ pending: bigint }>(
        'SELECT capture_pending AS pending FROM trading.payment WHERE order_id = $1',
        [uuidOf(order.id)],
      );
      return row && row.pending > 0n;
    });
    return { request: post(world, `/v1/payments/${payment.id}/void`), help: () => capture };
  },
  'manual-capture-not-offered': async ({ world }) => ({
    request: () => world.checkout({ paymentMethod: 'balance', capture: 'manual', buyerId: randomUUID() }),
  }),
  'buyer-required': ({ world }) => ({ request: () => world.checkout({ paymentMethod: 'balance' }) }),
  'insufficient-balance': ({ world }) => ({
    request: () => world.checkout({ paymentMethod: 'balance', buyerId: randomUUID() }),
  }),
  'malformed-statement': ({ world }) => ({ request: reconcile(world, `${HEADER}\n${ROW.replace(',1,', ',-1,')}`) }),
  'no-statement': ({ world }) => ({ request: reconcile(world, HEADER, 'balance') }),
  'reconciliation-running': async ({ world, foreigner }) => {
    await foreigner.query('BEGIN');
    await foreigner.query('LOCK TABLE trading.payment IN ACCESS EXCLUSIVE MODE');
    const request = reconcile(world, `${HEADER}\n${ROW}`);
    const first = request();
    await eventually(async () => {
      const rows = await world.unitOfWork.query(
        "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'DECLARE pairs %'",
      );
      return rows.length > 0;
    });
    return {
      request,
      help: async () => {
        await foreigner.query('ROLLBACK');
        await first;
      },
    };
  },
};
