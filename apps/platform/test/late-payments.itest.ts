import { randomUUID } from 'node:crypto';
import { eventually } from '@tradewind/shared-kernel/testing';
import { type Json, startWorld, type World } from './world';

/** Money that arrives when the time to pay is over, by each of the policies. */
describe('a payment that comes late', () => {
  const types = async (world: World, orderId: string): Promise<string[]> => {
    const { body } = await world.call('GET', `/v1/orders/${orderId}/timeline`);
    return body.data.map((entry: Json) => entry.type).filter((type: string) => !type.startsWith('notification.'));
  };
  const within = async (env: Record<string, string>, story: (world: World) => Promise<void>) => {
    const world = await startWorld({ HOLD_SECONDS: '1', ASK_PAYMENT_SECONDS: '3600', ...env });
    try {
      await story(world);
    } finally {
      await world.stop();
    }
  };
  const pay = (world: World, payment: Json) => world.call('POST', payment.redirectUrl, { outcome: 'paid' });
  const sku = async (world: World, name: string) => (await world.call('GET', `/v1/skus/${name}`)).body;

  it('is found by asking when the time is over, and pays the order whose units are held again', () =>
    within({}, async (world) => {
      const before = await sku(world, 'SKU-5');
      const { order, payment } = (await world.checkout({ lines: [{ sku: 'SKU-5', quantity: 2 }] })).body;
      await world.faults({ target: 'gateway.callback', kind: 'lose', match: payment.id });
      await pay(world, payment);
      await eventually(async () => (await world.order(order.id)).status === 'paid');
      expect(await types(world, order.id)).toEqual(
        expect.arrayContaining([
          'trading.stock-hold-expired.v1',
          'trading.stock-held-again.v1',
          'trading.order-paid.v1',
        ]),
      );
      expect(await sku(world, 'SKU-5')).toMatchObject({ reserved: before.reserved + 2, onHand: before.onHand });
    }));

  it('goes back when the units are gone: the order is cancelled first, and nothing is revived', () =>
    within({}, async (world) => {
      await world.call('PUT', '/v1/skus/LAST', { name: 'Last', price: { amount: 990, currency: 'CNY' }, onHand: 1 });
      const last = { lines: [{ sku: 'LAST', quantity: 1 }] };
      const { order, payment } = (await world.checkout(last)).body;
      // The gateway does not tell, so that the order waits for its word while its unit is sold to somebody else.
      await world.faults({ target: 'gateway.query', kind: 'error', times: 1000 });
      await eventually(async () => (await sku(world, 'LAST')).available === 1);
      expect((await world.order(order.id)).status).toBe('created');
      expect((await world.checkout(last)).status).toBe(201);
      await pay(world, payment);
      await eventually(async () => (await world.order(order.id)).paymentStatus === 'refunded');
      expect(await world.order(order.id)).toMatchObject({ status: 'cancelled', cancelReason: 'hold-expired' });
      const told = await types(world, order.id);
      expect(told.indexOf('trading.order-cancelled.v1')).toBeLessThan(told.indexOf('trading.payment-arrived-late.v1'));
      expect((await sku(world, 'LAST')).available).toBeGreaterThanOrEqual(0);
    }));

  it('waits no longer than it should for a gateway that does not tell', () =>
    within({ LATE_PAYMENT_GRACE_SECONDS: '1' }, async (world) => {
      const { order, payment } = (await world.checkout()).body;
      await world.faults({ target: 'gateway.query', kind: 'error', times: 1000 });
      await eventually(async () => (await world.order(order.id)).status === 'cancelled');
      await world.faults();
      await pay(world, payment);
      await eventually(async () => (await world.order(order.id)).paymentStatus === 'refunded');
    }));

  it('goes back in any case where the policy is refund, although every callback was lost', () =>
    within({ LATE_PAYMENTS: 'refund' }, async (world) => {
      const { order, payment } = (await world.checkout()).body;
      await world.faults({ target: 'gateway.callback', kind: 'lose', match: payment.id });
      await pay(world, payment);
      await eventually(async () => (await world.order(order.id)).paymentStatus === 'refunded');
      expect(await world.order(order.id)).toMatchObject({ status: 'cancelled', cancelReason: 'hold-expired' });
      expect(await types(world, order.id)).toEqual(
        expect.arrayContaining(['trading.payment-arrived-late.v1', 'trading.refund-requested.v1']),
      );
    }));

  it('is left to people where the policy is manual, who may refund it', () =>
    within({ LATE_PAYMENTS: 'manual' }, async (world) => {
      const { order, payment } = (await world.checkout()).body;
      await eventually(async () => (await world.order(order.id)).status === 'cancelled');
      await pay(world, payment);
      await eventually(async () => (await types(world, order.id)).includes('trading.payment-arrived-late.v1'));
      expect(await world.order(order.id)).toMatchObject({ status: 'cancelled', paymentStatus: 'paid' });
      const body = { orderId: order.id, reason: 'came too late' };
      const refund = await world.call('POST', '/v1/refunds', body, { 'idempotency-key': randomUUID() });
      expect(refund.body.status).toBe('success');
    }));

  it('for an order that its buyer cancelled goes back, although every callback was lost', () =>
    within({ HOLD_SECONDS: '900' }, async (world) => {
      const { order, payment } = (await world.checkout()).body;
      await world.faults({ target: 'gateway.callback', kind: 'lose', match: payment.id });
      await pay(world, payment);
      await world.call('POST', `/v1/orders/${order.id}/cancel`, { reason: 'waited' }, { 'idempotency-key': 'c' });
      await eventually(async () => (await world.order(order.id)).paymentStatus === 'refunded');
      expect((await world.order(order.id)).status).toBe('cancelled');
    }));

  it('is let go when it was only authorised', () =>
    within({ HOLD_SECONDS: '900' }, async (world) => {
      const { order, payment } = (await world.checkout({ capture: 'manual' })).body;
      await world.call('POST', `/v1/orders/${order.id}/cancel`, { reason: 'waited' }, { 'idempotency-key': 'c' });
      await pay(world, payment);
      await eventually(async () => (await types(world, order.id)).includes('trading.payment-voided.v1'));
      expect(await world.order(order.id)).toMatchObject({ status: 'cancelled', paymentStatus: 'none' });
    }));
});
