import { randomUUID } from 'node:crypto';
import type { World } from '../world';
import type { Provocations } from './provocation';

const NO_PROMOTION = 'pro_01h455vb4pex5vsknk084sn02q';
const TEN_PERCENT = [{ kind: 'order-percent', basisPoints: 1000 }];
const aCode = () => `E-${randomUUID().slice(0, 8)}`.toUpperCase();
const aPromotion = async (world: World, conditions: object[] = [{ kind: 'coupon' }]): Promise<string> => {
  const rule = { name: 'Ten percent', conditions, actions: TEN_PERCENT };
  return (await world.call('POST', '/v1/promotions', rule)).body.id;
};
const addCoupon = (world: World, coupon: object) => () => world.call('POST', '/v1/coupons', coupon);
const stop = (world: World, id: string) => world.call('POST', `/v1/promotions/${id}/stop`);
const quote = async (world: World, basket: object): Promise<string> =>
  (await world.call('POST', '/v1/quotes', basket)).body.quoteHash;

export const PROMOTIONS: Provocations = {
  'coupon-exists': async ({ world }) => {
    const coupon = { code: aCode(), promotionId: await aPromotion(world) };
    await addCoupon(world, coupon)();
    return { request: addCoupon(world, coupon) };
  },
  'coupon-not-applicable': async ({ world }) => {
    const conditions = [{ kind: 'coupon' }, { kind: 'minimum-amount', amount: { amount: 1e12, currency: 'CNY' } }];
    const code = aCode();
    await addCoupon(world, { code, promotionId: await aPromotion(world, conditions) })();
    return { request: () => world.checkout({ coupons: [code] }) };
  },
  'coupon-exhausted': async ({ world }) => {
    const code = aCode();
    await addCoupon(world, { code, promotionId: await aPromotion(world), totalLimit: 1 })();
    const { order } = (await world.checkout({ coupons: [code] })).body;
    const cancel = { reason: 'changed my mind' };
    return {
      request: () => world.checkout({ coupons: [code] }, code),
      help: () => world.call('POST', `/v1/orders/${order.id}/cancel`, cancel, { 'idempotency-key': code }),
    };
  },
  'promotion-takes-no-coupon': async ({ world }) => ({
    request: addCoupon(world, { code: aCode(), promotionId: await aPromotion(world, []) }),
  }),
  'unknown-promotion': ({ world }) => ({ request: () => world.call('GET', `/v1/promotions/${NO_PROMOTION}`) }),
  'promotion-changed': async ({ world }) => {
    const id = await aPromotion(world);
    const change = { version: 1, name: 'Ten percent', conditions: [], actions: TEN_PERCENT };
    const request = () => world.call('PUT', `/v1/promotions/${id}`, change);
    await request();
    return { request };
  },
  'promotion-stopped': async ({ world }) => {
    const promotionId = await aPromotion(world);
    await stop(world, promotionId);
    return { request: addCoupon(world, { code: aCode(), promotionId }) };
  },
  'malformed-region': ({ world }) => ({ request: () => world.call('GET', '/v1/tax-rates/a_b') }),
  'unknown-quote': ({ world }) => ({
    request: () => world.checkout({ quoteHash: 'A'.repeat(43) }),
  }),
  'price-changed': async ({ world }) => {
    const lines = [{ sku: 'SKU-1', quantity: 1 }];
    const quoteHash = await quote(world, { lines });
    return { request: () => world.checkout({ lines: [{ sku: 'SKU-1', quantity: 2 }], quoteHash }) };
  },
};
