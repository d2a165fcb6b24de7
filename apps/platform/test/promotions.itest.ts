import { type Json, startSecondProcess, startWorld, type World } from './world';

const TEN_PERCENT = { name: 'Ten percent', actions: [{ kind: 'order-percent', basisPoints: 1000 }] };
const cny = (amount: number) => ({ amount, currency: 'CNY' });

describe('promotions over HTTP', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.stop());

  const create = async (rule: object = {}): Promise<Json> => {
    const { status, body } = await world.call('POST', '/v1/promotions', { ...TEN_PERCENT, ...rule });
    expect(status).toBe(201);
    return body;
  };
  const stop = (id: string) => world.call('POST', `/v1/promotions/${id}/stop`);
  const dryRun = (body: object) =>
    world.call('POST', '/v1/promotions/dry-run', { lines: [{ sku: 'SKU-1', quantity: 2 }], ...body });

  it('are created, read, replaced by a new version, scheduled and stopped', async () => {
    const rule = {
      name: 'Spring',
      priority: 7,
      stackingGroup: 'season',
      exclusive: true,
      cap: cny(5000),
      conditions: [{ kind: 'minimum-amount', amount: cny(10_000), skus: ['SKU-1'] }, { kind: 'first-order' }],
      actions: [{ kind: 'buy-x-get-y', buy: { quantity: 2 }, get: { quantity: 1 }, basisPoints: 5000 }],
      startsAt: '2026-03-01T00:00:00.000Z',
      endsAt: '2036-04-01T00:00:00.000Z',
    };
    const made = await create(rule);
    const { id } = made;
    expect(made).toEqual({ id, version: 1, state: expect.any(String), stoppedAt: null, ...rule });
    const at = `/v1/promotions/${id}`;
    expect((await world.call('GET', at)).body).toEqual(made);

    const replaced = await world.call('PUT', at, { version: 1, ...TEN_PERCENT });
    expect(replaced).toMatchObject({
      status: 200,
      body: {
        id,
        version: 2,
        priority: 0,
        stackingGroup: null,
        cap: null,
        conditions: [],
        startsAt: null,
        endsAt: null,
      },
    });
    const scheduled = await world.call('POST', `${at}/schedule`, { version: 2, startsAt: '2050-01-01T00:00:00Z' });
    expect(scheduled.body).toMatchObject({ version: 3, state: 'scheduled', startsAt: '2050-01-01T00:00:00.000Z' });
    const stopped = await stop(id);
    expect(stopped).toMatchObject({ status: 200, body: { version: 3, state: 'stopped' } });
    expect((await stop(id)).body).toEqual(stopped.body);
  });

  it('are not changed from a version that is no longer theirs, nor once they are stopped', async () => {
    const { id } = await create();
    const replace = (version: number) => world.call('PUT', `/v1/promotions/${id}`, { version, ...TEN_PERCENT });
    const replies = await Promise.all([replace(1), replace(1), replace(1)]);
    expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 409, 409]);
    expect(await replace(1)).toMatchObject({ status: 409, body: { code: 'promotion-changed', version: 2 } });
    await stop(id);
    expect((await replace(2)).body.code).toBe('promotion-stopped');
    expect((await world.call('POST', `/v1/promotions/${id}/schedule`, { version: 2 })).body.code).toBe(
      'promotion-stopped',
    );
  });

  it('that nobody knows are not found', async () => {
    for (const id of ['pro_01kc1xv8q1fwer8xv1wbq0z4zz', 'nonsense']) {
      expect((await world.call('GET', `/v1/promotions/${id}`)).body.code).toBe('unknown-promotion');
      expect((await stop(id)).body.code).toBe('unknown-promotion');
    }
    expect((await dryRun({ promotionId: 'pro_01kc1xv8q1fwer8xv1wbq0z4zz' })).body.code).toBe('unknown-promotion');
  });

  it('are listed newest first, page by page, by their state', async () => {
    const made = [
      await create({ endsAt: '2020-01-01T00:00:00Z' }),
      await create({ startsAt: '2050-01-01T00:00:00Z' }),
      await create(),
    ];
    const list = async (query: string): Promise<Json> => (await world.call('GET', `/v1/promotions?${query}`)).body;
    const first = await list('limit=2');
    expect(first.data.map(({ id }: Json) => id)).toEqual([made[2].id, made[1].id]);
    expect((await list(`limit=1&cursor=${first.nextCursor}`)).data[0].id).toBe(made[0].id);
    for (const [state, index] of Object.entries({ ended: 0, scheduled: 1, active: 2 })) {
      const { data } = await list(`state=${state}&limit=1`);
      expect(data[0]).toMatchObject({ id: made[index].id, state });
    }
    expect((await list('cursor=bm8')).code).toBe('invalid-cursor');
    await stop(made[2].id);
    expect((await list('state=stopped&limit=1')).data[0].id).toBe(made[2].id);
  });

  it('are tried against a basket without any effect', async () => {
    await world.call('PUT', '/v1/skus/TRY-1', { name: 'Tea', category: 'tea', price: cny(1000), onHand: 5 });
    const before = (await world.call('GET', '/v1/promotions?limit=100')).body;
    const tried = await dryRun({
      promotion: {
        name: 'Tea for less',
        conditions: [{ kind: 'coupon' }, { kind: 'buyer-level', level: 2 }],
        actions: [{ kind: 'line-percent', basisPoints: 1000, categories: ['tea'] }, { kind: 'free-shipping' }],
      },
      lines: [
        { sku: 'TRY-1', quantity: 3 },
        { sku: 'ELSEWHERE', quantity: 1, unitPrice: cny(99) },
      ],
      shipping: 1200,
      buyer: { level: 2, isFirstOrder: false },
    });
    expect(tried).toMatchObject({
      status: 200,
      body: {
        lines: [
          { lineNo: 1, sku: 'TRY-1', quantity: 3, unitPrice: cny(1000), discount: cny(300) },
          { lineNo: 2, sku: 'ELSEWHERE', discount: cny(0) },
        ],
        shippingDiscount: cny(1200),
        gifts: [],
        adjustments: [
          { promotionId: null, lines: [{ lineNo: 1, amount: cny(300) }], shipping: cny(1200), amount: cny(1500) },
        ],
        explanation: [{ promotionId: null, name: 'Tea for less', applied: true, reasons: [{ code: 'applied' }] }],
      },
    });
    expect((await world.call('GET', '/v1/promotions?limit=100')).body).toEqual(before);
  });

  it('are explained when they do not apply, too, and beside those that are active', async () => {
    const active = await create({
      name: 'First',
      priority: 1000,
      stackingGroup: 'one',
      actions: [{ kind: 'order-fixed', amount: cny(1) }],
    });
    const { id } = await create({
      stackingGroup: 'one',
      startsAt: '2050-01-01T00:00:00Z',
      conditions: [{ kind: 'coupon' }],
    });
    const why = async (body: object) => {
      const reply = await dryRun({ promotionId: id, ...body });
      return reply.body.explanation
        .find((entry: Json) => entry.promotionId === id)
        .reasons.map(({ code }: Json) => code);
    };
    expect(await why({ withCoupon: false })).toEqual(['coupon-missing']);
    expect(await why({})).toEqual(['not-started']);
    expect(await why({ at: '2051-01-01T00:00:00Z' })).toEqual(['applied']);
    expect(await why({ at: '2051-01-01T00:00:00Z', withActive: true })).toEqual(['stacking-group-taken']);
    await stop(active.id);
  });

  it('cannot be tried without a rule, prices or room for the amount', async () => {
    const pointer = async (body: object) => (await dryRun(body)).body.errors?.[0].pointer;
    expect(await pointer({})).toBe('/promotion');
    expect(await pointer({ promotion: TEN_PERCENT, promotionId: 'pro_01kc1xv8q1fwer8xv1wbq0z4zz' })).toBe('/promotion');
    const code = async (...lines: object[]) => (await dryRun({ promotion: TEN_PERCENT, lines })).body.code;
    expect(await code({ sku: 'NO-SUCH', quantity: 1 })).toBe('unknown-sku');
    expect(
      await code({ sku: 'SKU-1', quantity: 1 }, { sku: 'X', quantity: 1, unitPrice: { amount: 1, currency: 'USD' } }),
    ).toBe('mixed-currencies');
    expect(await code({ sku: 'X', quantity: 2, unitPrice: cny(Number.MAX_SAFE_INTEGER) })).toBe('amount-too-large');
  });

  it('are refused with a pointer to what is wrong with them', async () => {
    const wrong: [object, string, string?][] = [
      [{ actions: [] }, '/actions'],
      [{ actions: [{ kind: 'magic' }] }, '/actions/0/kind'],
      [{ actions: [{ kind: 'order-percent' }] }, '/actions/0/basisPoints'],
      [{ actions: [{ kind: 'order-percent', basisPoints: 10_001 }] }, '/actions/0/basisPoints'],
      [{ actions: [{ kind: 'order-fixed', amount: { amount: 1.5, currency: 'CNY' } }] }, '/actions/0/amount/amount'],
      [
        { actions: [{ kind: 'free-shipping', amount: cny(5) }] },
        '/actions/0/amount',
        'amount is for order-fixed, line-fixed only',
      ],
      [
        { actions: [{ kind: 'buy-x-get-y', buy: { quantity: 0 }, get: { quantity: 1 }, basisPoints: 1 }] },
        '/actions/0/buy/quantity',
      ],
      [{ actions: [{ kind: 'buy-x-get-y', buy: { quantity: 1 }, basisPoints: 1 }] }, '/actions/0/get'],
      [{ actions: [null] }, '/actions'],
      [{ actions: [[]] }, '/actions'],
      [{ conditions: [{ kind: 'first-order' }, { kind: 'coupon', code: 'X' }] }, '/conditions/1/code', 'unknown field'],
      [{ conditions: [{ kind: 'contains', skus: [] }] }, '/conditions/0/skus'],
      [{ conditions: [{ kind: 'channel' }] }, '/conditions/0/channels'],
      [{ conditions: [{ kind: 'minimum-quantity', quantity: '3' }] }, '/conditions/0/quantity'],
      [{ conditions: Array.from({ length: 21 }, () => ({ kind: 'coupon' })) }, '/conditions'],
      [
        { startsAt: '2026-02-01T00:00:00Z', endsAt: '2026-02-01T00:00:00Z' },
        '/endsAt',
        'endsAt must be later than startsAt',
      ],
      [{ startsAt: 'tomorrow' }, '/startsAt'],
      [{ name: '' }, '/name'],
      [{ stackingGroup: 'a b' }, '/stackingGroup'],
      [{ cap: cny(-1) }, '/cap/amount'],
      [{ id: 'pro_x' }, '/id', 'unknown field'],
    ];
    for (const [rule, pointer, detail] of wrong) {
      const { status, body } = await world.call('POST', '/v1/promotions', { ...TEN_PERCENT, ...rule });
      expect([rule, status, body.errors?.[0]?.pointer]).toEqual([rule, 400, pointer]);
      if (detail) expect(body.errors[0].detail).toBe(detail);
    }
  });

  it('stopped in one process count in no other', async () => {
    const other = await startSecondProcess(world);
    try {
      const names = async (url: string): Promise<string[]> => {
        const { body } = await world.call('POST', `${url}/v1/promotions/dry-run`, {
          promotion: TEN_PERCENT,
          lines: [{ sku: 'SKU-1', quantity: 1 }],
          withActive: true,
        });
        return body.explanation.map(({ name }: Json) => name);
      };
      for (let round = 0; round < 5; round++) {
        const { id } = await create({ name: `Round ${round}` });
        expect(await names(other.url)).toContain(`Round ${round}`);
        await stop(id);
        expect(await names(other.url)).not.toContain(`Round ${round}`);
        expect(await names(world.url)).not.toContain(`Round ${round}`);
      }
    } finally {
      await other.stop();
    }
  });
});
