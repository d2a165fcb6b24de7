import { randomUUID } from 'node:crypto';
import { eventually } from '@tradewind/shared-kernel/testing';
import { RiskPolicyKinds, type RiskVerdict } from '@tradewind/trading';
import { BUYER, cny, units, startRiskWorld, type RiskWorld, TeamKind } from './risk-world';
import { aBasket, type Json, startSecondProcess, startWorld, type World } from './world';

describe('risk policies over HTTP', () => {
  let risk: RiskWorld;
  let world: RiskWorld['world'];
  let team: RiskWorld['team'];
  let policyOf: RiskWorld['policyOf'];
  let addPolicy: RiskWorld['addPolicy'];
  let block: RiskWorld['block'];
  let journal: RiskWorld['journal'];
  let count: RiskWorld['count'];
  let reserved: RiskWorld['reserved'];
  let priceOf: RiskWorld['priceOf'];
  beforeAll(async () => {
    risk = await startRiskWorld();
    ({ world, team, policyOf, addPolicy, block, journal, count, reserved, priceOf } = risk);
  });
  afterEach(() => risk.removePolicies());
  afterAll(() => world.stop());

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
});
