import { randomUUID } from 'node:crypto';
import { idOf } from '@tradewind/shared-kernel';
import { type Json, startWorld, type World } from './world';

describe('buyers over HTTP', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.stop());

  let members = 5000;
  const put = (id: string, changes: object = {}) =>
    world.call('PUT', `/v1/buyers/${id}`, { memberNumber: String(++members), nickname: 'Ada', level: 1, ...changes });
  const aBuyer = async (changes: object = {}): Promise<Json> => {
    const { status, body } = await put(randomUUID(), changes);
    expect(status).toBe(201);
    return body;
  };

  it('registers a buyer by UUID or buy_… and replaces the profile', async () => {
    const uuid = randomUUID();
    const id = idOf('buy', uuid);
    const registered = await put(uuid.toUpperCase(), { memberNumber: '-9223372036854775808', nickname: '明明' });
    expect(registered).toMatchObject({
      status: 201,
      body: {
        id,
        memberNumber: '-9223372036854775808',
        nickname: '明明',
        level: 1,
        points: 0,
        badge: { name: 'bronze', rule: null },
        lastLogin: null,
      },
    });
    const replaced = await put(id, { memberNumber: '-9223372036854775808', nickname: '小明', level: 3 });
    expect(replaced).toMatchObject({ status: 200, body: { nickname: '小明', badge: { name: 'silver', rule: 'A2' } } });
    expect(replaced.body.registeredAt).toBe(registered.body.registeredAt);
    expect((await world.call('GET', `/v1/buyers/${uuid}`)).body).toEqual(replaced.body);
  });

  it('works with the examples of its own reference', async () => {
    const { paths, components } = (await world.call('GET', '/openapi.json')).body;
    const id = paths['/v1/buyers/{id}'].get.parameters[0].schema.example;
    expect((await world.call('GET', `/v1/buyers/${id}`)).status).toBe(200);
    const exampleOf = (name: string) =>
      Object.fromEntries(
        Object.entries<Json>(components.schemas[name].properties).map(([key, { example }]) => [key, example]),
      );
    expect((await world.call('PUT', `/v1/buyers/${id}`, exampleOf('BuyerInput'))).status).toBe(200);
    expect((await world.call('POST', `/v1/buyers/${id}/logins`, exampleOf('LoginInput'))).status).toBe(200);
  });

  it.each([
    ['nickname-too-long', { nickname: '明'.repeat(11) }, '/nickname'],
    ['malformed-nickname', { nickname: '  ' }, '/nickname'],
    ['malformed-member-number', { memberNumber: '9223372036854775808' }, '/memberNumber'],
    ['malformed-member-number', { memberNumber: '007' }, '/memberNumber'],
    ['level-out-of-range', { level: 101 }, '/level'],
    ['invalid-request', { memberNumber: 7 }, '/memberNumber'],
    ['invalid-request', { points: 7 }, '/points'],
  ])('refuses a profile with %s', async (code, changes, pointer) => {
    const id = randomUUID();
    const refused = await put(id, changes);
    expect(refused).toMatchObject({ status: 400, body: { code, errors: [expect.objectContaining({ pointer })] } });
    expect(await world.call('GET', `/v1/buyers/${id}`)).toMatchObject({ status: 404, body: { code: 'unknown-buyer' } });
  });

  it('refuses halves of surrogate pairs and NUL before anything is read', async () => {
    for (const nickname of [String.raw`\ud800`, String.raw`a\u0000b`]) {
      const body = `{"memberNumber":"77","nickname":"${nickname}"}`;
      expect((await world.call('PUT', `/v1/buyers/${randomUUID()}`, body)).body.code).toBe('malformed-body');
    }
  });

  it('refuses an identifier that is none, and a member number that another buyer has', async () => {
    expect(await put('7')).toMatchObject({ status: 400, body: { code: 'malformed-buyer-id' } });
    const { memberNumber } = await aBuyer();
    expect(await put(randomUUID(), { memberNumber })).toMatchObject({
      status: 409,
      body: { code: 'member-number-taken' },
    });
    const twins = await Promise.all(Array.from({ length: 8 }, () => put(randomUUID(), { memberNumber: '4711' })));
    expect(twins.map(({ status }) => status).toSorted()).toEqual([201, ...Array(7).fill(409)]);
  });

  it('registers a buyer once however many register it at once', async () => {
    const id = randomUUID();
    const memberNumber = '4712';
    const replies = await Promise.all(Array.from({ length: 8 }, () => put(id, { memberNumber })));
    expect(replies.map(({ status }) => status).toSorted()).toEqual([...Array(7).fill(200), 201]);
    expect(new Set(replies.map(({ body }) => body.registeredAt)).size).toBe(1);
  });

  it('keeps the latest login with its offset', async () => {
    const { id } = await aBuyer();
    const logIn = (at: string) => world.call('POST', `/v1/buyers/${id}/logins`, { at });
    await Promise.all(
      ['2026-01-31T08:30:00+08:00', '2026-01-31T00:29:59Z', '2026-01-30T20:00:00-04:00'].map((at) => logIn(at)),
    );
    expect((await world.call('GET', `/v1/buyers/${id}`)).body.lastLogin).toBe('2026-01-31T08:30:00+08:00');
    expect(await logIn('9999-01-31T08:30:00Z')).toMatchObject({ status: 422, body: { code: 'login-in-future' } });
    for (const at of ['2026-01-31T08:30:00', '2026-02-30T08:30:00Z', 'yesterday']) {
      expect((await logIn(at)).body.code).toBe('invalid-request');
    }
    expect(
      (await world.call('POST', `/v1/buyers/${randomUUID()}/logins`, { at: '2026-01-31T08:30:00Z' })).body.code,
    ).toBe('unknown-buyer');
  });

  it('lists buyers page by page, and finds one by member number', async () => {
    const made: Json[] = [];
    for (let n = 0; n < 5; n++) made.push(await aBuyer());
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null && seen.length < 5) {
      const page: Json = (await world.call('GET', `/v1/buyers?limit=2${cursor && `&cursor=${cursor}`}`)).body;
      seen.push(...page.data.map((buyer: Json) => buyer.id));
      cursor = page.nextCursor;
    }
    expect(seen.slice(0, 5)).toEqual(made.map(({ id }) => id).toReversed());
    const { body } = await world.call('GET', `/v1/buyers?memberNumber=${made[2].memberNumber}`);
    expect(body).toEqual({ data: [made[2]], nextCursor: null });
    expect((await world.call('GET', '/v1/buyers?memberNumber=x')).body.code).toBe('malformed-member-number');
    expect((await world.call('GET', '/v1/buyers?cursor=bm8')).body.code).toBe('invalid-cursor');
  });
});
