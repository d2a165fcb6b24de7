import { randomUUID } from 'node:crypto';
import { idOf } from '@tradewind/shared-kernel';
import { eventually } from '@tradewind/shared-kernel/testing';
import { aBasket, type Json, startSecondProcess, startWorld, type World } from './world';

const aCode = () => `C-${randomUUID().slice(0, 8)}`.toUpperCase();

describe('coupons over HTTP', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.stop());

  const aPromotion = async (rule: object = {}): Promise<string> => {
    const { body } = await world.call('POST', '/v1/promotions', {
      name: 'Ten percent for coupons',
      conditions: [{ kind: 'coupon' }],
      actions: [{ kind: 'order-percent', basisPoints: 1000 }],
      ...rule,
    });
    return body.id;
  };
  const create = (coupon: object) => world.call('POST', '/v1/coupons', coupon);

  it('are created, read in whatever case, and listed by code', async () => {
    const promotionId = await aPromotion();
    const made = await create({ code: 'spring-b', promotionId, totalLimit: 10, perBuyerLimit: 1 });
    const coupon = { code: 'SPRING-B', promotionId, totalLimit: 10, perBuyerLimit: 1, used: 0 };
    expect(made).toMatchObject({ status: 201, body: coupon });
    expect((await world.call('GET', '/v1/coupons/Spring-B')).body).toEqual(coupon);
    expect((await create({ code: 'SPRING-A', promotionId })).body).toMatchObject({
      totalLimit: null,
      perBuyerLimit: null,
    });
    const list = async (query: string): Promise<Json> =>
      (await world.call('GET', `/v1/coupons?promotionId=${promotionId}&limit=1${query}`)).body;
    const first = await list('');
    const second = await list(`&cursor=${first.nextCursor}`);
    expect([...first.data, ...second.data].map(({ code }: Json) => code)).toEqual(['SPRING-A', 'SPRING-B']);
    expect(second.nextCursor).toBeNull();
    expect((await list('&cursor=bm8')).code).toBe('invalid-cursor');
    expect((await world.call('GET', '/v1/coupons/NO-SUCH')).body.code).toBe('not-found');
  });

  it('are refused when their code is taken, or their promotion cannot use them', async () => {
    const promotionId = await aPromotion();
    const code = aCode();
    const replies = await Promise.all([
      create({ code, promotionId }),
      create({ code: code.toLowerCase(), promotionId }),
    ]);
    expect(replies.map(({ status }) => status).toSorted()).toEqual([201, 409]);
    expect((await create({ code, promotionId })).body.code).toBe('coupon-exists');
    const open = await aPromotion({ conditions: [], endsAt: '2020-01-01T00:00:00Z' });
    expect((await create({ code: aCode(), promotionId: open })).body.code).toBe('promotion-takes-no-coupon');
    await world.call('POST', `/v1/promotions/${promotionId}/stop`);
    expect((await create({ code: aCode(), promotionId })).body.code).toBe('promotion-stopped');
    const unknown = await create({ code: aCode(), promotionId: 'pro_01kc1xv8q1fwer8xv1wbq0z4zz' });
    expect(unknown).toMatchObject({ status: 404, body: { code: 'unknown-promotion' } });
  });

  it('are refused with a pointer to what is wrong with them', async () => {
    const promotionId = await aPromotion();
    const wrong: [object, string][] = [
      [{ code: 'AB' }, '/code'],
      [{ code: 'A B C' }, '/code'],
      [{ code: '春天春天' }, '/code'],
      [{ promotionId: 'ord_01kc1xv8q1fwer8xv1wbq0z4b1' }, '/promotionId'],
      [{ totalLimit: 0 }, '/totalLimit'],
      [{ perBuyerLimit: 1.5 }, '/perBuyerLimit'],
      [{ used: 1 }, '/used'],
    ];
    for (const [changes, pointer] of wrong) {
      const { status, body } = await create({ code: aCode(), promotionId, ...changes });
      expect([changes, status, body.errors?.[0]?.pointer]).toEqual([changes, 400, pointer]);
    }
  });

  const aCoupon = async (limits: object = {}, rule: object = {}): Promise<string> => {
    const code = aCode();
    expect((await create({ code, promotionId: await aPromotion(rule), ...limits })).status).toBe(201);
    return code;
  };
  const used = async (code: string): Promise<number> => (await world.call('GET', `/v1/coupons/${code}`)).body.used;
  const aBuyer = () => idOf('buy', randomUUID());
  const cancel = (id: string) =>
    world.call('POST', `/v1/orders/${id}/cancel`, { reason: 'changed my mind' }, { 'idempotency-key': randomUUID() });
  /** Orders that hold this coupon, as their rows tell. */
  const holders = async (code: string): Promise<string[]> => {
    const rows = await world.unitOfWork.query<{ id: string }>(
      'SELECT order_id AS id FROM trading.coupon_redemption WHERE code = $1 AND given_back_at IS NULL ORDER BY 1',
      [code],
    );
    return rows.map(({ id }) => idOf('ord', id));
  };

  it('with a limit of 10 go to exactly 10 of 200 checkouts at once', async () => {
    const code = await aCoupon({ totalLimit: 10 });
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        world.checkout({
          lines: [{ sku: `SKU-${(n % 7) + 1}`, quantity: 1 }],
          coupons: [n % 2 ? code : code.toLowerCase()],
        }),
      ),
    );
    const sold = replies.filter(({ status }) => status === 201).map(({ body }) => body.order);
    expect(sold).toHaveLength(10);
    for (const { subtotal, discount, total } of sold) {
      expect(discount.amount).toBe(Math.floor(subtotal.amount / 10 + 0.5));
      expect(total.amount).toBe(subtotal.amount - discount.amount);
    }
    const refused = replies.filter(({ status }) => status !== 201);
    expect(new Set(refused.map(({ status, body }) => `${status} ${body.code} ${body.retryable}`))).toEqual(
      new Set(['409 coupon-exhausted true']),
    );
    expect(refused[0]?.body.coupons).toEqual([{ code, limit: 'total' }]);
    expect(await used(code)).toBe(10);
    expect(await holders(code)).toEqual(sold.map(({ id }) => id).toSorted());
  });

  it('with a limit for each buyer are used no more often by any of them, in two processes at once', async () => {
    const code = await aCoupon({ perBuyerLimit: 2 });
    const buyers = Array.from({ length: 5 }, aBuyer);
    const other = await startSecondProcess(world);
    try {
      const replies = await Promise.all(
        Array.from({ length: 60 }, async (_, n) => {
          const buyerId = buyers[n % 5];
          const basket = { ...aBasket(), coupons: [code], buyerId };
          const key = { 'idempotency-key': randomUUID() };
          const { status } = await world.call('POST', `${n % 2 ? world.url : other.url}/v1/checkout`, basket, key);
          return { status, buyerId };
        }),
      );
      for (const buyer of buyers) {
        expect(replies.filter(({ status, buyerId }) => status === 201 && buyerId === buyer)).toHaveLength(2);
      }
      expect(replies.filter(({ status }) => status === 409)).toHaveLength(50);
      expect(await used(code)).toBe(10);
      const refused = await world.checkout({ coupons: [code], buyerId: buyers[0] });
      expect(refused.body.coupons).toEqual([{ code, limit: 'per-buyer' }]);
    } finally {
      await other.stop();
    }
  });

  it('come back when their order is cancelled, however often, and can be used again', async () => {
    const code = await aCoupon({ totalLimit: 1, perBuyerLimit: 1 });
    const buyerId = aBuyer();
    for (let round = 0; round < 5; round++) {
      const replies = await Promise.all(Array.from({ length: 4 }, () => world.checkout({ coupons: [code], buyerId })));
      const [sold] = replies.filter(({ status }) => status === 201);
      expect(replies.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409]);
      expect(await used(code)).toBe(1);
      await Promise.all([cancel(sold?.body.order.id), cancel(sold?.body.order.id)]);
      expect(await used(code)).toBe(0);
    }
  });

  it('come back when their order is not paid in time', async () => {
    const hasty = await startWorld({ HOLD_SECONDS: '1' });
    try {
      const { body } = await hasty.call('POST', '/v1/promotions', {
        name: 'Ten percent for coupons',
        conditions: [{ kind: 'coupon' }],
        actions: [{ kind: 'order-percent', basisPoints: 1000 }],
      });
      await hasty.call('POST', '/v1/coupons', { code: 'ONCE', promotionId: body.id, totalLimit: 1 });
      expect((await hasty.checkout({ coupons: ['ONCE'] })).status).toBe(201);
      await eventually(async () => (await hasty.call('GET', '/v1/coupons/ONCE')).body.used === 0);
      expect((await hasty.checkout({ coupons: ['ONCE'] })).status).toBe(201);
    } finally {
      await hasty.stop();
    }
  });

  it('are counted once for one key, however often it is sent', async () => {
    const code = await aCoupon({ totalLimit: 5 });
    const key = randomUUID();
    await Promise.all(Array.from({ length: 10 }, () => world.checkout({ coupons: [code, code.toLowerCase()] }, key)));
    expect(
      (await world.checkout({ coupons: [code, code.toLowerCase()] }, key)).headers.get('idempotent-replayed'),
    ).toBe('true');
    expect(await used(code)).toBe(1);
  });

  it('are not counted by a quote, nor by a checkout that is refused', async () => {
    const code = await aCoupon({ totalLimit: 1 });
    const { lines, shippingAddress } = aBasket();
    const quote = await world.call('POST', '/v1/quotes', { lines, shippingAddress, coupons: [code] });
    expect(quote.status).toBe(201);
    expect(quote.body.discount.amount).toBeGreaterThan(0);
    const short = await world.checkout({
      lines: [
        { sku: 'SKU-1', quantity: 100_000 },
        { sku: 'SKU-2', quantity: 100_000 },
      ],
      coupons: [code],
      paymentMethod: 'balance',
      buyerId: aBuyer(),
    });
    expect(short.status).toBe(422);
    expect(await used(code)).toBe(0);
  });

  it('that nobody knows, that make no difference, or that need a known buyer are refused', async () => {
    const refused = async (basket: object) => {
      const { status, body } = await world.checkout(basket);
      return [status, body.code, body.coupons];
    };
    expect(await refused({ coupons: ['no-such'] })).toEqual([422, 'unknown-coupon', ['NO-SUCH']]);
    const dear = await aCoupon({}, { conditions: [{ kind: 'coupon' }, { kind: 'minimum-quantity', quantity: 5 }] });
    const reasons = [{ code: 'minimum-quantity-not-reached', text: 'needs 5 units, has 1' }];
    expect(await refused({ coupons: [dear] })).toEqual([422, 'coupon-not-applicable', [{ code: dear, reasons }]]);
    const personal = await aCoupon({ perBuyerLimit: 1 });
    expect(await refused({ coupons: [personal] })).toEqual([
      422,
      'coupon-not-applicable',
      [{ code: personal, reasons: [expect.objectContaining({ code: 'buyer-unknown' })] }],
    ]);
    expect([await used(dear), await used(personal)]).toEqual([0, 0]);
  });
});
