import { randomUUID } from 'node:crypto';
import { eventually } from '@tradewind/shared-kernel/testing';
import type { RiskVerdict } from '@tradewind/trading';
import { ForgetRiskTraces } from '../../../libs/trading/src/features/risk/forget-risk-traces';
import { cny, units, startRiskWorld, type RiskWorld } from './risk-world';
import type { Json } from './world';

describe('reports of risk policies over HTTP', () => {
  let risk: RiskWorld;
  let world: RiskWorld['world'];
  let team: RiskWorld['team'];
  let policyOf: RiskWorld['policyOf'];
  let addPolicy: RiskWorld['addPolicy'];
  let count: RiskWorld['count'];
  let priceOf: RiskWorld['priceOf'];
  beforeAll(async () => {
    risk = await startRiskWorld();
    ({ world, team, policyOf, addPolicy, count, priceOf } = risk);
  });
  afterEach(() => risk.removePolicies());
  afterAll(() => world.stop());

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
