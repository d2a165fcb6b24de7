import { eventually } from '@tradewind/shared-kernel/testing';
import { aBasket, type Json, startWorld, type World } from './world';

describe('an order on its way from checkout to door', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.stop());

  it('is created, paid, booked, shipped and delivered, and the buyer is told three times', async () => {
    const { order, payment } = (await world.checkout({ lines: [{ sku: 'SKU-7', quantity: 2 }], carrier: 'ZTO' })).body;
    expect(order).toMatchObject({ status: 'created', paymentStatus: 'pending', fulfilmentStatus: 'none' });
    expect(payment).toMatchObject({ status: 'pending', amount: order.total });

    await world.call('POST', payment.redirectUrl, { outcome: 'paid' });
    await eventually(async () => (await world.order(order.id)).status === 'paid');
    const waybill = await world.waybillOf(order.id);
    expect(waybill).toMatchObject({ carrier: 'ZTO', status: 'CREATED' });

    await world.scan(waybill, { code: '收件' });
    await eventually(async () => (await world.order(order.id)).status === 'shipped');
    const cancel = await world.call(
      'POST',
      `/v1/orders/${order.id}/cancel`,
      { reason: 'too late' },
      { 'idempotency-key': order.id },
    );
    expect(cancel.status).toBe(409);
    expect(cancel.body).toMatchObject({
      code: 'illegal-transition',
      from: 'shipped',
      event: 'cancelled',
      allowed: ['delivered'],
    });

    await world.scan(waybill, { code: 'ZTO200' });
    await eventually(async () => (await world.order(order.id)).status === 'delivered');
    expect(await world.order(order.id)).toMatchObject({ paymentStatus: 'paid', fulfilmentStatus: 'delivered' });
    const sku = (await world.call('GET', '/v1/skus/SKU-7')).body;
    expect(sku).toMatchObject({ onHand: 999_998, reserved: 0, available: 999_998 });

    const messages: Json[] = await eventually(async () => {
      const { body } = await world.call('GET', `/v1/notifications?orderId=${order.id}`);
      return body.data.length === 3 && body.data.every((message: Json) => message.status === 'sent') && body.data;
    });
    expect(messages.map((message) => message.template).toSorted()).toEqual([
      'order-delivered',
      'order-paid',
      'order-shipped',
    ]);
    expect(messages.every((message) => message.recipient === 'w***@example.com')).toBe(true);
    const mailbox = await world.call('GET', '/dev/mailbox');
    expect(String(mailbox.body)).toContain('wang@example.com');
  });

  it('tells its whole story in causal order', async () => {
    const { order } = await world.aPaidOrder({ carrier: 'SF' });
    const waybill = await world.waybillOf(order.id);
    await world.scan(waybill, { code: 'SF001' });
    await eventually(async () => (await world.order(order.id)).status === 'shipped');
    await world.scan(waybill, { code: '80' });
    const entries: Json[] = await eventually(async () => {
      const { body } = await world.call('GET', `/v1/orders/${order.id}/timeline`);
      return body.data.filter((entry: Json) => entry.type === 'notification.message-sent.v1').length === 3 && body.data;
    });
    const types = entries.map((entry) => entry.type);
    for (const type of [
      'trading.order-placed.v1',
      'trading.order-paid.v1',
      'logistics.waybill-created.v1',
      'logistics.waybill-dispatched.v1',
      'trading.order-shipped.v1',
      'logistics.waybill-delivered.v1',
      'trading.order-delivered.v1',
    ]) {
      expect(types.filter((candidate) => candidate === type)).toEqual([type]);
    }
    const at = new Map(entries.map((entry, index) => [entry.eventId, index]));
    entries.forEach((entry, index) => {
      const cause = at.get(entry.causationId);
      if (cause !== undefined) expect(cause).toBeLessThan(index);
    });
    const causeOf = (type: string) =>
      entries.find((entry) => entry.eventId === entries.find((e) => e.type === type)?.causationId)?.type;
    expect(causeOf('trading.order-shipped.v1')).toBe('logistics.waybill-dispatched.v1');
    expect(causeOf('trading.order-delivered.v1')).toBe('logistics.waybill-delivered.v1');
  });

  it('carries the request id into the events that the request caused', async () => {
    const placed = await world.call('POST', '/v1/checkout', aBasket(), {
      'idempotency-key': 'request-id',
      'x-request-id': 'shop-4711',
    });
    expect(placed.headers.get('x-request-id')).toBe('shop-4711');
    const { body } = await world.call('GET', `/v1/orders/${placed.body.order.id}/timeline`);
    expect(body.data[0]).toMatchObject({ type: 'trading.order-placed.v1', requestId: 'shop-4711' });
  });

  it('has an empty story once its events were dropped, unlike an order that never was', async () => {
    const { order } = (await world.checkout({})).body;
    const timeline = (id: string) => world.call('GET', `/v1/orders/${id}/timeline`);
    await world.unitOfWork.query("UPDATE messaging.event_log SET correlation_id = 'gone' WHERE correlation_id = $1", [
      order.id,
    ]);
    expect(await timeline(order.id)).toMatchObject({ status: 200, body: { data: [] } });
    expect((await timeline(order.id.replace(/.$/, order.id.endsWith('0') ? '1' : '0'))).body.code).toBe(
      'unknown-order',
    );
  });

  it('keeps and shows a scan that nobody mapped, and stays where it is', async () => {
    const { order } = await world.aPaidOrder({ carrier: 'SF' });
    const waybill = await world.waybillOf(order.id);
    await world.scan(waybill, { code: 'ZZ-77', text: '火星中转' });
    const { body } = await eventually(async () => {
      const reply = await world.call('GET', `/v1/waybills/${waybill.number}`);
      return reply.body.events.length === 1 && reply;
    });
    expect(body).toMatchObject({ status: 'CREATED', events: [{ code: 'ZZ-77', status: 'UNKNOWN', text: '火星中转' }] });
    expect((await world.order(order.id)).status).toBe('paid');
    const unmapped = await world.call('GET', '/v1/carriers/SF/unmapped-codes');
    expect(JSON.stringify(unmapped.body)).toContain('ZZ-77');
    expect(String((await world.call('GET', '/metrics')).body)).toMatch(/unmapped_scans_total\{carrier="SF"\} 1/);
  });

  it('survives callbacks that are repeated, reordered and lost', async () => {
    const { order } = await world.aPaidOrder({ carrier: 'SF' });
    const waybill = await world.waybillOf(order.id);
    await world.faults(
      { target: 'carrier.callback', kind: 'reorder', match: waybill.number },
      { target: 'carrier.callback', kind: 'duplicate', match: waybill.number },
    );
    await world.scan(waybill, { code: '50', at: '2026-01-01T00:00:00Z' });
    await world.scan(waybill, { code: '80', at: '2026-01-02T00:00:00Z' });
    await eventually(async () => (await world.order(order.id)).status === 'delivered');
    const { body } = await eventually(async () => {
      const reply = await world.call('GET', `/v1/waybills/${waybill.number}`);
      return reply.body.events.length === 2 && reply;
    });
    expect(body.status).toBe('DELIVERED');
  });

  it('gives the money back and frees the units when it is cancelled after payment', async () => {
    const before = (await world.call('GET', '/v1/skus/SKU-9')).body;
    const { order } = await world.aPaidOrder({ lines: [{ sku: 'SKU-9', quantity: 3 }] });
    const cancelled = await world.call(
      'POST',
      `/v1/orders/${order.id}/cancel`,
      { reason: 'changed my mind' },
      { 'idempotency-key': order.id },
    );
    expect(cancelled).toMatchObject({ status: 200, body: { status: 'cancelled', cancelReason: 'changed my mind' } });
    await eventually(async () => (await world.order(order.id)).paymentStatus === 'refunded');
    expect((await world.call('GET', '/v1/skus/SKU-9')).body).toEqual(before);
    const waybills = await eventually(async () => {
      const { body } = await world.call('GET', `/v1/orders/${order.id}/waybills`);
      return body.data.every((waybill: Json) => waybill.status === 'CANCELLED') && body.data;
    });
    expect(waybills.length).toBeLessThanOrEqual(1);
  });
});
