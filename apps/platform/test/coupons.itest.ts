import { randomUUID } from 'node:crypto';
import { type Json, startWorld, type World } from './world';

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
    const open = await aPromotion({ conditions: [] });
    expect((await create({ code: aCode(), promotionId: open })).body.code).toBe('promotion-takes-no-coupon');
    await world.call('POST', `/v1/promotions/${promotionId}/stop`);
    expect((await create({ code: aCode(), promotionId })).body.code).toBe('promotion-stopped');
    const unknown = await create({ code: aCode(), promotionId: 'pro_01kc1xv8q1fwer8xv1wbq0z4b1' });
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
});
