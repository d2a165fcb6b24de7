import { randomUUID } from 'node:crypto';
import { uuidOf } from '@tradewind/shared-kernel';
import { eventually } from '@tradewind/shared-kernel/testing';
import { type Json, startWorld, type World } from './world';

/** Each cause is made to happen, then asked about. */
describe('GET /v1/orders/{id}/diagnosis', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ ASK_PAYMENT_SECONDS: '3600' });
  });
  afterAll(() => world.stop());

  const diagnosis = async (orderId: string): Promise<Json> =>
    (await world.call('GET', `/v1/orders/${orderId}/diagnosis`)).body;
  /** The wait of this kind, once there is one that matches. */
  const waitFor = (orderId: string, what: string, matches: (wait: Json) => boolean = () => true): Promise<Json> =>
    eventually(async () => {
      const { moving, waitsFor } = await diagnosis(orderId);
      const wait = waitsFor.find((found: Json) => found.what === what && matches(found));
      return wait && { ...wait, moving };
    });
  const refund = (orderId: string) =>
    world.call('POST', '/v1/refunds', { orderId, reason: 'damaged' }, { 'idempotency-key': randomUUID() });
  const broken = async (table: string, work: () => Promise<void>) => {
    await world.unitOfWork.query(`ALTER TABLE ${table} RENAME TO mislaid`);
    try {
      await work();
    } finally {
      await world.unitOfWork.query(`ALTER TABLE ${table.split('.')[0]}.mislaid RENAME TO ${table.split('.')[1]}`);
    }
  };

  it('names the buyer who has not paid', async () => {
    const { order } = (await world.checkout()).body;
    const answer = await diagnosis(order.id);
    expect(answer).toMatchObject({ orderId: order.id, status: 'created', moving: true });
    const wait = await waitFor(order.id, 'buyer-payment');
    expect(wait).toMatchObject({ since: order.placedAt, next: order.holdExpiresAt });
  });

  it('names a payment that was declined', async () => {
    const { order, payment } = (await world.checkout()).body;
    await world.call('POST', payment.redirectUrl, { outcome: 'declined' });
    await waitFor(order.id, 'buyer-payment', ({ detail }) => detail.includes('declined'));
  });

  it('follows an order to the door, and has nothing to say of it then', async () => {
    const { order } = await world.aPaidOrder();
    const waybill = await world.waybillOf(order.id);
    const pickup = await waitFor(order.id, 'carrier-pickup');
    expect(pickup).toMatchObject({ moving: true, detail: `waybill ${waybill.number} of SF is CREATED` });
    await world.scan(waybill, { code: '50' });
    await waitFor(order.id, 'carrier-delivery');
    await world.scan(waybill, { code: '80' });
    await eventually(async () => (await world.order(order.id)).status === 'delivered');
    await eventually(async () => (await diagnosis(order.id)).waitsFor.length === 0);
    expect(await diagnosis(order.id)).toEqual({ orderId: order.id, status: 'delivered', moving: true, waitsFor: [] });
  });

  it('names a refund whose outcome the gateway has not told', async () => {
    const { order } = await world.aPaidOrder();
    await world.faults({ target: 'gateway.refund', kind: 'timeout-after-success', ms: 6000 });
    const { body } = await refund(order.id);
    const wait = await waitFor(order.id, 'payment-operation');
    expect(wait).toMatchObject({ moving: true, next: expect.any(String) });
    expect(wait.detail).toContain(body.id);
    await eventually(async () => (await world.order(order.id)).paymentStatus === 'refunded', 30_000);
  }, 60_000);

  it('names a refund that only a person can settle', async () => {
    const { order } = await world.aPaidOrder();
    await world.faults({ target: 'gateway.refund', kind: 'timeout-after-success', ms: 6000 });
    const { body } = await refund(order.id);
    // As after days of asking.
    await world.unitOfWork.query(
      "UPDATE trading.payment_operation SET state = 'stuck', due_at = NULL, fence = fence + 1 WHERE id = $1",
      [uuidOf(body.id)],
    );
    const wait = await waitFor(order.id, 'payment-operation');
    expect(wait).toMatchObject({ moving: false, next: null });
    expect(wait.unblock).toContain('find out at the gateway');
  });

  it('names a review that is not decided, its deadline and default, and the endpoints that decide it', async () => {
    const policy = {
      name: 'Any order',
      kind: 'amount',
      parameters: { over: { amount: 0, currency: 'CNY' }, then: 'review' },
      mode: 'enforce',
    };
    const { id: policyId } = (await world.call('POST', '/v1/risk/policies', policy)).body;
    const { order, payment } = (await world.checkout()).body;
    await world.call('DELETE', `/v1/risk/policies/${policyId}`);
    const wait = await waitFor(order.id, 'risk-review');
    const { deadline } = (await world.call('GET', `/v1/risk/reviews/${order.id}`)).body;
    expect(wait).toMatchObject({ moving: true, since: order.placedAt, next: deadline });
    expect(wait.detail).toContain(policyId);
    expect(wait.unblock).toContain(`undecided by ${deadline}, it is rejected by default`);
    expect((await diagnosis(order.id)).waitsFor).toHaveLength(1);

    await world.call('POST', payment.redirectUrl, { outcome: 'paid' });
    await eventually(async () => (await world.order(order.id)).paymentStatus === 'paid');
    await waitFor(order.id, 'risk-review');
    const [, approve = ''] = /POST (\S+\/approve)/.exec(wait.unblock) ?? [];
    const approved = await world.call('POST', approve, { reason: 'known' }, { 'idempotency-key': randomUUID() });
    expect(approved.status).toBe(200);
    await waitFor(order.id, 'carrier-pickup');
    expect((await diagnosis(order.id)).waitsFor.map(({ what }: Json) => what)).not.toContain('risk-review');
  });

  it('names a hold that has run out while its order cannot be expired', async () => {
    const hasty = await startWorld({ HOLD_SECONDS: '1' });
    try {
      const { order } = (await hasty.checkout()).body;
      await hasty.unitOfWork.run(async () => {
        await hasty.unitOfWork.query('SELECT FROM trading.orders WHERE id = $1 FOR UPDATE', [uuidOf(order.id)]);
        const wait = await eventually(async () => {
          const { body } = await hasty.call('GET', `/v1/orders/${order.id}/diagnosis`);
          return body.waitsFor.find(({ what }: Json) => what === 'hold-expiry');
        });
        expect(wait).toMatchObject({ since: order.holdExpiresAt, unblock: expect.stringContaining('within seconds') });
      });
      await eventually(async () => (await hasty.order(order.id)).status === 'cancelled');
    } finally {
      await hasty.stop();
    }
  });

  it('names a carrier that cannot be reached, and that gives no number', async () => {
    await world.faults({ target: 'carrier.book', kind: 'error', times: 2 });
    const { order } = await world.aPaidOrder();
    const wait = await waitFor(order.id, 'waybill-number');
    expect(wait).toMatchObject({ moving: true });
    expect(wait.detail).toMatch(/SF/);
    await waitFor(order.id, 'carrier-pickup');
  });

  it('names an event that a subscription cannot handle, its error class, and how to replay it', async () => {
    const { order, payment } = (await world.checkout()).body;
    await broken('logistics.waybill', async () => {
      await world.call('POST', payment.redirectUrl, { outcome: 'paid' });
      await eventually(async () => {
        const [row] = await world.unitOfWork.query(
          'SELECT FROM messaging.parked_event WHERE aggregate_id = $1 AND due_at IS NOT NULL',
          [order.id],
        );
        return row !== undefined;
      });
      // As after its last attempt.
      await world.unitOfWork.query(
        "UPDATE messaging.parked_event SET status = 'parked', due_at = NULL WHERE aggregate_id = $1",
        [order.id],
      );
    });
    const wait = await waitFor(order.id, 'parked-event');
    expect(wait).toMatchObject({ moving: false, next: null });
    expect(wait.detail).toMatch(/^logistics\.book-waybill-when-order-paid failed \d+ times at trading\.order-paid\.v1/);
    const [, replay = '{}'] = /replay (\{.*\})/.exec(wait.unblock) ?? [];
    const replayed = await world.call('POST', '/v1/operations/parked-events/replay', JSON.parse(replay));
    expect(replayed.body).toEqual({ replayed: 1 });
    await waitFor(order.id, 'carrier-pickup');
  });

  it('names a subscription that does not come to its events', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    let held: Promise<void> = Promise.resolve();
    await new Promise<void>((holding) => {
      held = world.unitOfWork.run(async () => {
        const text = `SELECT FROM messaging.subscription_cursor
                       WHERE subscription = 'logistics.book-waybill-when-order-paid' ORDER BY lane FOR UPDATE`;
        await world.unitOfWork.query(text);
        holding();
        await released;
      });
    });
    const { order } = await world.aPaidOrder();
    const wait = await waitFor(order.id, 'subscription');
    expect(wait.detail).toBe('logistics.book-waybill-when-order-paid has not come to 1 event of this order');
    release();
    await held;
    await waitFor(order.id, 'carrier-pickup');
  });

  it('names a message that was refused, and holds nothing up for it', async () => {
    const { order } = await world.aPaidOrder();
    await eventually(
      async () => (await world.call('GET', `/v1/notifications?orderId=${order.id}`)).body.data[0]?.status === 'sent',
    );
    await world.unitOfWork.query(
      "UPDATE notification.delivery SET state = 'failed', last_error = 'smtp-550' WHERE order_id = $1",
      [uuidOf(order.id)],
    );
    const wait = await waitFor(order.id, 'message');
    expect(wait).toMatchObject({ moving: true, detail: expect.stringContaining('smtp-550') });
  });

  it('shows no personal data, and knows no foreign order', async () => {
    const { order } = (await world.checkout()).body;
    const text = JSON.stringify(await diagnosis(order.id));
    for (const secret of ['王小明', '138 0000', '科技园', 'wang@example.com']) expect(text).not.toContain(secret);
    expect(await world.call('GET', '/v1/orders/ord_01h455vb4pex5vsknk084sn02q/diagnosis')).toMatchObject({
      status: 404,
      body: { code: 'unknown-order' },
    });
  });
});
