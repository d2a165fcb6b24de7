import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { eventually } from '@tradewind/shared-kernel/testing';
import { aBasket, type Reply, startSecondProcess, startWorld, type World } from './world';

const aBuyer = () => ({ buyerId: randomUUID() });
const statuses = (replies: Reply[]) => replies.map(({ status }) => status).toSorted();

describe('rate limits over HTTP', () => {
  let world: World;
  let second: { url: string; stop: () => Promise<void> };
  beforeAll(async () => {
    world = await startWorld({
      ADDRESS_REQUESTS_PER_MINUTE: '100000',
      KEY_REQUESTS_PER_MINUTE: '5',
      BUYER_CHECKOUTS_PER_MINUTE: '10',
      BUYER_COUPON_ATTEMPTS_PER_MINUTE: '5',
      TRUSTED_PROXIES: 'loopback',
    });
    second = await startSecondProcess(world);
  });
  afterAll(async () => {
    await second.stop();
    await world.stop();
  });

  const checkout = (basket: object, url = world.url) =>
    world.call('POST', `${url}/v1/checkout`, { ...aBasket(), ...basket }, { 'idempotency-key': randomUUID() });

  it('let a buyer check out ten times a minute at two processes, and others as they like', async () => {
    const buyer = aBuyer();
    const replies = await Promise.all(
      Array.from({ length: 40 }, (_, index) => checkout(buyer, index % 2 ? world.url : second.url)),
    );
    const served = replies.filter(({ status }) => status === 201).length;
    const refused = replies.filter(({ status }) => status === 429);
    expect(served + refused.length).toBe(40);
    // Each of the processes may have taken one token ahead that nobody came for.
    expect(served).toBeLessThanOrEqual(10);
    expect(served).toBeGreaterThanOrEqual(8);
    expect(refused[0]?.body).toMatchObject({
      code: 'rate-limited',
      retryable: true,
      limit: 'buyer-checkouts',
      retryAfterSeconds: expect.any(Number),
    });
    expect((await checkout(aBuyer())).status).toBe(201);
    expect((await checkout({})).status).toBe(201);

    const seconds = Number(refused[0]?.headers.get('retry-after'));
    expect(seconds).toBe(refused[0]?.body.retryAfterSeconds);
    await wait(seconds * 1000);
    expect((await checkout(buyer)).status).toBe(201);
  });

  it('let nobody find out coupon codes by trying', async () => {
    const buyer = aBuyer();
    const tries = await Promise.all(
      Array.from({ length: 12 }, (_, index) => checkout({ ...buyer, coupons: [`GUESS-${index}`] })),
    );
    expect(tries.filter(({ body }) => body.code === 'unknown-coupon')).toHaveLength(5);
    expect(tries.filter(({ body }) => body.code === 'rate-limited' && body.limit === 'buyer-coupons')).toHaveLength(7);
    expect((await checkout(buyer)).status).toBe(201);
    const quoted = await world.call('POST', '/v1/quotes', { lines: aBasket().lines, ...buyer, coupons: ['GUESS'] });
    expect(quoted).toMatchObject({ status: 429, body: { code: 'rate-limited', limit: 'buyer-coupons' } });
  });

  it('know an API key at every process, and watch the process itself without one', async () => {
    const headers = { 'x-api-key': randomUUID() };
    const read = (path: string, url = world.url) => world.call('GET', `${url}${path}`, undefined, headers);
    const replies = await Promise.all(
      Array.from({ length: 12 }, (_, index) => read('/v1/skus/SKU-1', index % 2 ? world.url : second.url)),
    );
    expect(statuses(replies)).toEqual([...Array(5).fill(200), ...Array(7).fill(429)]);
    // Should a token have come back meanwhile, this spends it.
    const refused = await eventually(async () => {
      const reply = await read('/v1/nothing');
      return reply.status === 429 && reply;
    });
    expect(refused.body).toMatchObject({ code: 'rate-limited', limit: 'api-key' });
    for (const path of ['/health/live', '/health/ready', '/metrics']) expect((await read(path)).status).toBe(200);
    expect((await world.call('GET', '/v1/skus/SKU-1')).status).toBe(200);
    const kept = await world.unitOfWork.query<{ key: string }>('SELECT key FROM http.rate_bucket');
    expect(JSON.stringify(kept)).not.toContain(headers['x-api-key']);
  });

  it('know a caller behind a trusted proxy by its own address, and a caller that is no proxy by the connection', async () => {
    const few = await startWorld({ ADDRESS_REQUESTS_PER_MINUTE: '3', TRUSTED_PROXIES: '127.0.0.1' });
    const wary = await startWorld({ ADDRESS_REQUESTS_PER_MINUTE: '3' });
    try {
      const from = (at: World, address: string) =>
        at.call('GET', '/v1/skus/SKU-1', undefined, { 'x-forwarded-for': address });
      const four = (at: World, address: string) => Promise.all(Array.from({ length: 4 }, () => from(at, address)));
      expect(statuses(await four(few, '192.0.2.1'))).toEqual([200, 200, 200, 429]);
      expect(statuses(await four(few, '192.0.2.2'))).toEqual([200, 200, 200, 429]);
      expect(statuses(await four(few, '2001:db8::1'))).toEqual([200, 200, 200, 429]);
      expect((await from(few, '2001:db8::2')).status).toBe(429);
      expect(statuses(await four(wary, '192.0.2.1'))).toEqual([200, 200, 200, 429]);
      expect((await from(wary, '192.0.2.2')).status).toBe(429);
    } finally {
      await few.stop();
      await wary.stop();
    }
  });
});
