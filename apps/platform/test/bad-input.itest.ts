import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { aBasket, type Json, startWorld, type World } from './world';

/** Every reply is a problem document with a 4xx, and nothing is half-written. */
describe('bad input', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.stop());

  const post = (body: unknown, headers: Record<string, string> = {}) =>
    world.call('POST', '/v1/checkout', body, { 'idempotency-key': randomUUID(), ...headers });
  const rows = async () => {
    const [row] = await world.unitOfWork.query<{ n: bigint }>(
      `SELECT (SELECT count(*) FROM trading.orders) + (SELECT count(*) FROM trading.payment) +
              (SELECT count(*) FROM messaging.event_log) + (SELECT count(*) FROM http.idempotency_key) AS n`,
    );
    return Number(row?.n);
  };
  const basket = (changes: object) => ({ ...aBasket(), ...changes });
  const address = (changes: object) => basket({ shippingAddress: { ...aBasket().shippingAddress, ...changes } });
  const nested = (depth: number) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);

  const cases: [string, () => unknown, number, string][] = [
    ['JSON that ends too early', () => '{"lines": [', 400, 'malformed-body'],
    ['an empty body', () => '', 400, 'malformed-body'],
    ['a list', () => [aBasket()], 400, 'malformed-body'],
    ['null', () => 'null', 400, 'malformed-body'],
    [
      'bytes that are not UTF-8',
      () => Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
      400,
      'malformed-body',
    ],
    [
      'half a surrogate pair',
      () => JSON.stringify(address({ name: 'x' })).replace('"x"', String.raw`"\ud800"`),
      400,
      'malformed-body',
    ],
    ['deep nesting', () => nested(5000), 400, 'malformed-body'],
    ['control characters', () => address({ name: 'a\u0000b' }), 400, 'malformed-body'],
    ['an escape sequence for terminals', () => address({ name: '\u001b[31m' }), 400, 'malformed-body'],
    ['__proto__', () => '{"__proto__": {"admin": true}}', 400, 'malformed-body'],
    ['a number beyond all numbers', () => '{"lines": 1e999}', 400, 'malformed-body'],
    ['a huge body', () => JSON.stringify({ a: 'x'.repeat(600_000) }), 413, 'body-too-large'],
    ['an unknown field', () => basket({ discount: 100 }), 400, 'invalid-request'],
    [
      'an unknown field deep inside',
      () => basket({ lines: [{ sku: 'SKU-1', quantity: 1, price: 1 }] }),
      400,
      'invalid-request',
    ],
    ['no lines', () => basket({ lines: [] }), 400, 'invalid-request'],
    [
      '10,000 lines',
      () => basket({ lines: Array.from({ length: 10_000 }, () => ({ sku: 'SKU-1', quantity: 1 })) }),
      400,
      'invalid-request',
    ],
    ['lines that are no list', () => basket({ lines: { sku: 'SKU-1', quantity: 1 } }), 400, 'invalid-request'],
    ['lines of null', () => basket({ lines: [null] }), 400, 'invalid-request'],
    ['lines of text', () => basket({ lines: ['SKU-1'] }), 400, 'invalid-request'],
    ['a quantity of text', () => basket({ lines: [{ sku: 'SKU-1', quantity: '1' }] }), 400, 'invalid-request'],
    ['a quantity of 0', () => basket({ lines: [{ sku: 'SKU-1', quantity: 0 }] }), 400, 'invalid-request'],
    ['a negative quantity', () => basket({ lines: [{ sku: 'SKU-1', quantity: -1 }] }), 400, 'invalid-request'],
    ['half a unit', () => basket({ lines: [{ sku: 'SKU-1', quantity: 0.5 }] }), 400, 'invalid-request'],
    [
      'a quantity beyond 2^53',
      () => JSON.stringify(basket({ lines: [{ sku: 'SKU-1', quantity: 7 }] })).replace(':7', ':9007199254740993'),
      400,
      'invalid-request',
    ],
    ['an address of text', () => basket({ shippingAddress: 'here' }), 400, 'invalid-request'],
    ['no address', () => basket({ shippingAddress: undefined }), 400, 'invalid-request'],
    ['an address without a name', () => address({ name: '' }), 400, 'invalid-request'],
    ['an e-mail address that is none', () => basket({ email: 'a@b\r\nBcc: c@d.e' }), 400, 'invalid-request'],
    ['a buyer that is none', () => basket({ buyerId: "'; DROP TABLE trading.orders; --" }), 400, 'invalid-request'],
    ['a method of payment that is a list', () => basket({ paymentMethod: ['sandbox'] }), 400, 'invalid-request'],
  ];
  it.each(cases)('%s is refused', async (_name, body, status, code) => {
    const before = await rows();
    const reply = await post(body());
    expect({ status: reply.status, code: reply.body.code }).toEqual({ status, code });
    expect(reply.headers.get('content-type')).toContain('application/problem+json');
    expect(reply.body).toMatchObject({
      type: `/errors#${code}`,
      requestId: expect.any(String),
      retryable: false,
      instance: '/v1/checkout',
    });
    expect(await rows()).toBe(before);
  });

  it('names each wrong field with a JSON pointer', async () => {
    const { body } = await post(basket({ lines: [{ sku: 'SKU-1', quantity: 0, colour: 'red' }], email: 'nobody' }));
    expect(body.errors.map((error: Json) => error.pointer).toSorted()).toEqual([
      '/email',
      '/lines/0/colour',
      '/lines/0/quantity',
    ]);
  });

  it('takes JSON only', async () => {
    expect((await post('a=1', { 'content-type': 'application/x-www-form-urlencoded' })).body.code).toBe(
      'unsupported-media-type',
    );
    expect((await post('<a/>', { 'content-type': 'text/xml' })).body.code).toBe('unsupported-media-type');
  });

  it('takes no Idempotency-Key that is too long or not ASCII', async () => {
    expect((await post(aBasket(), { 'idempotency-key': 'k'.repeat(256) })).body.code).toBe('idempotency-key-invalid');
    expect((await post(aBasket(), { 'idempotency-key': 'clé' })).body.code).toBe('idempotency-key-invalid');
  });

  it('answers unknown addresses and wrong methods', async () => {
    expect(await world.call('GET', '/v1/nothing')).toMatchObject({ status: 404, body: { code: 'not-found' } });
    const wrong = await world.call('DELETE', '/v1/checkout');
    expect(wrong).toMatchObject({ status: 405, body: { code: 'method-not-allowed' } });
    expect(wrong.headers.get('allow')).toBe('POST');
    expect((await world.call('POST', '/v1/orders/ord_01h455vb4pex5vsknk084sn02q')).headers.get('allow')).toContain(
      'GET',
    );
    expect((await world.call('GET', '/v1/orders/%E0%A4%A')).status).toBe(400);
  });

  it('takes a trailing slash for the same address', async () => {
    expect(await world.call('GET', '/v1/orders/')).toMatchObject({ status: 200 });
    expect(await world.call('GET', '/v1/orders/ord_01h455vb4pex5vsknk084sn02q/')).toMatchObject({
      status: 404,
      body: { code: 'unknown-order' },
    });
    expect((await world.call('DELETE', '/v1/orders/')).headers.get('allow')).toContain('GET');
  });

  it('answers OPTIONS with the methods there are', async () => {
    for (const headers of [undefined, { 'content-type': 'text/plain' }]) {
      const { status, body, headers: answered } = await world.call('OPTIONS', '/v1/checkout', undefined, headers);
      expect({ status, code: body.code, allow: answered.get('allow') }).toEqual({
        status: 405,
        code: 'method-not-allowed',
        allow: 'POST',
      });
    }
    expect(await world.call('OPTIONS', '/v1/nothing')).toMatchObject({ status: 404, body: { code: 'not-found' } });
  });

  it.each([
    '/v1/skus?sku=%00',
    '/v1/orders?status=%00',
    '/v1/skus/%00',
    '/v1/orders/a%1Bb',
    '/v1/orders?limit=1&limit=%00',
  ])('refuses control characters in the address %s', async (address) => {
    expect(await world.call('GET', address)).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
  });

  it('cuts a body that comes too slowly', async () => {
    const server = world.app.getHttpServer();
    expect(server.requestTimeout).toBe(10_000);
    server.requestTimeout = 100;
    const socket = connect(Number(new URL(world.url).port), '127.0.0.1', () =>
      socket.write(
        'POST /v1/checkout HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{',
      ),
    );
    const answer = await new Promise<string>((resolve, reject) => {
      let text = '';
      socket.on('data', (chunk) => (text += String(chunk)));
      socket.on('close', () => resolve(text)).on('error', reject);
    });
    server.requestTimeout = 10_000;
    expect(answer).toMatch(/^HTTP\/1\.1 408/);
  });

  it('refuses prices beyond 2^53, floats and unknown currencies', async () => {
    const put = (price: unknown) => world.call('PUT', '/v1/skus/BAD', { name: 'x', price, onHand: 1 });
    expect(
      (
        await world.call(
          'PUT',
          '/v1/skus/BAD',
          '{"name":"x","price":{"amount":9007199254740993,"currency":"CNY"},"onHand":1}',
        )
      ).status,
    ).toBe(400);
    for (const price of [
      { amount: 1.5, currency: 'CNY' },
      { amount: -1, currency: 'CNY' },
      { amount: 1, currency: 'ABC' },
      { amount: 1 },
      7,
      null,
      [],
    ]) {
      expect((await put(price)).body.code).toBe('invalid-request');
    }
    expect(
      (
        await world.call('PUT', `/v1/skus/${'x'.repeat(65)}`, {
          name: 'x',
          price: { amount: 1, currency: 'CNY' },
          onHand: 1,
        })
      ).status,
    ).toBe(400);
    expect((await world.call('GET', '/v1/skus/BAD')).status).toBe(404);
  });

  it('refuses query parameters that are wrong, unknown or given twice', async () => {
    for (const query of [
      'limit=0',
      'limit=x',
      'status=lost',
      'colour=red',
      'from=yesterday',
      'limit=1&limit=2',
      'cursor=%00',
      `cursor=${'A'.repeat(600)}`,
    ]) {
      expect({ query, status: (await world.call('GET', `/v1/orders?${query}`)).status }).toEqual({
        query,
        status: 400,
      });
    }
    const forged = Buffer.from(JSON.stringify(['now', 'x'])).toString('base64url');
    expect((await world.call('GET', `/v1/orders?cursor=${forged}`)).body.code).toBe('invalid-cursor');
    expect((await world.call('GET', '/v1/notifications')).status).toBe(400);
  });

  it('refuses carrier messages that are malformed, too large or with the wrong secret', async () => {
    const carrier = (path: string, body: unknown, headers?: Record<string, string>) =>
      world.call('POST', `/v1/carriers/${path}`, body, headers);
    const scan = {
      Body: { WaybillRoute: [{ id: '1', mailno: 'SF0000000000000', acceptTime: '2026-01-01 10:00:00', opCode: '50' }] },
    };
    expect(await carrier('SF/callbacks/guessed', scan)).toMatchObject({ status: 401 });
    expect(
      await carrier('ZTO/callbacks', 'data=%7B%7D&data_digest=xx', {
        'content-type': 'application/x-www-form-urlencoded',
      }),
    ).toMatchObject({ status: 401 });
    for (const body of ['', 'nonsense', '{}', '{"Body":{"WaybillRoute":"x"}}', Buffer.from([0xff, 0xfe])]) {
      expect((await carrier('SF/callbacks', body)).status).toBe(400);
    }
    expect((await carrier('SF/callbacks', 'x'.repeat(600_000))).status).toBe(413);
    expect((await carrier('PONY/callbacks', scan)).status).toBe(404);
    expect(await carrier('SF/callbacks', scan)).toMatchObject({
      status: 200,
      body: { return_code: '0000', return_msg: '成功' },
    });
  });

  it('outlives bytes that are not HTTP', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(world.url).port), '127.0.0.1', () =>
        socket.write('\u0000\u0001 nonsense\r\n\r\n'),
      );
      let text = '';
      socket.on('data', (chunk) => (text += String(chunk)));
      socket.on('close', () => resolve(text)).on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400/);
    expect((await world.call('GET', '/health/live')).status).toBe(200);
  });

  it('shows no personal data on any read of an order', async () => {
    const { order } = await world.aPaidOrder();
    const pages = await Promise.all(
      [
        `/v1/orders/${order.id}`,
        `/v1/orders/${order.id}/timeline`,
        `/v1/orders/${order.id}/waybills`,
        `/v1/notifications?orderId=${order.id}`,
        '/v1/orders',
      ].map((path) => world.call('GET', path)),
    );
    const text = JSON.stringify([order, ...pages.map((page) => page.body)]);
    for (const secret of ['王小明', '138 0000', '科技园', 'wang@example.com']) expect(text).not.toContain(secret);
    const log = await world.unitOfWork.query<{ payload: unknown }>('SELECT payload FROM messaging.event_log');
    for (const secret of ['王小明', '138 0000', '科技园', 'wang@example.com'])
      expect(JSON.stringify(log)).not.toContain(secret);
  });
});
