import { randomUUID } from 'node:crypto';
import { eventually } from '@tradewind/shared-kernel/testing';
import type { World } from '../world';
import { type Provocations, SOME_ORDER } from './provocation';

const money = (amount: number, currency = 'CNY') => ({ amount, currency });
const putSku = (world: World, sku: string, price: object, onHand = 10) =>
  world.call('PUT', `/v1/skus/${sku}`, { name: 'Tea', price, onHand });
const aSku = async (world: World, price: object, onHand?: number): Promise<string> => {
  const sku = `ERR-${randomUUID().slice(0, 8)}`;
  await putSku(world, sku, price, onHand);
  return sku;
};
const checkout =
  (world: World, basket: object, key: string = randomUUID()) =>
  () =>
    world.checkout(basket, key);
const moveStock = (world: World, path: string, body: object) => () =>
  world.call('POST', `/v1/skus/${path}`, body, { 'idempotency-key': randomUUID() });
const refund =
  (world: World, orderId: string, body: object = {}, key: string = randomUUID()) =>
  () =>
    world.call('POST', '/v1/refunds', { orderId, reason: 'damaged', ...body }, { 'idempotency-key': key });

export const TRADING: Provocations = {
  'unknown-sku': ({ world }) => ({ request: checkout(world, { lines: [{ sku: 'NONE', quantity: 1 }] }) }),
  'unknown-coupon': ({ world }) => ({ request: checkout(world, { coupons: ['NONE'] }) }),
  'mixed-currencies': async ({ world }) => {
    const skus = [await aSku(world, money(100)), await aSku(world, money(100, 'USD'))];
    return { request: checkout(world, { lines: skus.map((sku) => ({ sku, quantity: 1 })) }) };
  },
  'amount-too-large': async ({ world }) => {
    const sku = await aSku(world, money(Number.MAX_SAFE_INTEGER));
    return { request: checkout(world, { lines: [{ sku, quantity: 2 }] }) };
  },
  'insufficient-stock': async ({ world }) => {
    const sku = await aSku(world, money(100), 1);
    return {
      request: checkout(world, { lines: [{ sku, quantity: 2 }] }),
      help: () => putSku(world, sku, money(100), 2),
    };
  },
  'stock-reserved': async ({ world }) => {
    const sku = await aSku(world, money(100), 5);
    await checkout(world, { lines: [{ sku, quantity: 2 }] })();
    return { request: () => putSku(world, sku, money(100), 1) };
  },
  'shortfall-exceeds-stock': async ({ world }) => {
    const sku = await aSku(world, money(100), 5);
    return { request: moveStock(world, `${sku}/shortfalls`, { quantity: 6, reason: 'lost' }) };
  },
  'too-many-units': async ({ world }) => {
    const sku = await aSku(world, money(100), Number.MAX_SAFE_INTEGER);
    return { request: moveStock(world, `${sku}/receipts`, { quantity: 1 }) };
  },
  'malformed-sku': ({ world }) => ({ request: () => putSku(world, 'x'.repeat(65), money(1)) }),
  'unknown-order': ({ world }) => ({ request: () => world.call('GET', `/v1/orders/${SOME_ORDER}`) }),
  'illegal-transition': async ({ world }) => {
    const { order } = await world.aPaidOrder();
    await world.scan(await world.waybillOf(order.id), { code: '50' });
    await eventually(async () => (await world.order(order.id)).status === 'shipped');
    const key = { 'idempotency-key': randomUUID() };
    return { request: () => world.call('POST', `/v1/orders/${order.id}/cancel`, { reason: 'too late' }, key) };
  },
  'unknown-payment-method': ({ world }) => ({ request: checkout(world, { paymentMethod: 'shells' }) }),
  'unknown-gateway': ({ world }) => ({ request: () => world.call('POST', '/v1/payments/callbacks/shells', {}) }),
  'invalid-signature': ({ world }) => ({ request: () => world.callback({ id: 'evt_1' }, { secret: 'guessed' }) }),
  'malformed-callback': ({ world }) => ({ request: () => world.callback('not json') }),
  'unknown-payment': ({ world }) => ({
    request: () => world.call('GET', '/v1/payments/return/sandbox?reference=pay_01h455vb4pex5vsknk084sn02q'),
  }),
  'not-refundable': async ({ world }) => ({ request: refund(world, (await world.checkout()).body.order.id) }),
  'refund-exceeds-captured': async ({ world }) => {
    const { order } = await world.aPaidOrder();
    return { request: refund(world, order.id, { amount: money(order.total.amount + 1) }) };
  },
  'unknown-refund': ({ world }) => ({
    request: () => world.call('GET', '/v1/refunds/ref_01h455vb4pex5vsknk084sn02q'),
  }),
};
