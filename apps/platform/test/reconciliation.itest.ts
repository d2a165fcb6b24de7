import { randomUUID } from 'node:crypto';
import { eventually } from '@tradewind/shared-kernel/testing';
import { GATEWAY_SECRET, type Json, startWorld, type World } from './world';

const HEADER = 'gatewayReference,reference,kind,amount,currency,bookedAt';

describe('the reconciliation of a statement', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ ASK_PAYMENT_SECONDS: '1' });
  });
  afterAll(() => world.stop());

  const reconcile = (statement: string | Uint8Array, query = 'gateway=sandbox', type = 'text/csv') =>
    world.call('POST', `/v1/payments/reconciliations?${query}`, statement, { 'content-type': type });
  const ofSandbox = async (from: Date): Promise<string> =>
    (
      await world.call('GET', `${world.sandboxUrl}/gateway/statement?from=${from.toISOString()}`, undefined, {
        authorization: `Bearer ${GATEWAY_SECRET}`,
      })
    ).body;
  const post = (path: string, body: object) => world.call('POST', path, body, { 'idempotency-key': randomUUID() });
  const countsOf = ({ counts }: Json): Record<string, number> =>
    Object.fromEntries(
      counts.flatMap(({ discrepancy, count }: Json) => (count > 0 ? [[discrepancy as string, count as number]] : [])),
    );
  const namedBy = (report: Json) =>
    report.differences.map(({ discrepancy, line, reference, orderId }: Json) => ({
      discrepancy,
      line,
      reference,
      orderId,
    }));
  const refunded = async (orderId: string, amount: number): Promise<Json> => {
    const { body } = await post('/v1/refunds', { orderId, amount: { amount, currency: 'CNY' }, reason: 'late' });
    await eventually(async () => (await world.call('GET', `/v1/refunds/${body.id}`)).body.status === 'success');
    return body;
  };

  it('of the sandbox itself finds every payment, capture and refund, and no difference', async () => {
    const from = new Date();
    const { order, payment } = await world.aPaidOrder();
    const refund = await refunded(order.id, 90);
    const { body: later } = await world.checkout({ capture: 'manual' });
    await world.call('POST', later.payment.redirectUrl, { outcome: 'paid' });
    await eventually(async () => (await world.order(later.order.id)).paymentStatus === 'authorized');
    const capture = await post(`/v1/payments/${later.payment.id}/captures`, {});
    await eventually(async () => (await world.order(later.order.id)).status === 'paid');

    const statement = await ofSandbox(from);
    expect(statement.split('\n')).toEqual([
      HEADER,
      expect.stringContaining(`,${payment.id},capture,${order.total.amount},CNY,`),
      expect.stringContaining(`,${refund.id},refund,90,CNY,`),
      expect.stringContaining(`,${capture.body.id},capture,${later.order.total.amount},CNY,`),
      '',
    ]);
    const { status, body: report } = await reconcile(statement, `gateway=sandbox&from=${from.toISOString()}`);
    expect(status).toBe(200);
    const captured = { count: 2, amount: { amount: order.total.amount + later.order.total.amount, currency: 'CNY' } };
    const back = { count: 1, amount: { amount: 90, currency: 'CNY' } };
    expect(report).toMatchObject({
      gateway: 'sandbox',
      from: from.toISOString(),
      matched: 3,
      totals: [
        { kind: 'capture', currency: 'CNY', there: captured, here: captured },
        { kind: 'refund', currency: 'CNY', there: back, here: back },
      ],
      differences: [],
    });
    expect(countsOf(report)).toEqual({});
    expect((await reconcile(statement, `gateway=sandbox&from=${from.toISOString()}`)).body).toEqual(report);
  });

  it('that was tampered with names every difference, with its order', async () => {
    const from = new Date();
    const { order, payment } = await world.aPaidOrder();
    const refund = await refunded(order.id, 90);
    const unpaid = (await world.checkout()).body;
    const left = await world.aPaidOrder();
    const honest = await ofSandbox(from);
    const [, paid = '', back = '', gone = ''] = honest.split('\n');
    expect(gone).toContain(left.payment.id);
    const at = back.split(',')[5] ?? '';
    const tampered = [
      HEADER,
      paid.replace(`,${order.total.amount},`, `,${order.total.amount + 1},`),
      back.replace('CNY', 'JPY'),
      paid,
      `ch_9,${unpaid.payment.id},capture,1,CNY,${at}`,
      `ch_10,,refund,7,BHD,${at}`,
      `ch_11,${refund.id},capture,90,CNY,${at}`,
    ].join('\r\n');
    const query = `gateway=sandbox&from=${from.toISOString()}&to=2100-01-01T00:00:00Z`;
    const { body: report } = await reconcile(tampered, query);
    expect(namedBy(report)).toEqual([
      { discrepancy: 'amount-differs', line: 2, reference: payment.id, orderId: order.id },
      { discrepancy: 'currency-differs', line: 3, reference: refund.id, orderId: order.id },
      { discrepancy: 'duplicate', line: 4, reference: payment.id, orderId: order.id },
      { discrepancy: 'state-differs', line: 5, reference: unpaid.payment.id, orderId: unpaid.order.id },
      { discrepancy: 'missing-here', line: 6, reference: null, orderId: null },
      { discrepancy: 'missing-here', line: 7, reference: refund.id, orderId: null },
      { discrepancy: 'missing-there', line: null, reference: left.payment.id, orderId: left.order.id },
    ]);
    expect(report.differences[0]).toMatchObject({
      there: { amount: order.total.amount + 1 },
      here: { amount: order.total.amount },
      status: 'success',
      paymentId: payment.id,
    });
    expect(report.differences[3]).toMatchObject({ status: 'pending', there: { amount: 1, currency: 'CNY' } });
    expect(report.matched).toBe(0);
    const few = (await reconcile(tampered, `${query}&limit=2`)).body;
    expect(few.differences).toHaveLength(2);
    expect(few.counts).toEqual(report.counts);
    expect((await reconcile(honest, query)).body.differences).toEqual([]);
  });

  it('takes the example of its own reference', async () => {
    const { body: api } = await world.call('GET', '/openapi.json');
    const { requestBody, parameters } = api.paths['/v1/payments/reconciliations'].post;
    const { example } = requestBody.content['text/csv'].schema;
    const gateway = parameters.find(({ name }: Json) => name === 'gateway').schema.example;
    const { status, body } = await reconcile(example, `gateway=${gateway}`);
    expect(status).toBe(200);
    expect(countsOf(body)).toEqual({ 'missing-here': 2 });
  });

  it('of a day on which nothing was booked needs to be told which day', async () => {
    expect((await reconcile(HEADER)).body.code).toBe('malformed-statement');
    const old = 'from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z';
    expect((await reconcile(`${HEADER}\n`, `gateway=sandbox&${old}`)).body).toMatchObject({
      from: '2020-01-01T00:00:00.000Z',
      to: '2020-01-02T00:00:00.000Z',
      matched: 0,
      totals: [],
      differences: [],
    });
    const backwards = 'gateway=sandbox&from=2020-01-02T00:00:00Z&to=2020-01-01T00:00:00Z';
    expect((await reconcile(`${HEADER}\n`, backwards)).body.code).toBe('invalid-request');
  });

  const row = (line: string) => `${HEADER}\nch_1,pay_1,capture,1,CNY,2026-01-31T08:30:00Z\n${line}\n`;
  it.each<[string, string | Uint8Array, string]>([
    ['nothing', '', 'empty'],
    ['another header', 'id,amount\n1,2\n', 'line 1 must be'],
    ['bytes that are no text', new Uint8Array([0xff, 0xfe, 0, 1, 0x80]), 'UTF-8'],
    ['one endless line', 'x'.repeat(200_000), 'line 1'],
    ['a row of five fields', row('ch_1,pay_1,capture,1,CNY'), 'line 3 must have 6 fields'],
    ['a negative amount', row('ch_2,pay_2,capture,-1,CNY,2026-01-31T08:30:00Z'), 'line 3: amount'],
    ['an amount with decimals', row('ch_2,pay_2,capture,1.50,CNY,2026-01-31T08:30:00Z'), 'line 3: amount'],
    ['an amount beyond 2^53-1', row('ch_2,pay_2,capture,9007199254740992,CNY,2026-01-31T08:30:00Z'), 'line 3: amount'],
    ['a sum beyond 2^53-1', row('ch_2,pay_2,capture,9007199254740991,CNY,2026-01-31T08:30:00Z'), 'sum to more'],
    ['a currency that is none', row('ch_2,pay_2,capture,1,XYZ,2026-01-31T08:30:00Z'), 'line 3: currency'],
    ['a kind that moves no money', row('ch_2,pay_2,void,1,CNY,2026-01-31T08:30:00Z'), 'line 3: kind'],
    ['a day that is none', row('ch_2,pay_2,capture,1,CNY,2026-02-30T08:30:00Z'), 'line 3: bookedAt'],
    ['no name of the gateway', row(',pay_2,capture,1,CNY,2026-01-31T08:30:00Z'), 'line 3: gatewayReference'],
    ['quotes out of place', row('ch"2,pay_2,capture,1,CNY,2026-01-31T08:30:00Z'), 'line 3'],
  ])('is refused with %s', async (_, statement, detail) => {
    const { status, body } = await reconcile(statement);
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'malformed-statement' });
    expect(body.detail).toContain(detail);
  });

  it('names all bad places at once, up to twenty', async () => {
    const bad = `ch_1,pay_1,capture,0,cny,yesterday\n`;
    const { body } = await reconcile(`${HEADER}\n${bad.repeat(50)}`);
    expect(body.errors).toHaveLength(20);
    expect(body.errors.slice(0, 3).map(({ pointer }: Json) => pointer)).toEqual([
      '/2/amount',
      '/2/currency',
      '/2/bookedAt',
    ]);
  });

  it('is refused beyond 8 MB, told ahead or not, and in another content type', async () => {
    const line = 'ch_1,pay_1,capture,1,CNY,2026-01-31T08:30:00Z\n';
    const huge = Buffer.from(`${HEADER}\n${line.repeat((9 * 1024 * 1024) / line.length)}`);
    expect((await reconcile(huge)).body.code).toBe('body-too-large');
    const unannounced = await fetch(`${world.url}/v1/payments/reconciliations?gateway=sandbox`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body: new Blob([huge]).stream(),
      duplex: 'half',
    });
    expect(((await unannounced.json()) as Json).code).toBe('body-too-large');
    expect((await reconcile('{}', 'gateway=sandbox', 'application/json')).body).toMatchObject({
      code: 'unsupported-media-type',
      detail: 'send text/csv',
    });
    expect((await world.call('POST', '/v1/checkout', HEADER, { 'content-type': 'text/csv' })).status).toBe(415);
  });

  it('is for gateways whose books are their own', async () => {
    expect((await reconcile(HEADER, 'gateway=balance')).body).toMatchObject({ status: 422, code: 'no-statement' });
    expect((await reconcile(HEADER, 'gateway=shells')).body).toMatchObject({ status: 404, code: 'unknown-gateway' });
    expect((await reconcile(HEADER, '')).body.code).toBe('invalid-request');
  });

  it('takes quotes, a byte order mark and currencies of any exponent', async () => {
    const rows = ['JPY', 'CNY', 'BHD'].map(
      (currency) => `"ch,1""",x,refund,129900,"${currency}",2026-01-31T08:30:00+08:00`,
    );
    const quoted = `\ufeff${HEADER}\n${rows.join('\n')}`;
    const { body } = await reconcile(quoted);
    expect(countsOf(body)).toEqual({ 'missing-here': 1, duplicate: 2 });
    expect(body.differences.map(({ there }: Json) => there.currency)).toEqual(['JPY', 'CNY', 'BHD']);
    expect(body).toMatchObject({ from: '2026-01-31T00:30:00.000Z', to: '2026-01-31T00:30:00.001Z' });
  });
});
