import { SystemIds } from '@tradewind/shared-kernel';
import { EventLog } from '@tradewind/shared-kernel/messaging';
import { eventually } from '@tradewind/shared-kernel/testing';
import { OrderDelivered, OrderShipped, RefundSettled } from '@tradewind/trading/contract';
import { OrderStandIn, openWorld, type World, ZHANG } from './world';

const ids = new SystemIds();

describe('planning messages', () => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld();
    await world.start();
  });
  afterEach(() => world.close());

  const settled = (count: number) =>
    eventually(async () => {
      const lines = await world.deliveries();
      const done = lines.filter(({ state }) => ['succeeded', 'failed', 'skipped'].includes(state));
      return done.length === count && lines.length === count && lines;
    });

  it('an order from checkout to door gives the buyer three messages, and its timeline shows them', async () => {
    const order = new OrderStandIn();
    const { id: orderId } = order;
    const waybillId = ids.next('wbl');
    world.contacts.set(orderId, ZHANG);
    await world.publish(order.paid());
    await world.publish(order.happened(new OrderShipped({ orderId, waybillId, carrier: 'SF', number: 'SF123' })));
    await world.publish(
      order.happened(new OrderDelivered({ orderId, waybillId, deliveredAt: '2026-01-05T08:00:00Z' })),
    );

    const lines = await settled(3);
    expect(lines.map(({ template }) => template)).toEqual(['order-paid', 'order-shipped', 'order-delivered']);
    const letters = (await world.mailbox?.list()) ?? [];
    expect(letters).toHaveLength(3);
    expect(letters.every(({ to }) => to.email === ZHANG.email)).toBe(true);
    expect(letters.some(({ subject }) => subject === '您的包裹已发出（运单号 SF123）')).toBe(true);

    const history = await world.app.get(EventLog).history(orderId);
    const told = history.filter(({ type }) => type === 'notification.message-sent.v1');
    const causes = history.filter(({ type }) => type.startsWith('trading.')).map(({ id }) => id);
    expect(new Set(told.map(({ causationId }) => causationId))).toEqual(new Set(causes));
    expect(told).toHaveLength(3);
    expect(JSON.stringify(history)).not.toMatch(/zhang/i);
    expect(world.logged).not.toEqual([]);
    expect(world.logged.join('\n')).not.toMatch(/zhang/i);
  });

  it('an event that is delivered twice leaves one intent and one letter', async () => {
    const order = new OrderStandIn();
    world.contacts.set(order.id, ZHANG);
    await world.publish(order.paid());
    const [first] = await settled(1);

    world.contacts.set(order.id, { ...ZHANG, email: 'new.address@example.com' });
    await world.unitOfWork.query('UPDATE messaging.subscription_cursor SET position = 0');
    await eventually(world.planned);

    expect(await world.deliveries()).toEqual([first]);
    expect(await world.mailbox?.list()).toHaveLength(1);
  });

  it('a buyer without an address gets one skipped entry that says why', async () => {
    const order = new OrderStandIn();
    world.contacts.set(order.id, { ...ZHANG, email: null });
    await world.publish(order.paid());
    await world.publish(new OrderStandIn().paid());

    expect(await settled(2)).toEqual([
      expect.objectContaining({ state: 'skipped', last_error: 'no-recipient', attempts: 0 }),
      expect.objectContaining({ state: 'skipped', last_error: 'no-recipient', attempts: 0 }),
    ]);
    expect(await world.mailbox?.list()).toEqual([]);
  });

  it('a refund is told once it succeeded, and not when it failed', async () => {
    const order = new OrderStandIn();
    world.contacts.set(order.id, { ...ZHANG, locale: 'en-GB' });
    const refund = (status: 'failed' | 'success') =>
      new RefundSettled({
        orderId: order.id,
        refundId: ids.next('ref'),
        paymentId: ids.next('pay'),
        amount: { amount: 500, currency: 'CNY' },
        status,
      });
    await world.publish(order.happened(refund('failed'), refund('success')));
    await eventually(world.planned);

    expect(await settled(1)).toEqual([expect.objectContaining({ template: 'refund-settled', state: 'succeeded' })]);
    const [letter] = (await world.mailbox?.list()) ?? [];
    expect(letter?.text).toContain('Amount: CN¥5.00');
  });
});
