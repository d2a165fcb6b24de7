import { randomInt, randomUUID } from 'node:crypto';
import { eventually } from '@tradewind/shared-kernel/testing';
import { aBasket, type Json, startSecondProcess, startWorld, type World } from './world';

const PRICE = 700;

describe('paying from the balance over HTTP', () => {
  let world: World;
  let other: Awaited<ReturnType<typeof startSecondProcess>>;
  let sku: string;
  beforeAll(async () => {
    world = await startWorld();
    other = await startSecondProcess(world);
    sku = await aSku('BALANCE-1', 1_000_000);
  });
  afterAll(async () => {
    await other.stop();
    await world.stop();
  });

  const aSku = async (name: string, onHand: number, amount = PRICE): Promise<string> => {
    await world.call('PUT', `/v1/skus/${name}`, { name: 'Tea', price: { amount, currency: 'CNY' }, onHand });
    return name;
  };
  let members = 9000;
  const aBuyerWith = async (amount: number): Promise<string> => {
    const profile = { memberNumber: String(++members), nickname: 'Ada' };
    const { body } = await world.call('PUT', `/v1/buyers/${randomUUID()}`, profile);
    if (amount > 0) expect((await credit(body.id, amount)).status).toBe(201);
    return body.id;
  };
  const post = (path: string, body: object, url = world.url) =>
    world.call('POST', `${url}${path}`, body, { 'idempotency-key': randomUUID() });
  const credit = (id: string, amount: number, url?: string) =>
    post(`/v1/buyers/${id}/balance/credits`, { amount: { amount, currency: 'CNY' }, reason: 'top-up' }, url);
  const buy = (buyerId: string | undefined, changes: object = {}, url?: string) =>
    post(
      '/v1/checkout',
      { ...aBasket(), lines: [{ sku, quantity: 1 }], paymentMethod: 'balance', buyerId, ...changes },
      url,
    );
  const balance = async (id: string): Promise<number> =>
    (await world.call('GET', `/v1/buyers/${id}/balance`)).body.data[0]?.amount ?? 0;
  const lines = async (id: string): Promise<Json[]> =>
    (await world.call('GET', `/v1/buyers/${id}/balance/entries?limit=100`)).body.data;
  /** Accounts that are not the sum of their lines, and payments without an order or the other way round. */
  const wrong = () =>
    world.unitOfWork.query(
      `SELECT 'sum' AS what, buyer_id AS id FROM trading.balance_account a
        WHERE balance <> (SELECT coalesce(sum(amount), 0) FROM trading.balance_entry e
                           WHERE e.buyer_id = a.buyer_id AND e.currency = a.currency)
       UNION ALL
       SELECT 'payment', p.id FROM trading.payment p FULL JOIN
              (SELECT * FROM trading.balance_entry WHERE kind = 'payment') e ON e.payment_id = p.id
        WHERE (p.gateway = 'balance' OR p.id IS NULL) AND p.captured IS DISTINCT FROM coalesce(-e.amount, 0)
       UNION ALL
       SELECT 'refund', p.id FROM trading.payment p
        WHERE p.gateway = 'balance' AND p.refund_pending = 0
          AND p.refunded <> (SELECT coalesce(sum(amount), 0) FROM trading.balance_entry e
                              WHERE e.payment_id = p.id AND e.kind = 'refund')`,
    );

  it('`balance` pays from the buyer’s stored value: an append-only ledger', async () => {
    const id = await aBuyerWith(1000);
    const { status, body } = await buy(id);
    expect({ status, ...body }).toMatchObject({
      status: 201,
      order: { status: 'paid', paymentStatus: 'paid', buyerId: id, total: { amount: PRICE } },
      payment: { status: 'paid', amount: { amount: PRICE, currency: 'CNY' } },
    });
    expect(body.payment.redirectUrl).toBeUndefined();
    expect(await world.order(body.order.id)).toEqual(body.order);
    expect(await balance(id)).toBe(300);
    expect(await lines(id)).toMatchObject([
      { kind: 'payment', amount: { amount: -PRICE, currency: 'CNY' }, orderId: body.order.id },
      { kind: 'credit', amount: { amount: 1000, currency: 'CNY' }, orderId: null },
    ]);
    expect(await world.waybillOf(body.order.id)).toMatchObject({ carrier: 'SF' });
  });

  it('too little → the refusal `insufficient-balance`, with what is available, and nothing is kept', async () => {
    const id = await aBuyerWith(699);
    const short = await aSku('BALANCE-FEW', 1);
    expect(await buy(id, { lines: [{ sku: short, quantity: 1 }] })).toMatchObject({
      status: 422,
      body: {
        code: 'insufficient-balance',
        retryable: false,
        available: { amount: 699, currency: 'CNY' },
        required: { amount: PRICE, currency: 'CNY' },
      },
    });
    expect((await world.call('GET', `/v1/skus/${short}`)).body).toMatchObject({ reserved: 0, available: 1 });
    expect(await balance(id)).toBe(699);
    expect((await world.call('GET', `/v1/orders?buyerId=${id}`)).body.data).toEqual([]);
    expect((await buy(randomUUID())).body).toMatchObject({ code: 'insufficient-balance', available: { amount: 0 } });
  });

  it('needs a buyer, captures at once and hears no callbacks', async () => {
    expect(await buy(undefined)).toMatchObject({ status: 422, body: { code: 'buyer-required' } });
    const id = await aBuyerWith(PRICE);
    expect((await buy(id, { capture: 'manual' })).body.code).toBe('manual-capture-not-offered');
    expect((await world.call('POST', '/v1/payments/callbacks/balance', {})).body.code).toBe('unknown-gateway');
    expect((await buy(id, { lines: [{ sku, quantity: 1 }], paymentMethod: 'credit' })).body.code).toBe(
      'unknown-payment-method',
    );
  });

  it('takes nothing for a basket that is short of stock', async () => {
    const id = await aBuyerWith(PRICE * 5);
    const short = await aSku('BALANCE-NONE', 0);
    expect((await buy(id, { lines: [{ sku: short, quantity: 1 }] })).body.code).toBe('insufficient-stock');
    expect(await balance(id)).toBe(PRICE * 5);
  });

  it('sells what costs nothing to a buyer who has nothing', async () => {
    const id = await aBuyerWith(0);
    const free = await aSku('BALANCE-FREE', 10, 0);
    expect((await buy(id, { lines: [{ sku: free, quantity: 1 }] })).body.order).toMatchObject({ status: 'paid' });
    expect(await lines(id)).toEqual([]);
  });

  it('gives refunds and cancelled orders back to the balance, once', async () => {
    const id = await aBuyerWith(PRICE * 2);
    const [first, second] = [(await buy(id)).body.order.id, (await buy(id)).body.order.id];
    expect(await balance(id)).toBe(0);
    const part = { orderId: first, amount: { amount: 200, currency: 'CNY' }, reason: 'late' };
    const asked = await Promise.all(
      [part, part, { orderId: first, reason: 'rest' }].map((body) => post('/v1/refunds', body)),
    );
    const refunds = asked.filter(({ status }) => status === 201).map(({ body }) => body);
    expect(refunds.length).toBeGreaterThan(0);
    expect((await post(`/v1/orders/${second}/cancel`, { reason: 'no' })).status).toBe(200);
    await eventually(async () => (await world.order(second)).paymentStatus === 'refunded');
    for (const { id: refundId } of refunds) {
      await eventually(async () => (await world.call('GET', `/v1/refunds/${refundId}`)).body.status === 'success');
    }
    const given = refunds.reduce((sum, { amount }) => sum + (amount.amount as number), 0);
    expect(await balance(id)).toBe(PRICE + given);
    expect(await wrong()).toEqual([]);
  });

  it('pays exactly 7 of 50 checkouts at once with money for 7', async () => {
    const id = await aBuyerWith(PRICE * 7 + 1);
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, n) => buy(id, {}, n % 2 === 0 ? world.url : other.url)),
    );
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(7);
    const refused = replies.filter(({ status }) => status !== 201);
    expect(new Set(refused.map(({ body }) => body.code))).toEqual(new Set(['insufficient-balance']));
    expect(await balance(id)).toBe(1);
    expect((await world.call('GET', `/v1/orders?buyerId=${id}&limit=100&status=paid`)).body.data).toHaveLength(7);
    expect(await wrong()).toEqual([]);
  });

  it('adds up after 200 rounds of checkouts, top-ups, refunds and cancellations at once, in two processes', async () => {
    const urls = [world.url, other.url];
    const anywhere = () => urls[randomInt(2)] as string;
    const round = async () => {
      const affordable = randomInt(4);
      const id = await aBuyerWith(PRICE * affordable + randomInt(PRICE));
      const topUps = randomInt(2);
      const [replies] = await Promise.all([
        Promise.all(Array.from({ length: affordable + 1 + randomInt(3) }, () => buy(id, {}, anywhere()))),
        Promise.all(Array.from({ length: topUps }, () => credit(id, PRICE, anywhere()))),
      ]);
      const paid = replies.filter(({ status }) => status === 201).map(({ body }) => body.order.id as string);
      expect(paid.length).toBeGreaterThanOrEqual(Math.min(affordable, replies.length));
      expect(paid.length).toBeLessThanOrEqual(affordable + topUps);
      const [orderId] = paid;
      if (!orderId || randomInt(2) === 0) return;
      const amount = { amount: 1 + randomInt(PRICE), currency: 'CNY' };
      await Promise.all([
        post('/v1/refunds', { orderId, amount, reason: 'late' }, anywhere()),
        post('/v1/refunds', { orderId, reason: 'broken' }, anywhere()),
        post(`/v1/orders/${orderId}/cancel`, { reason: 'no' }, anywhere()),
      ]);
    };
    for (let rounds = 0; rounds < 200; rounds += 10) await Promise.all(Array.from({ length: 10 }, round));
    await eventually(async () => {
      const open = await world.unitOfWork.query('SELECT FROM trading.payment WHERE refund_pending > 0 LIMIT 1');
      return open.length === 0;
    });
    expect(await wrong()).toEqual([]);
    const [row] = await world.unitOfWork.query<{ deadlocks: bigint }>(
      'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
    );
    expect(row?.deadlocks).toBe(0n);
  }, 180_000);
});
