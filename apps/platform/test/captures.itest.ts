import { randomUUID } from 'node:crypto';
import { eventually } from '@tradewind/shared-kernel/testing';
import { type Json, startWorld, type World } from './world';

describe('a payment that is authorised first and captured later', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ ASK_PAYMENT_SECONDS: '1' });
  });
  afterAll(() => world.stop());

  const post = (path: string, body: object = {}, key: string = randomUUID()) =>
    world.call('POST', path, body, { 'idempotency-key': key });
  const payment = async (id: string) => (await world.call('GET', `/v1/payments/${id}`)).body;
  const capture = (id: string, body: object = {}, key?: string) => post(`/v1/payments/${id}/captures`, body, key);
  const letGo = (id: string, key?: string) => post(`/v1/payments/${id}/void`, {}, key);
  const cny = (amount: number) => ({ amount: { amount, currency: 'CNY' } });
  const anAuthorizedOrder = async (basket: object = {}): Promise<Json> => {
    const { body } = await world.checkout({ capture: 'manual', ...basket });
    await world.call('POST', body.payment.redirectUrl, { outcome: 'paid' });
    await eventually(async () => (await world.order(body.order.id)).paymentStatus === 'authorized');
    return body;
  };
  const eventsOf = async (orderId: string): Promise<string[]> =>
    (await world.call('GET', `/v1/orders/${orderId}/timeline`)).body.data.map((entry: Json) => entry.type);

  it('stays created with its units held until it is captured, and is paid then', async () => {
    const bought = await anAuthorizedOrder();
    const authorized = await world.order(bought.order.id);
    expect(authorized.status).toBe('created');
    expect(Date.parse(authorized.holdExpiresAt) - Date.parse(bought.order.holdExpiresAt)).toBeGreaterThan(86_400_000);
    expect(await payment(bought.payment.id)).toMatchObject({
      orderId: bought.order.id,
      capture: 'manual',
      status: 'authorized',
      authorized: bought.order.total,
      captured: { amount: 0 },
      operations: [{ id: bought.payment.id, kind: 'authorize', status: 'success' }],
    });
    const key = randomUUID();
    const captured = await capture(bought.payment.id, {}, key);
    expect(captured).toMatchObject({
      status: 201,
      body: { kind: 'capture', status: 'success', amount: bought.order.total },
    });
    expect((await capture(bought.payment.id, {}, key)).body).toEqual(captured.body);
    expect(await world.order(bought.order.id)).toMatchObject({ status: 'paid', paymentStatus: 'paid' });
    expect(await eventsOf(bought.order.id)).toEqual(
      expect.arrayContaining([
        'trading.payment-authorized.v1',
        'trading.capture-requested.v1',
        'trading.capture-settled.v1',
        'trading.order-paid.v1',
      ]),
    );
    expect((await capture(bought.payment.id)).body.code).toBe('illegal-transition');
    expect((await letGo(bought.payment.id)).body.code).toBe('not-voidable');
  });

  it('is captured in parts up to what is authorised, and paid with the last one', async () => {
    const {
      order,
      payment: { id },
    } = await anAuthorizedOrder();
    const half = Math.floor(order.total.amount / 2);
    expect((await capture(id, cny(half))).body.status).toBe('success');
    expect(await world.order(order.id)).toMatchObject({ status: 'created', paymentStatus: 'authorized' });
    expect((await capture(id, cny(order.total.amount - half + 1))).body).toMatchObject({
      code: 'capture-exceeds-authorized',
      capturable: { amount: order.total.amount - half },
    });
    expect((await capture(id, cny(0))).body.code).toBe('not-capturable');
    expect((await capture(id)).body.status).toBe('success');
    expect((await world.order(order.id)).status).toBe('paid');
  });

  it('is paid with less when the capture is final: the rest is let go at the gateway', async () => {
    const {
      order,
      payment: { id },
    } = await anAuthorizedOrder();
    const part = { ...cny(order.total.amount - 90), final: true };
    expect((await capture(id, part)).body.status).toBe('success');
    expect(await world.order(order.id)).toMatchObject({ status: 'paid', paymentStatus: 'paid' });
    expect(await payment(id)).toMatchObject({ authorized: part.amount, captured: part.amount, amount: order.total });
    const refund = await post('/v1/refunds', { orderId: order.id, reason: 'damaged' });
    expect(refund.body).toMatchObject({ status: 'success', amount: part.amount });
    expect((await world.order(order.id)).paymentStatus).toBe('refunded');
  });

  it('is cancelled when it is voided, and its units are free again', async () => {
    const before = (await world.call('GET', '/v1/skus/SKU-31')).body;
    const {
      order,
      payment: { id },
    } = await anAuthorizedOrder({ lines: [{ sku: 'SKU-31', quantity: 2 }] });
    const key = randomUUID();
    const [first, again] = [await letGo(id, key), await letGo(id, key)];
    expect(first).toMatchObject({ status: 201, body: { kind: 'void', status: 'success', amount: order.total } });
    expect(again.body).toEqual(first.body);
    expect(await world.order(order.id)).toMatchObject({
      status: 'cancelled',
      cancelReason: 'payment-voided',
      paymentStatus: 'none',
    });
    expect((await world.call('GET', '/v1/skus/SKU-31')).body).toEqual(before);
    expect((await letGo(id)).body.code).toBe('not-voidable');
  });

  it('is let go by a cancellation, and what was captured of it is given back', async () => {
    const {
      order,
      payment: { id },
    } = await anAuthorizedOrder();
    await capture(id, cny(100));
    expect((await post(`/v1/orders/${order.id}/cancel`, { reason: 'changed my mind' })).status).toBe(200);
    await eventually(async () => (await payment(id)).status === 'refunded');
    const settled = await eventually(async () => {
      const facts = await payment(id);
      return facts.authorized.amount === 100 && facts;
    });
    expect(settled).toMatchObject({
      captured: { amount: 100 },
      refunded: { amount: 100 },
      refundPending: { amount: 0 },
    });
    const { body } = await world.call('GET', `${world.sandboxUrl}/gateway/payments/${id}`, undefined, {
      authorization: 'Bearer sandbox-gateway-secret',
    });
    expect(body).toMatchObject({ captured: 100, refunded: 100 });
  });

  it('never captures more than is authorised, however many ask at once', async () => {
    const {
      order,
      payment: { id },
    } = await anAuthorizedOrder({ lines: [{ sku: 'SKU-1', quantity: 3 }] });
    const third = cny(order.total.amount / 3);
    const replies = await Promise.all([
      ...Array.from({ length: 9 }, () => capture(id, third)),
      ...Array.from({ length: 3 }, () => letGo(id)),
    ]);
    await eventually(async () => (await world.order(order.id)).status !== 'created');
    const facts = await payment(id);
    const captures = replies.slice(0, 9).filter(({ status }) => status === 201).length;
    expect(facts.captured.amount).toBe((captures * order.total.amount) / 3);
    const { body } = await world.call('GET', `${world.sandboxUrl}/gateway/payments/${id}`, undefined, {
      authorization: 'Bearer sandbox-gateway-secret',
    });
    expect(body.captured).toBe(facts.captured.amount);
  });

  it('settles by asking a capture whose answer never came, and captures once', async () => {
    const {
      order,
      payment: { id },
    } = await anAuthorizedOrder();
    await world.faults(
      { target: 'gateway.capture', kind: 'timeout-after-success', ms: 6000, match: id },
      { target: 'gateway.callback', kind: 'lose', match: id },
    );
    const asked = await capture(id);
    expect(asked.status).toBe(201);
    await eventually(async () => (await world.order(order.id)).status === 'paid', 30_000);
    const { body } = await world.call('GET', `${world.sandboxUrl}/gateway/payments/${id}`, undefined, {
      authorization: 'Bearer sandbox-gateway-secret',
    });
    expect(body.captured).toBe(order.total.amount);
  });

  it('learns from a callback what an unanswered capture came to, and can capture again after a definite failure', async () => {
    const {
      order,
      payment: { id },
    } = await anAuthorizedOrder();
    await world.faults({ target: 'gateway.capture', kind: 'fail', match: id });
    expect((await capture(id)).body.status).toBe('failed');
    expect(await world.order(order.id)).toMatchObject({ status: 'created', paymentStatus: 'authorized' });
    expect((await capture(id)).body.status).toBe('success');
    expect((await world.order(order.id)).status).toBe('paid');
  });

  it('has no capture and no void before it is authorised, and is not known by another name', async () => {
    const {
      payment: { id },
    } = (await world.checkout({ capture: 'manual' })).body;
    expect((await payment(id)).redirectUrl).toContain('capture=manual');
    expect((await capture(id)).body.code).toBe('not-capturable');
    expect((await letGo(id)).body.code).toBe('not-voidable');
    expect((await capture('pay_01h455vb4pex5vsknk084sn02q')).body.code).toBe('unknown-payment');
    expect((await letGo('pay_1')).body.code).toBe('unknown-payment');
    expect((await world.call('GET', '/v1/payments/pay_01h455vb4pex5vsknk084sn02q')).body.code).toBe('unknown-payment');
    expect((await world.call('POST', `/v1/payments/${id}/void`)).body.code).toBe('idempotency-key-missing');
    expect((await world.checkout({ capture: 'later' })).status).toBe(400);
  });
});
