import { randomUUID } from 'node:crypto';
import { uuidOf } from '@tradewind/shared-kernel';
import { eventually } from '@tradewind/shared-kernel/testing';
import { type Json, startSecondProcess, startWorld, type World } from './world';

describe('payments and refunds over HTTP', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ ASK_PAYMENT_SECONDS: '1' });
  });
  afterAll(() => world.stop());

  const paidMessage = (payment: Json, changes: object = {}) => ({
    id: `evt_${randomUUID()}`,
    type: 'payment.paid',
    reference: payment.id,
    gatewayReference: 'ch_test',
    ...payment.amount,
    occurredAt: new Date().toISOString(),
    ...changes,
  });
  const storedCallbacks = async () => {
    const [row] = await world.unitOfWork.query<{ n: bigint }>('SELECT count(*) AS n FROM trading.payment_callback');
    return Number(row?.n);
  };
  const outcomeOf = (eventId: string) =>
    eventually(async () => {
      const [row] = await world.unitOfWork.query<{ outcome: string | null }>(
        'SELECT outcome FROM trading.payment_callback WHERE event_id = $1',
        [eventId],
      );
      return row?.outcome ?? undefined;
    });
  const eventsOf = async (orderId: string, type: string) =>
    (await world.call('GET', `/v1/orders/${orderId}/timeline`)).body.data.filter((entry: Json) => entry.type === type);
  const refund = (orderId: string, body: object = {}, key: string = randomUUID(), path = '/v1/refunds') =>
    world.call('POST', path, { orderId, reason: 'damaged', ...body }, { 'idempotency-key': key });

  it('stores nothing of a callback that is not signed, wrongly signed, signed over other bytes, or old', async () => {
    const { payment } = (await world.checkout()).body;
    const before = await storedCallbacks();
    const message = paidMessage(payment);
    const unsigned = await world.call('POST', '/v1/payments/callbacks/sandbox', message);
    const forged = await world.callback(message, { secret: 'guessed' });
    const old = await world.callback(message, { at: Math.floor(Date.now() / 1000) - 301 });
    const signedAlike = await world.call('POST', '/v1/payments/callbacks/sandbox', message, {
      'sandbox-signature': `t=1,v1=${'0'.repeat(64)}`,
    });
    for (const reply of [unsigned, forged, old, signedAlike]) {
      expect(reply).toMatchObject({ status: 401, body: { code: 'invalid-signature' } });
    }
    expect((await world.callback('{"id":"evt_1"}')).body.code).toBe('malformed-callback');
    expect((await world.callback('not json')).body.code).toBe('malformed-callback');
    expect((await world.call('POST', '/v1/payments/callbacks/paypal', message)).body.code).toBe('unknown-gateway');
    expect(await storedCallbacks()).toBe(before);
  });

  it('applies a callback once, however often it comes', async () => {
    const { order, payment } = (await world.checkout()).body;
    const message = paidMessage(payment);
    const replies = await Promise.all(Array.from({ length: 8 }, () => world.callback(message)));
    expect(replies.map((reply) => reply.status)).toEqual(Array(8).fill(200));
    expect(await outcomeOf(message.id)).toBe('paid');
    const again = paidMessage(payment);
    await world.callback(again);
    expect(await outcomeOf(again.id)).toBe('repeated');
    expect(await eventsOf(order.id, 'trading.order-paid.v1')).toHaveLength(1);
  });

  it('acknowledges and sets aside news of a foreign payment, another amount or another currency', async () => {
    const { order, payment } = (await world.checkout()).body;
    const foreign = paidMessage(payment, { reference: 'pay_01h455vb4pex5vsknk084sn02q' });
    const less = paidMessage(payment, { amount: payment.amount.amount - 1 });
    const dollars = paidMessage(payment, { currency: 'USD' });
    for (const message of [foreign, less, dollars]) expect((await world.callback(message)).status).toBe(200);
    expect(await outcomeOf(foreign.id)).toBe('orphan');
    expect(await outcomeOf(less.id)).toBe('mismatch');
    expect(await outcomeOf(dollars.id)).toBe('mismatch');
    const other = paidMessage(payment);
    await world.callback(other);
    expect(await outcomeOf(other.id)).toBe('paid');
    const twice = paidMessage(payment, { gatewayReference: 'ch_another' });
    await world.callback(twice);
    expect(await outcomeOf(twice.id)).toBe('mismatch');
    expect(String((await world.call('GET', '/metrics')).body)).toMatch(/payments_total\{outcome="mismatch"\} 3/);
    const listed = (await world.call('GET', '/v1/payments/callbacks?outcome=mismatch&limit=2')).body;
    expect(listed.data.map(({ eventId }: Json) => eventId)).toEqual([twice.id, dollars.id]);
    expect(listed.data[1]).toMatchObject({ reference: payment.id, says: 'paid', amount: { currency: 'USD' } });
    const rest = await world.call('GET', `/v1/payments/callbacks?outcome=mismatch&cursor=${listed.nextCursor}`);
    expect(rest.body).toMatchObject({ data: [{ eventId: less.id, outcome: 'mismatch' }], nextCursor: null });
    expect((await world.call('GET', '/v1/payments/callbacks?outcome=odd')).status).toBe(400);
    expect((await world.order(order.id)).status).toBe('paid');
  });

  /** Lets a subscription's events gather until it is released. */
  const hold = async (subscription: string): Promise<() => Promise<void>> => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    let held: Promise<void> = Promise.resolve();
    await new Promise<void>((holding) => {
      held = world.unitOfWork.run(async () => {
        const text = 'SELECT FROM messaging.subscription_cursor WHERE subscription = $1 ORDER BY lane FOR UPDATE';
        await world.unitOfWork.query(text, [subscription]);
        holding();
        await released;
      });
    });
    return () => {
      release();
      return held;
    };
  };

  it('applies what gathered: a message that cannot be read, a mismatch and repeats hold up no neighbour', async () => {
    const bought = (await Promise.all(Array.from({ length: 8 }, () => world.checkout()))).map(({ body }) => body);
    const messages = bought.map(({ payment }) => paidMessage(payment));
    const [poison, wrong, ...good] = messages as [Json, Json, ...Json[]];
    wrong.amount += 1;
    const again = paidMessage(bought[2].payment);
    const release = await hold('trading.apply-payment-callback');
    await Promise.all([...messages, ...good, again].map((message) => world.callback(message)));
    const write = (body: string) =>
      world.unitOfWork.query('UPDATE trading.payment_callback SET body = $2 WHERE event_id = $1', [
        poison.id,
        Buffer.from(body),
      ]);
    await write('not readable any more');
    await release();

    expect(await outcomeOf(wrong.id)).toBe('mismatch');
    const [first, ...others] = await Promise.all(good.map(({ id }) => outcomeOf(id)));
    expect([first, await outcomeOf(again.id)].toSorted()).toEqual(['paid', 'repeated']);
    expect(others).toEqual(others.map(() => 'paid'));
    for (const { order } of bought.slice(2)) expect(await eventsOf(order.id, 'trading.order-paid.v1')).toHaveLength(1);
    expect((await world.order(bought[1].order.id)).status).toBe('created');
    expect((await world.order(bought[0].order.id)).status).toBe('created');

    await write(JSON.stringify(poison));
    expect(await outcomeOf(poison.id)).toBe('paid');
  });

  it('applies each message once, whichever of two processes it reaches, and however often', async () => {
    const second = await startSecondProcess(world);
    try {
      const bought = (await Promise.all(Array.from({ length: 20 }, () => world.checkout()))).map(({ body }) => body);
      const messages = bought.map(({ payment }) => paidMessage(payment));
      const both = messages.flatMap((message) => [
        world.callback(message),
        world.callback(message, { to: second.url }),
        world.callback(message),
      ]);
      expect(new Set((await Promise.all(both)).map(({ status }) => status))).toEqual(new Set([200]));
      expect(await Promise.all(messages.map(({ id }) => outcomeOf(id)))).toEqual(messages.map(() => 'paid'));
      for (const { order } of bought) {
        expect(await eventsOf(order.id, 'trading.payment-callback-received.v1')).toHaveLength(1);
        expect(await eventsOf(order.id, 'trading.order-paid.v1')).toHaveLength(1);
      }
    } finally {
      await second.stop();
    }
  });

  it('learns by asking what a lost callback would have told', async () => {
    const { order, payment } = (await world.checkout()).body;
    await world.faults({ target: 'gateway.callback', kind: 'lose', match: payment.id });
    await world.call('POST', payment.redirectUrl, { outcome: 'paid' });
    await eventually(async () => (await world.order(order.id)).status === 'paid');
    expect(await eventsOf(order.id, 'trading.order-paid.v1')).toHaveLength(1);
  });

  it('asks the gateway when the buyer comes back', async () => {
    const { order, payment } = (await world.checkout()).body;
    const back = `/v1/payments/return/sandbox?reference=${payment.id}`;
    expect(String((await world.call('GET', back)).body)).toContain('Waiting for the payment');
    await world.faults({ target: 'gateway.callback', kind: 'lose', match: payment.id });
    await world.call('POST', payment.redirectUrl, { outcome: 'paid' });
    expect(String((await world.call('GET', back)).body)).toContain('Payment received');
    expect((await world.order(order.id)).status).toBe('paid');
    expect((await world.call('GET', '/v1/payments/return/sandbox?reference=x')).body.code).toBe('unknown-payment');
  });

  it('shows a declined payment and keeps the order open', async () => {
    const { order, payment } = (await world.checkout()).body;
    await world.call('POST', payment.redirectUrl, { outcome: 'declined' });
    await eventually(async () => (await world.order(order.id)).paymentStatus === 'failed');
    expect((await world.order(order.id)).status).toBe('created');
  });

  it('frees the units of an order that nobody paid, and gives back what is paid too late', async () => {
    const hasty = await startWorld({ HOLD_SECONDS: '1', ASK_PAYMENT_SECONDS: '3600' });
    try {
      const before = (await hasty.call('GET', '/v1/skus/SKU-5')).body;
      const { order, payment } = (await hasty.checkout({ lines: [{ sku: 'SKU-5', quantity: 2 }] })).body;
      await eventually(async () => (await hasty.order(order.id)).status === 'cancelled');
      expect(await hasty.order(order.id)).toMatchObject({ cancelReason: 'hold-expired', paymentStatus: 'none' });
      expect((await hasty.call('GET', '/v1/skus/SKU-5')).body).toEqual(before);
      await hasty.call('POST', payment.redirectUrl, { outcome: 'paid' });
      await eventually(async () => (await hasty.order(order.id)).paymentStatus === 'refunded');
      expect((await hasty.order(order.id)).status).toBe('cancelled');
      expect((await hasty.call('GET', '/v1/skus/SKU-5')).body).toEqual(before);
    } finally {
      await hasty.stop();
    }
  });

  it('goes on asking after a decline, and takes a later payment', async () => {
    const { order, payment } = (await world.checkout()).body;
    const declined = paidMessage(payment, { type: 'payment.declined' });
    await world.callback(declined);
    expect(await outcomeOf(declined.id)).toBe('declined');
    const [charge] = await world.unitOfWork.query<{ due_at: Date | null }>(
      "SELECT due_at FROM trading.payment_operation WHERE kind = 'authorize' AND order_id = (SELECT order_id FROM trading.payment WHERE id = $1)",
      [uuidOf(payment.id)],
    );
    expect(charge?.due_at).not.toBeNull();
    await world.callback(paidMessage(payment));
    await eventually(async () => (await world.order(order.id)).status === 'paid');
  });

  it('takes no message for a payment that only looks like one', async () => {
    const { order, payment } = (await world.checkout()).body;
    for (const type of ['constructor', 'toString', '__proto__']) {
      const message = paidMessage(payment, { type });
      await world.callback(message);
      expect(await outcomeOf(message.id)).toBe('ignored');
    }
    expect((await world.order(order.id)).status).toBe('created');
  });

  it('carries an order that costs nothing', async () => {
    await world.call('PUT', '/v1/skus/FREE', { name: 'Sample', price: { amount: 0, currency: 'CNY' }, onHand: 9 });
    const { order, payment } = (await world.checkout({ lines: [{ sku: 'FREE', quantity: 1 }] })).body;
    for (const message of [paidMessage(payment), paidMessage(payment)]) {
      await world.callback(message);
      await outcomeOf(message.id);
    }
    expect(await world.order(order.id)).toMatchObject({ status: 'paid', paymentStatus: 'paid' });
    const parked = await world.call('GET', '/v1/operations/parked-events');
    expect(parked.body.data).toEqual([]);
  });

  it('puts the money fact right when a refund that had succeeded failed later', async () => {
    const { order } = await world.aPaidOrder();
    await world.faults({ target: 'gateway.refund', kind: 'fail-later', ms: 50 });
    const first = await refund(order.id);
    expect(first.body.status).toBe('success');
    await eventually(async () => (await world.order(order.id)).paymentStatus === 'paid');
    expect((await world.call('GET', `/v1/refunds/${first.body.id}`)).body.status).toBe('failed');
    expect((await refund(order.id)).body.status).toBe('success');
  });

  it('makes one refund of one request, also after its kept answer has expired', async () => {
    const { order } = await world.aPaidOrder({ lines: [{ sku: 'SKU-1', quantity: 2 }] });
    const key = randomUUID();
    const half = { amount: { amount: order.total.amount / 2, currency: 'CNY' } };
    const first = await refund(order.id, half, key);
    await world.unitOfWork.query('UPDATE http.idempotency_key SET expires_at = now() WHERE key = $1', [key]);
    const again = await refund(order.id, half, key);
    expect(again.body.id).toBe(first.body.id);
    expect((await world.order(order.id)).paymentStatus).toBe('partially-refunded');
  });

  it('refunds a paid order in full, once, under both names of the call', async () => {
    const { order } = await world.aPaidOrder();
    const key = randomUUID();
    const first = await refund(order.id, {}, key);
    expect(first).toMatchObject({ status: 201, body: { orderId: order.id, status: 'success', amount: order.total } });
    const again = await refund(order.id, {}, key, '/refund');
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.body).toEqual(first.body);
    expect((await refund(order.id)).body.code).toBe('not-refundable');
    expect((await world.call('GET', `/v1/refunds/${first.body.id}`)).body).toEqual(first.body);
    expect((await world.order(order.id)).paymentStatus).toBe('refunded');
    expect((await world.call('GET', '/refund')).status).toBe(405);
  });

  it('never gives back more than was captured, however many ask at once', async () => {
    const { order } = await world.aPaidOrder({ lines: [{ sku: 'SKU-1', quantity: 3 }] });
    const third = { amount: order.total.amount / 3, currency: 'CNY' };
    const replies = await Promise.all(Array.from({ length: 12 }, () => refund(order.id, { amount: third })));
    expect(replies.filter((reply) => reply.status === 201)).toHaveLength(3);
    expect(new Set(replies.filter((reply) => reply.status !== 201).map(({ body }) => body.code))).toEqual(
      new Set(['not-refundable']),
    );
    await eventually(async () => (await world.order(order.id)).paymentStatus === 'refunded');
    const over = await world.aPaidOrder();
    const tooMuch = { amount: over.order.total.amount + 1, currency: 'CNY' };
    expect((await refund(over.order.id, { amount: tooMuch })).body.code).toBe('refund-exceeds-captured');
  });

  it('settles by asking a refund whose answer never came', async () => {
    const { order } = await world.aPaidOrder();
    await world.faults({ target: 'gateway.refund', kind: 'timeout-after-success', ms: 6000 });
    const asked = await refund(order.id);
    expect(asked.status).toBe(201);
    const settled = await eventually(async () => {
      const { body } = await world.call('GET', `/v1/refunds/${asked.body.id}`);
      return body.status === 'success' && body;
    }, 30_000);
    expect(settled.amount).toEqual(order.total);
    const ledger = await world.call('GET', `${world.sandboxUrl}/gateway/ledger`, undefined, {
      authorization: 'Bearer sandbox-gateway-secret',
    });
    expect(JSON.stringify(ledger.body).split(asked.body.id).length - 1).toBe(1);
  });

  it('tries again what the gateway refused for the moment, and reports a definite failure', async () => {
    const { order } = await world.aPaidOrder();
    await world.faults({ target: 'gateway.refund', kind: 'fail' });
    expect((await refund(order.id)).body.status).toBe('failed');
    expect((await world.order(order.id)).paymentStatus).toBe('paid');
    expect((await refund(order.id)).body.status).toBe('success');
  });

  it('refuses refunds of unknown and unpaid orders', async () => {
    expect((await refund('ord_01h455vb4pex5vsknk084sn02q')).body.code).toBe('unknown-order');
    expect((await refund((await world.checkout()).body.order.id)).body.code).toBe('not-refundable');
    expect((await world.call('GET', '/v1/refunds/ref_01h455vb4pex5vsknk084sn02q')).body.code).toBe('unknown-refund');
  });
});
