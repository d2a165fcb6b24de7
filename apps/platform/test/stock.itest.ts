import { randomUUID } from 'node:crypto';
import { type Json, startWorld, type World } from './world';

describe('stock over HTTP', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.stop());

  const put = (sku: string, onHand: number, more: object = {}) =>
    world.call('PUT', `/v1/skus/${sku}`, { name: 'Tea', price: { amount: 500, currency: 'CNY' }, onHand, ...more });
  const aSku = async (onHand: number, more: object = {}): Promise<string> => {
    const sku = `TEST-${randomUUID().slice(0, 8)}`;
    expect((await put(sku, onHand, more)).status).toBe(201);
    return sku;
  };
  const buy = async (sku: string, quantity: number): Promise<string> =>
    (await world.checkout({ lines: [{ sku, quantity }] })).body.order.id;
  const post = (path: string, body: object, key: string = randomUUID()) =>
    world.call('POST', `/v1/skus/${path}`, body, { 'idempotency-key': key });
  const cancel = (order: string) =>
    world.call('POST', `/v1/orders/${order}/cancel`, { reason: 'short' }, { 'idempotency-key': randomUUID() });
  const kinds = async (sku: string): Promise<string[]> =>
    (await world.call('GET', `/v1/skus/${sku}/movements`)).body.data.map(
      ({ kind, quantity }: Json) => `${kind} ${quantity}`,
    );
  const told = async (sku: string): Promise<string[]> => {
    const rows = await world.unitOfWork.query<{ type: string; version: number }>(
      'SELECT type, aggregate_version AS version FROM messaging.event_log WHERE aggregate_id = $1 ORDER BY aggregate_version',
      [sku],
    );
    expect(rows.map(({ version }) => version)).toEqual(rows.map((_, index) => index + 1));
    return rows.map(({ type }) => type.replace(/^trading.stock-(.*).v1$/, '$1'));
  };

  it('writes what people receive and put right, with who said why', async () => {
    const sku = await aSku(10);
    const received = await post(`${sku}/receipts`, { quantity: 5, reference: 'note 4711' });
    expect(received).toMatchObject({ status: 201, body: { sku, onHand: 15, reserved: 0, available: 15, missing: 0 } });
    const adjusted = await post(`${sku}/adjustments`, { delta: -2, reason: 'two broke' });
    expect(adjusted.body).toMatchObject({ onHand: 13 });
    await put(sku, 20);
    expect(await kinds(sku)).toEqual(['adjust 7', 'adjust -2', 'receive 5', 'adjust 10']);
    const [, broke, receipt] = (await world.call('GET', `/v1/skus/${sku}/movements`)).body.data;
    expect(broke).toMatchObject({ deltaOnHand: -2, deltaReserved: 0, reason: 'two broke', actor: 'anonymous' });
    expect(broke.requestId).toMatch(/^req_/);
    expect(receipt).toMatchObject({ deltaOnHand: 5, reference: 'note 4711', orderId: null });
  });

  it('moves stock once for one key', async () => {
    const sku = await aSku(10);
    const key = randomUUID();
    const first = await post(`${sku}/receipts`, { quantity: 5 }, key);
    const again = await post(`${sku}/receipts`, { quantity: 5 }, key);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await kinds(sku)).toEqual(['receive 5', 'adjust 10']);
  });

  it('lists the movements of a SKU newest first, page by page, each with its order', async () => {
    const sku = await aSku(10);
    const orders = [await buy(sku, 1), await buy(sku, 2), await buy(sku, 3)];
    const seen: Json[] = [];
    let cursor: string | null = null;
    do {
      const page: Json = await world.call(
        'GET',
        `/v1/skus/${sku}/movements?limit=2${cursor ? `&cursor=${cursor}` : ''}`,
      );
      seen.push(...page.body.data);
      cursor = page.body.nextCursor;
    } while (cursor);
    expect(seen.map(({ orderId }) => orderId)).toEqual([...orders.toReversed(), null]);
    expect(seen[0]).toMatchObject({ kind: 'hold', quantity: 3, deltaOnHand: 0, deltaReserved: 3, reason: null });
    expect((await world.call('GET', `/v1/skus/${sku}/movements?cursor=bm8`)).body.code).toBe('invalid-cursor');
    expect((await world.call('GET', '/v1/skus/NO-SUCH/movements')).status).toBe(404);
  });

  it('lists SKUs in their order, page by page', async () => {
    const first = await world.call('GET', '/v1/skus?limit=2');
    const next = await world.call('GET', `/v1/skus?limit=2&cursor=${first.body.nextCursor}`);
    const skus = [...first.body.data, ...next.body.data].map(({ sku }: Json) => sku);
    expect(skus).toEqual(['SKU-1', 'SKU-10', 'SKU-100', 'SKU-1000']);
    expect(first.body.data[0]).toEqual((await world.call('GET', '/v1/skus/SKU-1')).body);
    expect((await world.call('GET', '/v1/skus?cursor=bm8')).body.code).toBe('invalid-cursor');
  });

  it('refuses to take reserved units, to miss more than there is, and to count beyond what JSON carries', async () => {
    const sku = await aSku(5);
    await buy(sku, 4);
    expect(await post(`${sku}/adjustments`, { delta: -2, reason: 'moved' })).toMatchObject({
      status: 409,
      body: { code: 'stock-reserved', sku, onHand: 5, reserved: 4, available: 1 },
    });
    expect(await post(`${sku}/shortfalls`, { quantity: 6, reason: 'lost' })).toMatchObject({
      status: 422,
      body: { code: 'shortfall-exceeds-stock', onHand: 5 },
    });
    const full = await aSku(Number.MAX_SAFE_INTEGER);
    expect((await post(`${full}/receipts`, { quantity: 1 })).body.code).toBe('too-many-units');
    expect(await kinds(sku)).toEqual(['hold 4', 'adjust 5']);
  });

  it('refuses what is malformed, and moves nothing without a key', async () => {
    const sku = await aSku(5);
    for (const [path, body] of [
      ['adjustments', { delta: 0, reason: 'x' }],
      ['adjustments', { delta: 1.5, reason: 'x' }],
      ['adjustments', { delta: 1 }],
      ['adjustments', { delta: 1, reason: '' }],
      ['receipts', { quantity: 0 }],
      ['receipts', { quantity: '5' }],
      ['receipts', { quantity: 1, colour: 'red' }],
      ['shortfalls', { quantity: -1, reason: 'x' }],
    ] as const) {
      expect((await post(`${sku}/${path}`, body)).status).toBe(400);
    }
    const keyless = await world.call('POST', `/v1/skus/${sku}/receipts`, { quantity: 1 });
    expect(keyless.body.code).toBe('idempotency-key-missing');
    expect((await post('NO-SUCH/receipts', { quantity: 1 })).body.code).toBe('not-found');
    expect((await put(sku, 5, { lowAt: -1 })).status).toBe(400);
    expect(await kinds(sku)).toEqual(['adjust 5']);
  });

  it('sells nothing that was not found: free units go at once, reserved ones as soon as no order holds them', async () => {
    const sku = await aSku(10);
    const [kept, given] = [await buy(sku, 5), await buy(sku, 3)];
    const short = await post(`${sku}/shortfalls`, { quantity: 4, reason: 'yearly count' });
    expect(short).toMatchObject({ status: 201, body: { onHand: 8, reserved: 8, available: 0, missing: 2 } });
    expect(short.body.affectedOrders).toEqual([
      { orderId: given, status: 'created' },
      { orderId: kept, status: 'created' },
    ]);
    expect((await cancel(given)).status).toBe(200);
    expect((await world.call('GET', `/v1/skus/${sku}`)).body).toMatchObject({ onHand: 6, available: 1, missing: 0 });
    expect((await kinds(sku)).slice(0, 4)).toEqual(['shortfall 2', 'release 3', 'missing 2', 'shortfall 2']);
  });

  it('tells once that units are few, that there are none, and that they are back', async () => {
    const sku = await aSku(30, { lowAt: 20 });
    expect(await told(sku)).toEqual([]);
    await Promise.all(Array.from({ length: 15 }, () => buy(sku, 1)));
    expect(await told(sku)).toEqual(['low']);
    const last = await buy(sku, 15);
    expect(await told(sku)).toEqual(['low', 'out']);
    await cancel(last);
    expect(await told(sku)).toEqual(['low', 'out', 'back']);
    await post(`${sku}/receipts`, { quantity: 100 });
    await post(`${sku}/receipts`, { quantity: 100 });
    expect(await told(sku)).toEqual(['low', 'out', 'back', 'back']);
  });

  it('tells a hot SKU that sells out of each level once, however many buy at once', async () => {
    const sku = await aSku(100);
    await Promise.allSettled(Array.from({ length: 150 }, () => buy(sku, 1)));
    expect(await told(sku)).toEqual(['low', 'out']);
  });

  it('explains the counts of every SKU, those of the demo among them', async () => {
    const rows = await world.unitOfWork.query(
      `SELECT s.sku FROM trading.stock_item s
         LEFT JOIN (SELECT sku, sum(delta_on_hand) AS on_hand, sum(delta_reserved) AS reserved
                      FROM trading.stock_movement GROUP BY sku) AS m USING (sku)
        WHERE (s.on_hand, s.reserved) IS DISTINCT FROM (coalesce(m.on_hand, 0), coalesce(m.reserved, 0))`,
    );
    expect(rows).toEqual([]);
  });
});
