import { hmac, outside, payAddress, type Outside } from './outside';

const HEADER = 'gatewayReference,reference,kind,amount,currency,bookedAt';

describe('the statement of the sandbox gateway', () => {
  let world: Outside;
  const asMerchant = { authorization: 'Bearer sandbox-gateway-secret' };
  beforeEach(async () => void (world = await outside()));
  afterEach(() => world.close());

  const statement = (query = '') => world.call('GET', `/gateway/statement${query}`, undefined, asMerchant);
  const rows = async (query?: string) =>
    (await statement(query)).text
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',').slice(1, 5).join(' '));

  it('books what was paid, captured and given back, and nothing else', async () => {
    await world.decide('pay_1', 'paid');
    await world.decide('pay_2', 'declined');
    await world.call('POST', payAddress('pay_3', 0), { outcome: 'paid' });
    const sig = hmac('pay_4|12990|CNY|ord_1|manual');
    await world.call('POST', `/pay/pay_4?amount=12990&currency=CNY&orderId=ord_1&capture=manual&sig=${sig}`, {
      outcome: 'paid',
    });
    const capture = { reference: 'cap_1', payment: 'pay_4', amount: 90, currency: 'CNY' };
    await world.call('POST', '/gateway/captures', capture, { ...asMerchant, 'idempotency-key': 'k1' });
    await world.refund({ reference: 'ref_1', payment: 'pay_1', amount: 1, currency: 'CNY' }, 'k2');
    await world.refund({ reference: 'ref_2', payment: 'pay_1', amount: 12990, currency: 'CNY' }, 'k3');
    expect(await rows()).toEqual(['pay_1 capture 12990 CNY', 'cap_1 capture 90 CNY', 'ref_1 refund 1 CNY']);
    expect((await statement()).headers.get('content-type')).toContain('text/csv');
  });

  it('is of a span of time, and for the merchant alone', async () => {
    expect((await statement()).text).toBe(`${HEADER}\n`);
    await world.decide('pay_1', 'paid');
    const [, line = ''] = (await statement()).text.split('\n');
    const at = line.split(',')[5] ?? '';
    expect(await rows(`?from=${at}`)).toHaveLength(1);
    expect(await rows(`?to=${at}`)).toHaveLength(0);
    expect((await statement('?from=yesterday')).status).toBe(400);
    expect((await world.call('GET', '/gateway/statement')).status).toBe(401);
  });
});
