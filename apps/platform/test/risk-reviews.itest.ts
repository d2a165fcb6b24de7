import { randomUUID } from 'node:crypto';
import { uuidOf } from '@tradewind/shared-kernel';
import { eventually } from '@tradewind/shared-kernel/testing';
import { Orders } from '../../../libs/trading/src/domain/orders/orders';
import { ExpiredHolds } from '../../../libs/trading/src/features/stock/expired-holds';
import { cny, units, startRiskWorld, type RiskWorld } from './risk-world';
import { type Json, startWorld } from './world';

describe('reviews of risky orders over HTTP', () => {
  let risk: RiskWorld;
  let world: RiskWorld['world'];
  let policyOf: RiskWorld['policyOf'];
  let addPolicy: RiskWorld['addPolicy'];
  let decide: RiskWorld['decide'];
  let reserved: RiskWorld['reserved'];
  let priceOf: RiskWorld['priceOf'];
  beforeAll(async () => {
    risk = await startRiskWorld();
    ({ world, policyOf, addPolicy, decide, reserved, priceOf } = risk);
  });
  afterEach(() => risk.removePolicies());
  afterAll(() => world.stop());

  describe('an order that is to be looked at', () => {
    const aParkedOrder = async (basket: object = {}): Promise<Json> => {
      const policy = await addPolicy('amount', { over: cny(0), then: 'review' });
      const { status, body } = await world.checkout(basket);
      expect(status).toBe(201);
      await world.call('DELETE', `/v1/risk/policies/${policy.id}`);
      return { ...body, policy };
    };
    const pay = async ({ order, payment }: Json) => {
      await world.call('POST', payment.redirectUrl, { outcome: 'paid' });
      await eventually(async () => (await world.order(order.id)).paymentStatus === 'paid');
    };
    const eventsOf = async (id: string): Promise<Json[]> =>
      (await world.call('GET', `/v1/orders/${id}/timeline`)).body.data;

    it('is placed, holds its units until the deadline and stands in the queue', async () => {
      const { order, policy } = await aParkedOrder();
      expect(order).toMatchObject({ status: 'created', review: 'pending', paymentStatus: 'pending' });
      expect(Date.parse(order.holdExpiresAt) - Date.parse(order.placedAt)).toBe(86_400_000);
      const { body } = await world.call('GET', `/v1/risk/reviews/${order.id}`);
      expect(body).toMatchObject({ status: 'pending', deadline: order.holdExpiresAt, decidedBy: null });
      expect(body.reasons).toEqual([{ policyId: policy.id, version: 1, reason: expect.any(String), failure: null }]);
      const queue = await world.call('GET', '/v1/risk/reviews?limit=100');
      expect(queue.body.data.map((review: Json) => review.orderId)).toContain(order.id);
      const later = await aParkedOrder();
      const seen: string[] = [];
      for (let cursor = ''; ;) {
        const { body: page } = await world.call('GET', `/v1/risk/reviews?limit=1${cursor && `&cursor=${cursor}`}`);
        seen.push(...page.data.map((one: Json) => one.orderId));
        if (page.nextCursor === null) break;
        cursor = page.nextCursor;
      }
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.slice(-2)).toEqual([order.id, later.order.id]);
    });

    it('tells the buyer nothing of the reason', async () => {
      const { order } = await aParkedOrder();
      await decide(order.id, 'reject', 'looks like fraud');
      const shown = JSON.stringify([await world.order(order.id), await eventsOf(order.id)]);
      expect(shown).not.toMatch(/minor units|fraud|rsk_/);
    });

    it('may be paid, and is paid for when it is approved', async () => {
      const parked = await aParkedOrder();
      await pay(parked);
      expect(await world.order(parked.order.id)).toMatchObject({ status: 'created', review: 'pending', paidAt: null });
      expect((await decide(parked.order.id, 'approve')).body).toMatchObject({
        status: 'approved',
        decidedBy: 'reviewer',
      });
      expect(await world.order(parked.order.id)).toMatchObject({ status: 'paid', review: null, paymentStatus: 'paid' });
      const types = (await eventsOf(parked.order.id)).map((event) => event.type);
      expect(types.slice(0, 7)).toEqual([
        'trading.order-placed.v1',
        'trading.stock-hold-extended.v1',
        'trading.order-review-opened.v1',
        'trading.payment-callback-received.v1',
        'trading.payment-parked.v1',
        'trading.order-review-approved.v1',
        'trading.order-paid.v1',
      ]);
    });

    it('may be paid after it was approved', async () => {
      const { order, payment } = await aParkedOrder();
      await decide(order.id, 'approve');
      const approved = await world.order(order.id);
      expect(approved).toMatchObject({ status: 'created', review: null });
      expect(approved.holdExpiresAt).toBe(order.holdExpiresAt);
      await world.call('POST', payment.redirectUrl, { outcome: 'paid' });
      await eventually(async () => (await world.order(order.id)).status === 'paid');
    });

    it('is cancelled when it is rejected, and its money goes back', async () => {
      const parked = await aParkedOrder(units(3, 'SKU-9'));
      expect(await reserved('SKU-9')).toBe(3);
      await pay(parked);
      expect((await decide(parked.order.id, 'reject')).body.status).toBe('rejected');
      const order = await eventually(async () => {
        const read = await world.order(parked.order.id);
        return read.paymentStatus === 'refunded' && read;
      });
      expect(order).toMatchObject({ status: 'cancelled', review: null, cancelReason: 'declined' });
      expect(await reserved('SKU-9')).toBe(0);
      expect((await eventsOf(parked.order.id)).map((event) => event.type)).toEqual(
        expect.arrayContaining(['trading.order-review-rejected.v1', 'trading.order-cancelled.v1']),
      );
    });

    it('lets go of what was authorised when it is rejected', async () => {
      const { order, payment } = await aParkedOrder({ capture: 'manual' });
      await world.call('POST', payment.redirectUrl, { outcome: 'paid' });
      await eventually(async () => (await world.order(order.id)).paymentStatus === 'authorized');
      expect((await decide(order.id, 'reject')).body.status).toBe('rejected');
      await eventually(async () => (await world.order(order.id)).paymentStatus === 'none');
    });

    it.each([
      ['approve', 'paid', 'paid', 0],
      ['reject', 'cancelled', 'refunded', 1],
    ])('takes from the balance at once, and %s decides where that stays', async (decision, status, money, share) => {
      const buyerId = randomUUID();
      const price = await priceOf('SKU-1');
      await world.call('PUT', `/v1/buyers/${buyerId}`, {
        memberNumber: String(7000 + share),
        nickname: 'Ada',
        level: 1,
      });
      const credits = { amount: cny(price), reason: 'top-up' };
      const key = { 'idempotency-key': randomUUID() };
      await world.call('POST', `/v1/buyers/${buyerId}/balance/credits`, credits, key);
      const balance = async () => (await world.call('GET', `/v1/buyers/${buyerId}/balance`)).body.data[0].amount;
      const { order } = await aParkedOrder({ ...units(1), buyerId, paymentMethod: 'balance' });
      expect(order).toMatchObject({ status: 'created', review: 'pending', paymentStatus: 'paid' });
      expect(await balance()).toBe(0);
      expect((await world.order(order.id)).paymentStatus).toBe('paid');
      expect((await decide(order.id, decision)).status).toBe(200);
      await eventually(async () => (await world.order(order.id)).paymentStatus === money);
      expect((await world.order(order.id)).status).toBe(status);
      expect(await balance()).toBe(price * share);
    });

    it('gives back what is paid after it was rejected', async () => {
      const { order, payment } = await aParkedOrder(units(1, 'SKU-9'));
      const before = await reserved('SKU-9');
      await decide(order.id, 'reject');
      await world.call('POST', payment.redirectUrl, { outcome: 'paid' });
      await eventually(async () => (await world.order(order.id)).paymentStatus === 'refunded');
      expect(await world.order(order.id)).toMatchObject({ status: 'cancelled', cancelReason: 'declined' });
      expect(await reserved('SKU-9')).toBe(before - 1);
    });

    it('outlasts its hold, and is paid by money that comes after it', async () => {
      const parked = await aParkedOrder();
      await world.unitOfWork.query(
        "UPDATE trading.orders SET hold_expires_at = now() - interval '1 min' WHERE id = $1",
        [uuidOf(parked.order.id)],
      );
      const expired = await world.app.get(Orders).expired(0, 100);
      expect(expired.map(({ id }) => id)).not.toContain(parked.order.id);
      await world.app.get(ExpiredHolds).expire([parked.order.id]);
      await pay(parked);
      expect(await world.order(parked.order.id)).toMatchObject({ status: 'created', review: 'pending' });
      await decide(parked.order.id, 'approve');
      expect((await world.order(parked.order.id)).status).toBe('paid');
    });

    it('is decided once, whoever decides at the same time', async () => {
      for (let round = 0; round < 10; round++) {
        const { order } = await aParkedOrder();
        const replies = await Promise.all([
          decide(order.id, 'approve'),
          decide(order.id, 'reject'),
          decide(order.id, 'approve'),
          decide(order.id, 'reject'),
        ]);
        const won = replies.filter(({ status }) => status === 200).map(({ body }) => body.status);
        const lost = replies.filter(({ status }) => status === 409);
        expect(won).toHaveLength(2);
        expect(new Set(won).size).toBe(1);
        expect(lost.map(({ body }) => [body.code, body.decision])).toEqual([
          ['risk-review-decided', won[0]],
          ['risk-review-decided', won[0]],
        ]);
        const types = (await eventsOf(order.id)).map((event) => event.type);
        expect(types.filter((type) => /review-(approved|rejected)/.test(type))).toHaveLength(1);
      }
    });

    it('is in nobody’s way once its buyer has cancelled it', async () => {
      const { order } = await aParkedOrder();
      const cancelled = await world.call(
        'POST',
        `/v1/orders/${order.id}/cancel`,
        { reason: 'changed my mind' },
        { 'idempotency-key': randomUUID() },
      );
      expect(cancelled.body).toMatchObject({ status: 'cancelled', review: null });
      expect((await world.call('GET', `/v1/risk/reviews/${order.id}`)).body).toMatchObject({
        status: 'closed',
        decidedAt: cancelled.body.cancelledAt,
        decidedBy: null,
      });
      const queue = await world.call('GET', '/v1/risk/reviews?limit=100');
      expect(queue.body.data.map((review: Json) => review.orderId)).not.toContain(order.id);
      expect((await decide(order.id, 'approve')).body).toMatchObject({
        code: 'risk-review-decided',
        decision: 'closed',
      });
      expect((await decide('ord_01h455vb4pex5vsknk084sn02q', 'approve')).body.code).toBe('unknown-order');
      const { body } = await world.checkout();
      expect((await decide(body.order.id, 'approve')).body.code).toBe('unknown-risk-review');
    });

    it('gives its money back when its buyer cancels it, and gives it once', async () => {
      const cancel = (id: string) =>
        world.call('POST', `/v1/orders/${id}/cancel`, { reason: 'slow' }, { 'idempotency-key': randomUUID() });
      for (let round = 0; round < 10; round++) {
        const parked = await aParkedOrder();
        await pay(parked);
        const { id } = parked.order;
        const [cancelled, approved] = await Promise.all([cancel(id), decide(id, 'approve')]);
        // Whoever comes first: an order that was approved can be cancelled too.
        expect(cancelled.status).toBe(200);
        const decision = (await world.call('GET', `/v1/risk/reviews/${id}`)).body.status;
        expect({ decision, answer: approved.body.status }).toEqual(
          approved.status === 200 ? { decision: 'approved', answer: 'approved' } : { decision: 'closed', answer: 409 },
        );
        await eventually(async () => (await world.order(id)).paymentStatus === 'refunded');
        const types = (await eventsOf(id)).map((event) => event.type);
        expect(types.filter((type) => type === 'trading.refund-requested.v1')).toHaveLength(1);
      }
    });

    it.each([
      ['approve', 'created', 'approved'],
      ['reject', 'cancelled', 'rejected'],
    ])('is decided by the default at its deadline: %s', async (byDefault, status, decision) => {
      const busy = await startWorld({ RISK_REVIEW_SECONDS: '1', RISK_REVIEW_DEFAULT: byDefault });
      try {
        const policy = policyOf('amount', { over: cny(0), then: 'review' });
        expect((await busy.call('POST', '/v1/risk/policies', policy)).status).toBe(201);
        const { body } = await busy.checkout();
        const paidOne = (await busy.checkout()).body;
        await busy.call('POST', paidOne.payment.redirectUrl, { outcome: 'paid' });
        const review = await eventually(async () => {
          const read = (await busy.call('GET', `/v1/risk/reviews/${body.order.id}`)).body;
          return read.status !== 'pending' && read;
        });
        expect(review).toMatchObject({ status: decision, decidedBy: 'deadline', reason: null });
        expect(await busy.order(body.order.id)).toMatchObject({ status, review: null });
        await eventually(async () => (await busy.call('GET', '/v1/risk/reviews')).body.data.length === 0);
        const ends = byDefault === 'approve' ? ['paid', 'paid'] : ['cancelled', 'refunded'];
        await eventually(async () => {
          const order = await busy.order(paidOne.order.id);
          return order.status === ends[0] && order.paymentStatus === ends[1];
        });
      } finally {
        await busy.stop();
      }
    });
  });
});
