import { randomUUID } from 'node:crypto';
import { eventually } from '@tradewind/shared-kernel/testing';
import { type Json, startWorld, type World } from './world';

describe('the ledgers of buyers over HTTP', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.stop());

  let members = 7000;
  const aBuyer = async (level = 0): Promise<string> => {
    const profile = { memberNumber: String(++members), nickname: 'Ada', level };
    const { status, body } = await world.call('PUT', `/v1/buyers/${randomUUID()}`, profile);
    expect(status).toBe(201);
    return body.id;
  };
  const buyer = async (id: string): Promise<Json> => (await world.call('GET', `/v1/buyers/${id}`)).body;
  const post = (path: string, body: object, key: string = randomUUID()) =>
    world.call('POST', path, body, { 'idempotency-key': key });
  const adjust = (id: string, points: number, key?: string) =>
    post(`/v1/buyers/${id}/points`, { points, reason: 'welcome gift' }, key);
  const credit = (id: string, amount: number, key?: string, currency = 'CNY') =>
    post(`/v1/buyers/${id}/balance/credits`, { amount: { amount, currency }, reason: 'gift card' }, key);
  const lines = async (id: string, ledger: string): Promise<Json[]> =>
    (await world.call('GET', `/v1/buyers/${id}/${ledger}?limit=100`)).body.data;

  const aSku = async (amount: number): Promise<string> => {
    const sku = `LEDGER-${randomUUID().slice(0, 8)}`;
    await world.call('PUT', `/v1/skus/${sku}`, { name: 'Tea', price: { amount, currency: 'CNY' }, onHand: 100 });
    return sku;
  };
  const deliver = async (orderId: string): Promise<void> => {
    const waybill = await world.waybillOf(orderId);
    await world.scan(waybill, { code: '50' });
    await world.scan(waybill, { code: '80' });
    await eventually(async () => (await world.order(orderId)).status === 'delivered');
  };
  const aDeliveredOrder = async (buyerId: string, price: number): Promise<string> => {
    const { order } = await world.aPaidOrder({ buyerId, lines: [{ sku: await aSku(price), quantity: 1 }] });
    await deliver(order.id);
    return order.id;
  };
  const refund = async (orderId: string, amount?: number): Promise<Json> => {
    const part = amount === undefined ? {} : { amount: { amount, currency: 'CNY' } };
    const { status, body } = await post('/v1/refunds', { orderId, ...part, reason: 'broken' });
    expect(status).toBe(201);
    return body;
  };
  const points = (id: string, expected: number) => eventually(async () => (await buyer(id)).points === expected);

  it('Points are an append-only ledger: earned when delivered, taken back in proportion on refund', async () => {
    const id = await aBuyer();
    const orderId = await aDeliveredOrder(id, 10_099);
    await points(id, 100);
    const { id: first } = await refund(orderId, 5000);
    await points(id, 51);
    await refund(orderId, 99);
    await points(id, 50);
    await refund(orderId);
    await points(id, 0);
    expect(await lines(id, 'points')).toMatchObject([
      { kind: 'taken-back', points: -50, orderId },
      { kind: 'taken-back', points: -1, orderId },
      { kind: 'taken-back', points: -49, orderId, refundId: first },
      { kind: 'earned', points: 100, orderId, refundId: null },
    ]);
    await expect(world.unitOfWork.query('UPDATE trading.point_entry SET points = 7')).rejects.toThrow('append-only');
    await expect(world.unitOfWork.query('DELETE FROM trading.balance_entry')).rejects.toThrow('append-only');
  });

  it('gives points back when a refund that had succeeded fails later', async () => {
    const id = await aBuyer();
    const orderId = await aDeliveredOrder(id, 10_000);
    await points(id, 100);
    await world.faults({ target: 'gateway.refund', kind: 'fail-later', ms: 50 });
    await refund(orderId, 2500);
    await eventually(async () => (await lines(id, 'points')).length === 3);
    expect((await lines(id, 'points')).map(({ kind, points: change }: Json) => [kind, change])).toEqual([
      ['given-back', 25],
      ['taken-back', -25],
      ['earned', 100],
    ]);
    expect((await buyer(id)).points).toBe(100);
  });

  it('earns nothing for what was refunded before the delivery', async () => {
    const id = await aBuyer();
    const { order } = await world.aPaidOrder({ buyerId: id, lines: [{ sku: await aSku(10_000), quantity: 1 }] });
    await refund(order.id, 4000);
    await deliver(order.id);
    await points(id, 60);
  });

  it('keeps points for a buyer who is registered later', async () => {
    const uuid = randomUUID();
    await aDeliveredOrder(uuid, 10_000);
    const registered = await eventually(async () => {
      const { body } = await world.call('PUT', `/v1/buyers/${uuid}`, { memberNumber: '6999', nickname: 'Ada' });
      return body.points === 100 && body;
    });
    expect(await lines(registered.id, 'points')).toHaveLength(1);
  });

  it('adds and takes points once for each key, also below 0, and shows the badge that follows', async () => {
    const id = await aBuyer(3);
    const [first, ...others] = await Promise.all(Array.from({ length: 8 }, () => adjust(id, 5001, 'five')));
    for (const reply of [first, ...others] as Json[]) {
      expect(reply.status === 201 || reply.body.code === 'request-in-progress').toBe(true);
    }
    expect((await adjust(id, 5001, 'five')).headers.get('idempotent-replayed')).toBe('true');
    expect((await buyer(id)).badge).toEqual({ name: 'gold', rule: 'A1' });
    expect((await adjust(id, -6000)).body).toMatchObject({ kind: 'adjusted', points: -6000, reason: 'welcome gift' });
    expect(await buyer(id)).toMatchObject({ points: -999, badge: { name: 'silver', rule: 'A2' } });
    expect(await adjust(id, 0)).toMatchObject({ status: 400, body: { code: 'nothing-to-record' } });
    expect((await adjust(id, 0.5)).body.code).toBe('invalid-request');
    expect((await adjust(randomUUID(), 1)).body.code).toBe('unknown-buyer');
    expect((await world.call('POST', `/v1/buyers/${id}/points`, { points: 1, reason: 'x' })).body.code).toBe(
      'idempotency-key-missing',
    );
  });

  it('puts money into store once for each key, in each currency', async () => {
    const id = await aBuyer();
    const replies = await Promise.all(Array.from({ length: 8 }, () => credit(id, 700, 'seven')));
    expect(replies.some(({ status }) => status === 201)).toBe(true);
    await Promise.all([...Array.from({ length: 8 }, () => credit(id, 100)), credit(id, 5, undefined, 'JPY')]);
    expect((await world.call('GET', `/v1/buyers/${id}/balance`)).body).toEqual({
      data: [
        { amount: 1500, currency: 'CNY' },
        { amount: 5, currency: 'JPY' },
      ],
    });
    expect(await lines(id, 'balance/entries')).toHaveLength(10);
    expect((await credit(id, 0)).body.code).toBe('nothing-to-record');
    expect((await credit(id, -5)).body.code).toBe('invalid-request');
    expect(await credit(id, Number.MAX_SAFE_INTEGER)).toMatchObject({
      status: 422,
      body: { code: 'amount-too-large' },
    });
    expect((await credit(randomUUID(), 5)).body.code).toBe('unknown-buyer');
    expect((await world.call('GET', `/v1/buyers/${randomUUID()}/balance`)).body.code).toBe('unknown-buyer');
  });

  it('shows a ledger page by page', async () => {
    const id = await aBuyer();
    for (const amount of [1, 2, 3]) await credit(id, amount);
    const first = (await world.call('GET', `/v1/buyers/${id}/balance/entries?limit=2`)).body;
    const second = (await world.call('GET', `/v1/buyers/${id}/balance/entries?limit=2&cursor=${first.nextCursor}`))
      .body;
    expect([...first.data, ...second.data].map(({ amount }: Json) => amount.amount)).toEqual([3, 2, 1]);
    expect(second.nextCursor).toBeNull();
    expect((await world.call('GET', `/v1/buyers/${id}/points?cursor=bm8`)).body.code).toBe('invalid-cursor');
  });
});
