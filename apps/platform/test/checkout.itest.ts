import { randomUUID } from 'node:crypto';
import { eventually } from '@tradewind/shared-kernel/testing';
import { DataSource } from 'typeorm';
import { aBasket, type Json, startSecondProcess, startWorld, type World } from './world';

describe('checkout over HTTP', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.stop());

  const aSku = async (onHand: number, amount = 500) => {
    const sku = `TEST-${randomUUID().slice(0, 8)}`;
    const put = await world.call('PUT', `/v1/skus/${sku}`, { name: 'Tea', price: { amount, currency: 'CNY' }, onHand });
    expect(put.status).toBe(201);
    return sku;
  };
  const count = async (table: string) => {
    const [row] = await world.unitOfWork.query<{ n: bigint }>(`SELECT count(*) AS n FROM ${table}`);
    return Number(row?.n);
  };

  it('sells exactly 100 units to 400 buyers at once', async () => {
    const sku = await aSku(100);
    const replies = await Promise.all(
      Array.from({ length: 400 }, () => world.checkout({ lines: [{ sku, quantity: 1 }] })),
    );
    expect(replies.filter((reply) => reply.status === 201)).toHaveLength(100);
    const refused = replies.filter((reply) => reply.status === 409);
    expect(refused).toHaveLength(300);
    expect(refused.every(({ body }) => body.code === 'insufficient-stock')).toBe(true);
    expect(refused[0]?.body.skus).toEqual([{ sku, requested: 1, available: expect.any(Number) }]);
    expect((await world.call('GET', `/v1/skus/${sku}`)).body).toMatchObject({
      onHand: 100,
      reserved: 100,
      available: 0,
    });
    const [row] = await world.unitOfWork.query<{ units: bigint }>(
      'SELECT sum(quantity) AS units FROM trading.order_line WHERE sku = $1',
      [sku],
    );
    expect(Number(row?.units)).toBe(100);
  });

  it('makes one order of 50 calls under one key', async () => {
    const sku = await aSku(100);
    const key = randomUUID();
    const basket = { lines: [{ sku, quantity: 1 }] };
    const replies = await Promise.all(Array.from({ length: 50 }, () => world.checkout(basket, key)));
    const ids = new Set(replies.filter((reply) => reply.status === 201).map(({ body }) => body.order.id));
    expect(ids.size).toBe(1);
    for (const reply of replies.filter((candidate) => candidate.status !== 201)) {
      expect(reply.body.code).toBe('request-in-progress');
      expect(reply.headers.get('retry-after')).toBe('1');
    }
    expect((await world.call('GET', `/v1/skus/${sku}`)).body.reserved).toBe(1);
    const again = await world.checkout(basket, key);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(ids.has(again.body.order.id)).toBe(true);
    const other = await world.checkout({ lines: [{ sku, quantity: 2 }] }, key);
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency-key-reused', retryable: false } });
  });

  it('knows a key again however the address is spelled', async () => {
    const key = randomUUID();
    const replies = [];
    for (const path of ['/v1/checkout', '/v1/%63heckout', '/v1/checkout?x=1']) {
      replies.push(await world.call('POST', path, aBasket(), { 'idempotency-key': key }));
    }
    expect(new Set(replies.map(({ body }) => body.order?.id)).size).toBe(1);
  });

  it('makes one order of one key in two processes at once', async () => {
    const other = await startSecondProcess(world);
    try {
      for (let round = 0; round < 15; round++) {
        const key = randomUUID();
        const basket = JSON.stringify(aBasket());
        const send = (url: string) => world.call('POST', `${url}/v1/checkout`, basket, { 'idempotency-key': key });
        const replies = await Promise.all([send(world.url), send(other.url)]);
        const ids = new Set(replies.map(({ body }) => body.order?.id));
        expect(replies.map(({ status }) => status)).toEqual([201, 201]);
        expect(ids.size).toBe(1);
      }
    } finally {
      await other.stop();
    }
  });

  it('lets checkouts and expiry of the same SKUs go on side by side', async () => {
    const busy = await startWorld({ HOLD_SECONDS: '1' });
    try {
      const skus = Array.from({ length: 12 }, (_, n) => `SKU-${n + 1}`);
      const some = () =>
        skus
          .toSorted(() => Math.random() - 0.5)
          .slice(0, 3)
          .map((sku) => ({ sku, quantity: 1 }));
      const buyers = Array.from({ length: 8 }, async () => {
        for (let n = 0; n < 25; n++) expect((await busy.checkout({ lines: some() })).status).toBe(201);
      });
      await Promise.all(buyers);
      await eventually(async () => {
        const { body } = await busy.call('GET', '/v1/orders?status=created&limit=1');
        return body.data.length === 0;
      });
      const [stock] = await busy.unitOfWork.query<{ reserved: bigint }>(
        'SELECT sum(reserved)::bigint AS reserved FROM trading.stock_item',
      );
      expect(stock?.reserved).toBe(0n);
      const [row] = await busy.unitOfWork.query<{ deadlocks: bigint }>(
        'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
      );
      expect(row?.deadlocks).toBe(0n);
    } finally {
      await busy.stop();
    }
  });

  it('expires the others although one order cannot be expired', async () => {
    const hasty = await startWorld({ HOLD_SECONDS: '1' });
    try {
      const bad = (await hasty.checkout({ lines: [{ sku: 'SKU-900', quantity: 1 }] })).body.order.id;
      await hasty.unitOfWork.query("UPDATE trading.stock_item SET reserved = 0 WHERE sku = 'SKU-900'");
      const good = (await hasty.checkout({ lines: [{ sku: 'SKU-1', quantity: 1 }] })).body.order.id;
      await eventually(async () => (await hasty.order(good)).status === 'cancelled');
      expect((await hasty.order(bad)).status).toBe('created');
    } finally {
      await hasty.stop();
    }
  });

  it('does not keep a refusal under its key', async () => {
    const sku = await aSku(0);
    const key = randomUUID();
    expect((await world.checkout({ lines: [{ sku, quantity: 1 }] }, key)).status).toBe(409);
    await world.call('PUT', `/v1/skus/${sku}`, { name: 'Tea', price: { amount: 500, currency: 'CNY' }, onHand: 1 });
    expect((await world.checkout({ lines: [{ sku, quantity: 1 }] }, key)).status).toBe(201);
  });

  it('answers an unknown SKU, a missing key and an unknown coupon with their codes and keeps nothing', async () => {
    const before = await count('trading.orders');
    expect(await world.checkout({ lines: [{ sku: 'NO-SUCH', quantity: 1 }] })).toMatchObject({
      status: 422,
      body: { code: 'unknown-sku', skus: ['NO-SUCH'] },
    });
    expect((await world.checkout({ coupons: ['FREE'] })).body.code).toBe('unknown-coupon');
    expect((await world.checkout({ paymentMethod: 'barter' })).body.code).toBe('unknown-payment-method');
    expect((await world.call('POST', '/v1/checkout', aBasket())).body.code).toBe('idempotency-key-missing');
    expect(await count('trading.orders')).toBe(before);
  });

  it('lowers no stock below what is reserved', async () => {
    const sku = await aSku(5);
    await world.checkout({ lines: [{ sku, quantity: 4 }] });
    const lowered = await world.call('PUT', `/v1/skus/${sku}`, {
      name: 'Tea',
      price: { amount: 1, currency: 'CNY' },
      onHand: 3,
    });
    expect(lowered).toMatchObject({ status: 409, body: { code: 'stock-reserved', reserved: 4 } });
    expect((await world.call('GET', `/v1/skus/${sku}`)).body).toMatchObject({ onHand: 5, price: { amount: 500 } });
  });

  it('lists orders newest first, page by page, by their filters', async () => {
    const sku = await aSku(100);
    const buyerId = 'buy_01h455vb4pex5vsknk084sn02q';
    const made: string[] = [];
    for (let n = 0; n < 5; n++)
      made.push((await world.checkout({ lines: [{ sku, quantity: 1 }], buyerId })).body.order.id);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Json = (await world.call('GET', `/v1/orders?sku=${sku}&limit=2${cursor ? `&cursor=${cursor}` : ''}`))
        .body;
      seen.push(...page.data.map((order: Json) => order.id));
      cursor = page.nextCursor;
    } while (cursor);
    expect(seen).toEqual(made.toReversed());
    const of = async (query: string) =>
      (await world.call('GET', `/v1/orders?limit=100&${query}`)).body.data.map((order: Json) => order.id);
    expect(await of(`buyerId=${buyerId}`)).toEqual(made.toReversed());
    expect(await of(`sku=${sku}&status=paid`)).toEqual([]);
    expect(await of(`sku=${sku}&from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z`)).toEqual([]);
    expect((await world.call('GET', '/v1/orders?cursor=bm8')).body.code).toBe('invalid-cursor');
    expect((await world.call('GET', '/v1/orders?limit=101')).status).toBe(400);
  });

  it('reads an order with its ETag', async () => {
    const { order } = (await world.checkout()).body;
    const read = await world.call('GET', `/v1/orders/${order.id}`);
    expect(read.headers.get('etag')).toBe('"1"');
    expect(read.body).toEqual(order);
    expect((await world.call('GET', `/v1/orders/${order.id}`, undefined, { 'if-none-match': '"1"' })).status).toBe(304);
    for (const id of ['ord_01h455vb4pex5vsknk084sn02q', 'nonsense', 'ord_%F0%9F%98%80']) {
      expect((await world.call('GET', `/v1/orders/${id}`)).body.code).toBe('unknown-order');
    }
  });

  it('answers in time or says that it did not, and the key tells what became of it', async () => {
    const slow = await startWorld({ TIME_BUDGET_MS: '50' });
    try {
      const blocker = slow.app.get(DataSource).createQueryRunner();
      await blocker.startTransaction();
      await blocker.query("SELECT FROM trading.stock_item WHERE sku = 'SKU-1' FOR UPDATE");
      const late = await slow.checkout({}, 'late');
      expect(late).toMatchObject({ status: 503, body: { code: 'deadline-exceeded', retryable: true } });
      await blocker.rollbackTransaction();
      await blocker.release();
      const told = await eventually(async () => {
        const reply = await slow.checkout({}, 'late');
        return reply.status === 201 && reply;
      });
      const { body } = await slow.call('GET', '/v1/orders');
      expect(body.data.map((order: Json) => order.id)).toEqual([told.body.order.id]);
    } finally {
      await slow.stop();
    }
  });
});
