import { randomUUID } from 'node:crypto';
import { uuidOf } from '@tradewind/shared-kernel';
import { eventually } from '@tradewind/shared-kernel/testing';
import { type RiskParameters, RiskPolicy, RiskPolicyKind, RiskPolicyKinds, type RiskVerdict } from '@tradewind/trading';
import { ForgetRiskTraces } from '../../../libs/trading/src/features/risk/forget-risk-traces';
import { Orders } from '../../../libs/trading/src/domain/orders/orders';
import { ExpiredHolds } from '../../../libs/trading/src/features/stock/expired-holds';
import { aBasket, type Json, startSecondProcess, startWorld, type World } from './world';

const BUYER = 'buy_01kc1xv8q1fwer8xv1wbq0z4a8';
const cny = (amount: number) => ({ amount, currency: 'CNY' });

/** A policy of a team's own: it answers, or does not, as the test says. */
class TeamKind extends RiskPolicyKind {
  readonly name = 'team';
  answer: (signal: AbortSignal) => RiskVerdict | Promise<RiskVerdict> = () => ({ kind: 'approve' });

  problems(): [] {
    return [];
  }

  policy(_parameters: RiskParameters): RiskPolicy {
    return { evaluate: (_request, signal) => this.answer(signal) };
  }
}

describe('risk policies over HTTP', () => {
  let world: World;
  const team = new TeamKind();
  beforeAll(async () => {
    world = await startWorld();
    world.app.get(RiskPolicyKinds).register(team);
  });
  afterAll(() => world.stop());
  afterEach(async () => {
    const { body } = await world.call('GET', '/v1/risk/policies?limit=100');
    for (const { id } of body.data) expect((await world.call('DELETE', `/v1/risk/policies/${id}`)).status).toBe(204);
  });

  const policyOf = (kind: string, parameters: object, changes: object = {}) => ({
    name: kind,
    kind,
    parameters,
    mode: 'enforce',
    ...changes,
  });
  const addPolicy = async (kind: string, parameters: object, changes: object = {}): Promise<Json> => {
    const { status, body } = await world.call('POST', '/v1/risk/policies', policyOf(kind, parameters, changes));
    expect({ status, body }).toMatchObject({ status: 201 });
    return body;
  };
  const block = (entry: object) => world.call('POST', '/v1/risk/lists', { kind: 'block', ...entry });
  const decide = (orderId: string, decision: string, reason = 'looked at it') =>
    world.call('POST', `/v1/risk/reviews/${orderId}/${decision}`, { reason }, { 'idempotency-key': randomUUID() });
  const journal = () =>
    world.unitOfWork.query<Json>('SELECT * FROM trading.risk_evaluation ORDER BY evaluated_at DESC, policy_id');
  const count = async (table: string) => {
    const [row] = await world.unitOfWork.query<{ n: bigint }>(`SELECT count(*) AS n FROM ${table}`);
    return Number(row?.n);
  };
  const reserved = async (sku: string) => (await world.call('GET', `/v1/skus/${sku}`)).body.reserved;
  const units = (quantity: number, sku = 'SKU-1') => ({ lines: [{ sku, quantity }] });
  const priceOf = async (sku: string) => (await world.call('GET', `/v1/skus/${sku}`)).body.price.amount as number;

  it('declines without telling why, and keeps nothing but the journal', async () => {
    const before = { orders: await count('trading.orders'), reserved: await reserved('SKU-1') };
    const policy = await addPolicy('amount', { over: cny(0), then: 'decline' });
    const reply = await world.checkout();
    expect(reply).toMatchObject({ status: 403, body: { code: 'order-declined', retryable: false } });
    expect(JSON.stringify(reply.body)).not.toMatch(/amount|minor units|rsk_/);
    expect({ orders: await count('trading.orders'), reserved: await reserved('SKU-1') }).toEqual(before);
    const [row] = await journal();
    expect(row).toMatchObject({
      policy_version: 1,
      mode: 'enforce',
      verdict: 'decline',
      outcome: 'decline',
      order_id: null,
      failure: null,
    });
    expect(row.inputs_hash).toHaveLength(32);
    expect((await world.call('DELETE', `/v1/risk/policies/${policy.id}`)).status).toBe(204);
    expect((await world.checkout()).status).toBe(201);
    await addPolicy('amount', { over: cny(1e9), then: 'decline' });
  });

  it('answers a repeat of a checkout that was taken, whatever policies say since', async () => {
    const key = randomUUID();
    const first = await world.checkout({}, key);
    expect(first.status).toBe(201);
    await addPolicy('amount', { over: cny(0), then: 'decline' });
    const again = await world.checkout({}, key);
    expect(again).toMatchObject({ status: 201, body: { order: { id: first.body.order.id } } });
  });

  it('decides a repeat of a checkout that was declined anew, for a refusal is not kept', async () => {
    const key = randomUUID();
    const policy = await addPolicy('velocity', { per: 'email', windowSeconds: 600, maxOrders: 0, then: 'decline' });
    const counted = await count('trading.risk_counter');
    for (const attempt of [1, 2]) {
      const reply = await world.checkout({}, key);
      expect({ attempt, status: reply.status, code: reply.body.code }).toEqual({
        attempt,
        status: 403,
        code: 'order-declined',
      });
    }
    expect(await count('trading.risk_counter')).toBe(counted);
    await world.call('DELETE', `/v1/risk/policies/${policy.id}`);
    expect((await world.checkout({}, key)).status).toBe(201);
  });

  it('asks the database nothing for a checkout while no policy is enabled', async () => {
    const sent = jest.spyOn(world.unitOfWork, 'query');
    const screened = async () => {
      sent.mockClear();
      expect((await world.checkout()).status).toBe(201);
      const texts = sent.mock.calls.map(([text]) => text);
      expect(texts.some((text) => text.includes('INSERT INTO trading.orders'))).toBe(true);
      return texts.filter((text) => /risk_(evaluation|counter|subject|list_entry)/.test(text)).length;
    };
    const lists = await addPolicy('lists', { then: 'decline' });
    expect(await screened()).toBe(2);
    await world.call(
      'PUT',
      `/v1/risk/policies/${lists.id}`,
      policyOf('lists', { then: 'decline' }, { enabled: false }),
    );
    expect(await screened()).toBe(0);
    sent.mockRestore();
  });

  it('says what is wrong with the parameters of a kind', async () => {
    const refused = async (kind: string, parameters: object) => {
      const { status, body } = await world.call('POST', '/v1/risk/policies', policyOf(kind, parameters));
      expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid-request' });
      return body.errors.map((error: Json) => error.pointer);
    };
    expect(await refused('nothing', {})).toEqual(['/kind']);
    expect(await refused('amount', { over: 5, then: 'approve', more: 1 })).toEqual([
      '/parameters/over',
      '/parameters/then',
      '/parameters/more',
    ]);
    expect(await refused('amount', { over: { amount: 1.5, currency: 'CNY' }, then: 'review' })).toEqual([
      '/parameters/over',
    ]);
    expect(await refused('velocity', { per: 'sku', windowSeconds: 1, then: 'review' })).toEqual([
      '/parameters/per',
      '/parameters/windowSeconds',
    ]);
    expect(await refused('velocity', { per: 'ip', windowSeconds: 60, then: 'review' })).toEqual([
      '/parameters/maxOrders',
    ]);
    const wrong = await world.call('POST', '/v1/risk/policies', policyOf('amount', {}, { mode: 'dry-run' }));
    expect(wrong.body.errors[0].pointer).toBe('/mode');
    expect((await world.call('GET', '/v1/risk/policies/nothing')).body.code).toBe('unknown-risk-policy');
    expect((await world.call('DELETE', '/v1/risk/policies/rsk_01kc1xv8q1fwer8xv1wbq0z4a8')).body.code).toBe(
      'unknown-risk-policy',
    );
  });

  it('caps the units of one SKU over all lines, and lets others pass', async () => {
    await addPolicy('quantity', { sku: 'SKU-1', most: 3, then: 'decline' });
    const two = { sku: 'SKU-1', quantity: 2 };
    expect((await world.checkout({ lines: [two, two] })).status).toBe(403);
    expect((await world.checkout({ lines: [two, { sku: 'SKU-2', quantity: 9 }] })).status).toBe(201);
  });

  it('looks at the amount that is to be paid, in its own currency', async () => {
    const price = await priceOf('SKU-1');
    await addPolicy('amount', { over: cny(price * 2), then: 'decline' });
    await addPolicy('amount', { over: { amount: 0, currency: 'USD' }, then: 'decline' });
    expect((await world.checkout(units(2))).status).toBe(201);
    expect((await world.checkout(units(3))).status).toBe(403);
  });

  it('looks twice at a high amount of a buyer who never paid for anything', async () => {
    await addPolicy('new-buyer', { over: cny(0), days: 0, then: 'decline' });
    const buyerId = 'buy_01kc1xv8q1fwer8xv1wbq0z4b9';
    expect((await world.checkout({ buyerId })).status).toBe(403);
    expect((await world.checkout()).status).toBe(403);
    const [known] = (await world.call('GET', '/v1/risk/policies')).body.data;
    const off = policyOf('new-buyer', known.parameters, { enabled: false });
    expect((await world.call('PUT', `/v1/risk/policies/${known.id}`, off)).body).toMatchObject({ version: 2 });
    await world.aPaidOrder({ buyerId });
    await world.call('PUT', `/v1/risk/policies/${known.id}`, policyOf('new-buyer', known.parameters));
    expect((await world.checkout({ buyerId })).status).toBe(201);
  });

  describe('the block and allow lists', () => {
    beforeEach(() => addPolicy('lists', { then: 'decline' }));
    afterEach(async () => {
      const { body } = await world.call('GET', '/v1/risk/lists?limit=100');
      for (const { id } of body.data) expect((await world.call('DELETE', `/v1/risk/lists/${id}`)).status).toBe(204);
    });

    it.each([
      ['buyer', BUYER, { buyerId: BUYER }],
      ['email', ' Wang@Example.com'.trim(), {}],
      ['ip', '127.0.0.1', {}],
      ['sku', 'SKU-1', {}],
      ['address', 'cn 广东省, 深圳市, 科技园南路1号', {}],
    ])('block a %s', async (subject, value, basket) => {
      expect((await world.checkout(basket)).status).toBe(201);
      const added = await block({ subject, value, reason: 'stolen cards' });
      expect(added).toMatchObject({ status: 201, body: { kind: 'block', subject, reason: 'stolen cards' } });
      expect((await world.checkout(basket)).status).toBe(403);
      expect((await block({ subject, value })).body.id).toBe(added.body.id);
      const query = new URLSearchParams({ subject, value });
      expect((await world.call('GET', `/v1/risk/lists?${query.toString()}`)).body.data).toHaveLength(1);
    });

    it('store what is personal as a hash', async () => {
      await block({ subject: 'email', value: 'secret@example.com' });
      await block({ subject: 'ip', value: '203.0.113.7' });
      const rows = await world.unitOfWork.query('SELECT subject FROM trading.risk_list_entry');
      expect(rows).toHaveLength(2);
      expect(JSON.stringify(rows)).not.toMatch(/secret|203\.0/);
    });

    it('count until an entry expires', async () => {
      await block({ subject: 'sku', value: 'SKU-1', expiresAt: '2036-01-01T00:00:00Z' });
      expect((await world.checkout()).status).toBe(403);
      await world.unitOfWork.query(`UPDATE trading.risk_list_entry SET expires_at = now() - interval '1 s'`);
      expect((await world.checkout()).status).toBe(201);
      expect((await world.call('GET', '/v1/risk/lists')).body.data).toEqual([]);
      await world.unitOfWork.query('DELETE FROM trading.risk_list_entry');
    });

    it('let an allowed buyer pass whatever other policies say, and a blocked one nowhere', async () => {
      await addPolicy('amount', { over: cny(0), then: 'decline' });
      expect((await world.checkout({ buyerId: BUYER })).status).toBe(403);
      await block({ kind: 'allow', subject: 'buyer', value: BUYER });
      expect((await world.checkout({ buyerId: BUYER })).status).toBe(201);
      await block({ subject: 'ip', value: '::ffff:127.0.0.1' });
      expect((await world.checkout({ buyerId: BUYER })).status).toBe(403);
    });

    it('refuse what is none', async () => {
      const cases: [object, string][] = [
        [{ subject: 'ip', value: '300.1.1.1' }, '/value'],
        [{ subject: 'email', value: 'nobody' }, '/value'],
        [{ subject: 'buyer', value: 'bob' }, '/value'],
        [{ subject: 'address', value: '12345' }, '/value'],
        [{ subject: 'phone', value: '1' }, '/subject'],
        [{ subject: 'sku', value: 'SKU-1', expiresAt: '2020-01-01T00:00:00Z' }, '/expiresAt'],
      ];
      for (const [entry, pointer] of cases) {
        const { status, body } = await block(entry);
        expect({ status, pointer: body.errors?.[0].pointer }).toEqual({ status: 400, pointer });
      }
      expect((await world.call('DELETE', '/v1/risk/lists/rle_01kc1xv8q1fwer8xv1wbq0z4a8')).body.code).toBe(
        'unknown-list-entry',
      );
      expect((await world.call('GET', '/v1/risk/lists?subject=ip')).status).toBe(400);
    });
  });

  describe('velocity', () => {
    it('takes exactly as many orders of one buyer as it allows, however many come at once in two processes', async () => {
      const other = await startSecondProcess(world);
      try {
        await addPolicy('velocity', { per: 'buyer', windowSeconds: 3600, maxOrders: 7, then: 'decline' });
        // The other process hears of the policy within a second; until then it would take any order.
        await eventually(async () => {
          const buyerId = randomUUID();
          const reply = await world.call(
            'POST',
            `${other.url}/v1/checkout`,
            { ...aBasket(), buyerId },
            { 'idempotency-key': randomUUID() },
          );
          expect(reply.status).toBe(201);
          const counted = 'SELECT FROM trading.risk_counter WHERE subject = $1';
          return (await world.unitOfWork.query(counted, [`buyer:${reply.body.order.buyerId}`])).length > 0;
        });
        for (let round = 0; round < 5; round++) {
          const buyerId = randomUUID();
          const replies = await Promise.all(
            Array.from({ length: 40 }, (_, n) =>
              world.call(
                'POST',
                `${n % 2 ? world.url : other.url}/v1/checkout`,
                { ...aBasket(), ...units(1, `SKU-${1 + (n % 5)}`), buyerId },
                { 'idempotency-key': randomUUID() },
              ),
            ),
          );
          const statuses = replies.map(({ status }) => status);
          expect(statuses.filter((status) => status === 201)).toHaveLength(7);
          expect(statuses.filter((status) => status === 403)).toHaveLength(33);
        }
        const [row] = await world.unitOfWork.query<{ deadlocks: bigint }>(
          'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
        );
        expect(row?.deadlocks).toBe(0n);
      } finally {
        await other.stop();
      }
    });

    it('adds up what one address spends, whoever the buyer is, and forgets what the window has left', async () => {
      const price = await priceOf('SKU-1');
      await addPolicy('velocity', { per: 'address', windowSeconds: 600, maxAmount: cny(price * 3), then: 'decline' });
      const to = (line1: string) => ({ ...units(2), shippingAddress: { ...aBasket().shippingAddress, line1 } });
      const street = `${randomUUID()} 路`;
      expect((await world.checkout(to(street))).status).toBe(201);
      expect((await world.checkout({ ...to(street), buyerId: randomUUID() })).status).toBe(403);
      expect((await world.checkout(to(`${randomUUID()} 路`))).status).toBe(201);
      await world.unitOfWork.query('UPDATE trading.risk_counter SET bucket = bucket - 12');
      expect((await world.checkout(to(street))).status).toBe(201);
    });

    it('counts by the address that a trusted proxy tells, and believes nobody else', async () => {
      const from = (ip: string, at: World) =>
        at.call('POST', '/v1/checkout', aBasket(), { 'idempotency-key': randomUUID(), 'x-forwarded-for': ip });
      const policy = policyOf('velocity', { per: 'ip', windowSeconds: 3600, maxOrders: 1, then: 'decline' });
      const behind = await startWorld({ TRUSTED_PROXIES: '127.0.0.0/8' });
      try {
        await behind.call('POST', '/v1/risk/policies', policy);
        expect((await from('203.0.113.1', behind)).status).toBe(201);
        expect((await from('203.0.113.1', behind)).status).toBe(403);
        expect((await from('203.0.113.2', behind)).status).toBe(201);
        expect((await from('2001:db8:1:2:3::1', behind)).status).toBe(201);
        expect((await from('2001:db8:1:2:ffff::9', behind)).status).toBe(403);
      } finally {
        await behind.stop();
      }
      await addPolicy('velocity', policy.parameters);
      expect((await from('203.0.113.1', world)).status).toBe(201);
      expect((await from('203.0.113.2', world)).status).toBe(403);
    });
  });

  describe('a policy that gives no verdict', () => {
    const cases: [string, TeamKind['answer'], string][] = [
      ['is slow and ignores the signal', () => new Promise(() => undefined), 'timeout'],
      ['throws', () => Promise.reject(new Error('broken')), 'error'],
      [
        'throws at once',
        () => {
          throw new Error('broken');
        },
        'error',
      ],
      ['answers nonsense', () => ({ kind: 'perhaps' }) as unknown as RiskVerdict, 'error'],
    ];
    it.each(cases)('because it %s counts as its failure mode says', async (_what, answer, failure) => {
      team.answer = answer;
      const outcomes: Record<string, number | string> = {};
      for (const onFailure of ['open', 'closed', 'review']) {
        const policy = await addPolicy('team', {}, { onFailure, timeLimitMs: 20 });
        const { status, body } = await world.checkout();
        outcomes[onFailure] = status === 201 ? (body.order.review ?? 'taken') : status;
        const [row] = await journal();
        expect(row.failure).toBe(failure);
        await world.call('DELETE', `/v1/risk/policies/${policy.id}`);
      }
      expect(outcomes).toEqual({ open: 'taken', closed: 403, review: 'pending' });
    });

    it('because it is of a pure kind and does not answer at once counts as its failure mode says', async () => {
      const late = new (class extends TeamKind {
        override readonly isPure = true;
        override answer = () => Promise.reject(new Error('broken'));
      })();
      world.app.get(RiskPolicyKinds).register(late);
      await addPolicy('team', {}, { onFailure: 'closed' });
      expect((await world.checkout()).status).toBe(403);
      world.app.get(RiskPolicyKinds).register(team);
    });

    it('is told to stop at its time limit', async () => {
      let aborted = false;
      team.answer = (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            aborted = true;
            reject(new Error('aborted'));
          });
        });
      await addPolicy('team', {}, { onFailure: 'open', timeLimitMs: 20 });
      expect((await world.checkout()).status).toBe(201);
      expect(aborted).toBe(true);
    });
  });

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

  describe('policies are replaceable without touching payment code', () => {
    it('by data, at once and in every process', async () => {
      const other = await startSecondProcess(world);
      const atOther = () =>
        world.call('POST', `${other.url}/v1/checkout`, aBasket(), { 'idempotency-key': randomUUID() });
      try {
        const policy = await addPolicy('amount', { over: cny(1e12), then: 'decline' });
        expect((await world.checkout()).status).toBe(201);
        const stricter = policyOf('amount', { over: cny(0), then: 'decline' });
        expect((await world.call('PUT', `/v1/risk/policies/${policy.id}`, stricter)).body.version).toBe(2);
        expect((await world.checkout()).status).toBe(403);
        await eventually(async () => (await atOther()).status === 403);
        const [row] = await journal();
        expect(row.policy_version).toBe(2);
        const milder = policyOf('quantity', { most: 5, then: 'review' });
        expect((await world.call('PUT', `/v1/risk/policies/${policy.id}`, milder)).body.version).toBe(3);
        expect((await world.checkout()).status).toBe(201);
        await eventually(async () => (await atOther()).status === 201);
        expect((await world.call('GET', `/v1/risk/policies/${policy.id}`)).body).toMatchObject({
          version: 3,
          ...milder,
        });
      } finally {
        await other.stop();
      }
    });

    it('by a provider of a team’s own, while the platform runs', async () => {
      team.answer = () => ({ kind: 'decline', reason: 'the team says so' });
      await addPolicy('team', {});
      expect((await world.checkout()).status).toBe(403);
      world.app.get(RiskPolicyKinds).register(
        new (class extends TeamKind {
          override answer = () => ({ kind: 'approve' as const });
        })(),
      );
      expect((await world.checkout()).status).toBe(201);
      world.app.get(RiskPolicyKinds).register(team);
      expect((await world.checkout()).status).toBe(403);
    });
  });

  describe('a policy in shadow', () => {
    const reportOf = async (policyId: string, query = ''): Promise<Json> => {
      const { status, body } = await world.call('GET', `/v1/risk/shadow-report?policyId=${policyId}${query}`);
      expect({ status, body }).toMatchObject({ status: 200 });
      return body;
    };
    const reportOn = (checkouts: number, policyId: string, query = ''): Promise<Json> =>
      eventually(async () => {
        const report = await reportOf(policyId, query);
        return report.checkouts === checkouts && report;
      });

    it('A new policy can run in `shadow` beside the current one, and `GET /v1/risk/shadow-report` compares their verdicts and latency distributions before it is switched on.', async () => {
      const price = await priceOf('SKU-1');
      const current = await addPolicy('amount', { over: cny(price * 5), then: 'decline' });
      const next = await addPolicy('amount', { over: cny(price * 2), then: 'review' }, { mode: 'shadow' });
      const placed = [];
      for (const quantity of [1, 3, 4, 9]) placed.push((await world.checkout(units(quantity))).body);
      expect(placed.map(({ order }) => order?.review)).toEqual([null, null, null, undefined]);

      const report = await reportOn(4, next.id);
      expect(report.differences).toBe(3);
      expect(report.verdicts).toEqual([
        { enforced: 'approve', shadow: 'approve', checkouts: 1, examples: [] },
        { enforced: 'approve', shadow: 'review', checkouts: 2, examples: [placed[2].order.id, placed[1].order.id] },
        { enforced: 'decline', shadow: 'review', checkouts: 1, examples: [] },
      ]);
      const latencyOf = (id: string) => report.latencies.find(({ policyId }: Json) => policyId === id);
      expect(latencyOf(current.id)).toMatchObject({ version: 1, mode: 'enforce', evaluations: 4, timeouts: 0 });
      const shadow = latencyOf(next.id);
      expect(shadow).toMatchObject({ version: 1, mode: 'shadow', evaluations: 4, errors: 0 });
      expect(shadow.p50).toBeLessThanOrEqual(shadow.p90);
      expect(shadow.p90).toBeLessThanOrEqual(shadow.p99);
      expect(shadow.p99).toBeLessThanOrEqual(shadow.longest);
      expect((await reportOf(next.id, `&against=${current.id}`)).verdicts).toEqual(report.verdicts);
      expect((await reportOf(next.id, '&from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z')).checkouts).toBe(0);

      const on = { ...policyOf('amount', next.parameters), mode: 'enforce' };
      expect((await world.call('PUT', `/v1/risk/policies/${next.id}`, on)).body).toMatchObject({ version: 2 });
      expect((await world.checkout(units(3))).body.order.review).toBe('pending');
    });

    it('keeps no buyer waiting, and breaks nothing', async () => {
      let answer = (_verdict: RiskVerdict): void => undefined;
      team.answer = () => new Promise((resolve) => (answer = resolve));
      const slow = await addPolicy('team', {}, { mode: 'shadow', timeLimitMs: 10_000 });
      expect((await world.checkout()).status).toBe(201);
      answer({ kind: 'decline', reason: 'not what was enforced' });
      expect((await reportOn(1, slow.id)).verdicts).toMatchObject([{ enforced: 'approve', shadow: 'decline' }]);
      team.answer = () => Promise.reject(new Error('broken'));
      expect((await world.checkout()).status).toBe(201);
      const report = await reportOn(2, slow.id);
      expect(report.latencies.find(({ policyId }: Json) => policyId === slow.id)).toMatchObject({ errors: 1 });
    });

    it('counts as it would in force', async () => {
      const parameters = { per: 'buyer', windowSeconds: 600, maxOrders: 2, then: 'decline' };
      const shadow = await addPolicy('velocity', parameters, { mode: 'shadow' });
      const buyerId = randomUUID();
      for (let n = 1; n <= 4; n++) {
        expect((await world.checkout({ buyerId })).status).toBe(201);
        await reportOn(n, shadow.id);
      }
      expect((await reportOf(shadow.id)).verdicts.map((cell: Json) => [cell.shadow, cell.checkouts])).toEqual([
        ['approve', 2],
        ['decline', 2],
      ]);
    });

    it('is asked for by its name', async () => {
      const unknown = 'rsk_01kc1xv8q1fwer8xv1wbq0z4a8';
      expect((await world.call('GET', `/v1/risk/shadow-report?policyId=${unknown}`)).body.code).toBe(
        'unknown-risk-policy',
      );
      expect((await world.call('GET', '/v1/risk/shadow-report')).status).toBe(400);
      const backwards = `policyId=${unknown}&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z`;
      expect((await world.call('GET', `/v1/risk/shadow-report?${backwards}`)).body.errors[0].pointer).toBe('/from');
    });
  });

  describe('a backtest', () => {
    const run = (body: object) => world.call('POST', '/v1/risk/backtests', body);

    it('says what a policy would have made of the orders of the past', async () => {
      const since = new Date().toISOString();
      const [price, buyerId] = [await priceOf('SKU-3'), randomUUID()];
      const ids: string[] = [];
      for (const quantity of [1, 2, 3, 2]) {
        ids.push((await world.checkout({ ...units(quantity, 'SKU-3'), buyerId })).body.order.id);
      }
      const policy = { kind: 'amount', parameters: { over: cny(price * 1), then: 'review' } };
      expect((await run({ policy, from: since })).body).toEqual({
        orders: 4,
        verdicts: { approve: 1, review: 3, decline: 0 },
        examples: { review: ids.slice(1), decline: [] },
        failures: 0,
        stoppedBy: null,
        seenUntil: expect.any(String),
      });
      expect((await run({ policy, from: since, limit: 2 })).body).toMatchObject({
        orders: 2,
        stoppedBy: 'limit',
        verdicts: { approve: 1, review: 1 },
      });
      const stored = await addPolicy('quantity', { most: 2, then: 'decline' }, { enabled: false });
      expect((await run({ policyId: stored.id, from: since })).body).toMatchObject({
        examples: { review: [], decline: [ids[2]] },
      });
      const velocity = { per: 'buyer', windowSeconds: 600, maxOrders: 2, then: 'decline' };
      expect((await run({ policy: { kind: 'velocity', parameters: velocity }, from: since })).body).toMatchObject({
        verdicts: { approve: 2, decline: 2 },
        examples: { decline: ids.slice(2) },
      });
      team.answer = () => Promise.reject(new Error('broken'));
      expect((await run({ policy: { kind: 'team', parameters: {} }, from: since })).body).toMatchObject({
        verdicts: { review: 4 },
        failures: 4,
      });
    });

    it('counts the orders before its span as far as a window reaches', async () => {
      const buyerId = randomUUID();
      await world.checkout({ buyerId });
      await world.checkout({ buyerId });
      const { body } = await world.checkout({ buyerId });
      const parameters = { per: 'buyer', windowSeconds: 600, maxOrders: 2, then: 'decline' };
      const from = body.order.placedAt;
      const result = await run({ policy: { kind: 'velocity', parameters }, from });
      expect(result.body.examples.decline).toContain(body.order.id);
    });

    it('runs alone, and only with a policy that can be made', async () => {
      await world.checkout();
      let answer: ((verdict: RiskVerdict) => void) | undefined;
      team.answer = () => new Promise((resolve) => (answer = resolve));
      const policy = await addPolicy('team', {}, { enabled: false, timeLimitMs: 10_000 });
      const first = run({ policyId: policy.id, limit: 1 });
      const told = await eventually(() => answer);
      const second = await run({ policy: { kind: 'amount', parameters: { over: cny(0), then: 'review' } } });
      expect(second.body).toMatchObject({ code: 'backtest-running', retryable: true });
      told({ kind: 'approve' });
      expect((await first).body).toMatchObject({ orders: 1, verdicts: { approve: 1 } });
      expect((await run({})).status).toBe(400);
      const wrong = await run({ policy: { kind: 'amount', parameters: {} } });
      expect(wrong.body.errors[0].pointer).toBe('/policy/parameters/over');
      expect((await run({ policyId: 'rsk_01kc1xv8q1fwer8xv1wbq0z4a8' })).body.code).toBe('unknown-risk-policy');
    });
  });

  it('keeps no personal data in what risk policies leave behind', async () => {
    await addPolicy('velocity', { per: 'address', windowSeconds: 600, maxOrders: 100, then: 'review' });
    await addPolicy('velocity', { per: 'email', windowSeconds: 600, maxOrders: 0, then: 'review' });
    await world.checkout({ email: 'very.private@example.com' });
    for (const table of ['risk_counter', 'risk_subject', 'risk_evaluation', 'risk_review']) {
      const rows = await world.unitOfWork.query<{ row: string }>(`SELECT t::text AS row FROM trading.${table} t`);
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.map(({ row }) => row).join()).not.toMatch(/private|example\.com|127\.0\.0\.1|科技园|王小明/);
    }
  });

  it('forgets evaluations and counters when their time is over', async () => {
    await addPolicy('velocity', { per: 'email', windowSeconds: 600, maxOrders: 100, then: 'review' });
    await world.checkout();
    const forgetting = world.app.get(ForgetRiskTraces);
    await forgetting.round();
    const before = { counters: await count('trading.risk_counter'), journal: await count('trading.risk_evaluation') };
    expect(before.counters).toBeGreaterThan(0);
    await world.unitOfWork.query(`
      WITH counters AS (UPDATE trading.risk_counter SET bucket = bucket - 8 * 1440 RETURNING 1),
           subjects AS (UPDATE trading.risk_subject SET seen_on = seen_on - 9 RETURNING 1)
      INSERT INTO trading.risk_evaluation
      SELECT policy_id, '00000000-0000-7000-8000-000000000001', 1, 'enforce', NULL, '', 'approve', 'approve', NULL, NULL, 1, now()
        FROM trading.risk_evaluation LIMIT 1`);
    await forgetting.round();
    expect(await count('trading.risk_counter')).toBe(0);
    expect(await count('trading.risk_subject')).toBe(0);
    expect(await count('trading.risk_evaluation')).toBe(before.journal);
  });
});
