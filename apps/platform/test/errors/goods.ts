import { randomUUID } from 'node:crypto';
import { eventually } from '@tradewind/shared-kernel/testing';
import type { Json, World } from '../world';
import type { Provocations } from './provocation';

const post =
  (world: World, path: string, body: object, key: string = randomUUID()) =>
  () =>
    world.call('POST', path, body, { 'idempotency-key': key });
const cancel = (world: World, orderId: string, lines: object[], key?: string) =>
  post(world, `/v1/orders/${orderId}/cancel`, { reason: 'changed my mind', lines }, key);
const aPaidPair = async (world: World, basket: object = {}): Promise<Json> =>
  (await world.aPaidOrder({ lines: [{ sku: 'SKU-2', quantity: 2 }], ...basket })).order;
/** Two units that were delivered and are announced to come back. */
const aReturn = async (world: World): Promise<string> => {
  const order = await aPaidPair(world);
  const waybill = await world.waybillOf(order.id);
  for (const code of ['50', '80']) await world.scan(waybill, { code });
  await eventually(async () => (await world.order(order.id)).status === 'delivered');
  const announced = { orderId: order.id, lines: [{ lineNo: 1, quantity: 2 }], reason: 'too small' };
  return (await post(world, '/v1/returns', announced)()).body.id;
};
const accepted = (quantity: number) => ({ lineNo: 1, quantity, outcome: 'accepted', restock: true });

export const GOODS: Provocations = {
  'unknown-line': async ({ world }) => ({
    request: cancel(world, (await aPaidPair(world)).id, [{ lineNo: 9, quantity: 1 }]),
  }),
  'insufficient-units': async ({ world }) => ({
    request: cancel(world, (await aPaidPair(world)).id, [{ lineNo: 1, quantity: 3 }]),
  }),
  'partial-cancel-unpaid': async ({ world }) => {
    const { order, payment } = (await world.checkout({ lines: [{ sku: 'SKU-2', quantity: 2 }] })).body;
    return {
      request: cancel(world, order.id, [{ lineNo: 1, quantity: 1 }]),
      help: () => world.call('POST', payment.redirectUrl, { outcome: 'paid' }),
    };
  },
  'fulfilled-automatically': async ({ world }) => ({
    request: post(world, `/v1/orders/${(await aPaidPair(world)).id}/fulfilments`, {}),
  }),
  'amount-or-lines': async ({ world }) => {
    const { id: orderId } = await aPaidPair(world);
    const both = { amount: { amount: 1, currency: 'CNY' }, lines: [{ lineNo: 1, quantity: 1 }] };
    return { request: post(world, '/v1/refunds', { orderId, reason: 'damaged', ...both }) };
  },
  'unknown-return': ({ world }) => ({
    request: () => world.call('GET', '/v1/returns/ret_01h455vb4pex5vsknk084sn02q'),
  }),
  'illegal-return-step': async ({ world }) => ({
    request: post(world, `/v1/returns/${await aReturn(world)}/decide`, { lines: [accepted(2)] }),
  }),
  'invalid-decision': async ({ world }) => {
    const id = await aReturn(world);
    await post(world, `/v1/returns/${id}/receive`, {})();
    return { request: post(world, `/v1/returns/${id}/decide`, { lines: [accepted(1)] }) };
  },
};
