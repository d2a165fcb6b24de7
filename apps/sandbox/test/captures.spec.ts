import { hmac, outside, type Outside } from './outside';

describe('an authorisation at the sandbox gateway', () => {
  let world: Outside;
  const asMerchant = { authorization: 'Bearer sandbox-gateway-secret' };
  const address = (payment: string) =>
    `/pay/${payment}?amount=12990&currency=CNY&orderId=ord_1&capture=manual&sig=${hmac(`${payment}|12990|CNY|ord_1|manual`)}`;
  const ask = (kind: 'captures' | 'voids', body: object, key: string) =>
    world.call(
      'POST',
      `/gateway/${kind}`,
      { payment: 'pay_1', currency: 'CNY', ...body },
      { ...asMerchant, 'idempotency-key': key },
    );
  const heard = async (count: number) => (await world.platform.hears(count)).map(({ body }) => JSON.parse(body).type);

  beforeEach(async () => {
    world = await outside();
    await world.call('POST', address('pay_1'), { outcome: 'paid' });
    await world.platform.hears(1);
  });
  afterEach(() => world.close());

  it('is reported, and captured in parts up to its amount', async () => {
    expect(await heard(1)).toEqual(['payment.authorized']);
    expect((await world.payment('pay_1')).json()).toMatchObject({ status: 'authorized', captured: 0 });
    const first = await ask('captures', { reference: 'cap_1', amount: 5000 }, 'k1');
    expect(first.json()).toMatchObject({ reference: 'cap_1', status: 'succeeded', amount: 5000 });
    expect((await ask('captures', { reference: 'cap_1', amount: 5000 }, 'k1')).json()).toEqual(first.json());
    expect((await ask('captures', { reference: 'cap_1', amount: 4000 }, 'k1')).status).toBe(409);
    expect((await ask('captures', { reference: 'cap_2', amount: 7991 }, 'k2')).status).toBe(422);
    expect((await ask('captures', { reference: 'cap_3', amount: 7990 }, 'k3')).status).toBe(200);
    expect((await world.payment('pay_1')).json()).toMatchObject({ status: 'paid', captured: 12990 });
    expect(await heard(3)).toEqual(['payment.authorized', 'capture.succeeded', 'capture.succeeded']);
    expect((await world.call('GET', '/gateway/captures/cap_1', undefined, asMerchant)).json()).toEqual(first.json());
    expect((await world.call('GET', '/gateway/voids/cap_1', undefined, asMerchant)).status).toBe(404);
  });

  it('is let go by a final capture or a void, once', async () => {
    expect((await ask('captures', { reference: 'cap_1', amount: 90, final: true }, 'k1')).status).toBe(200);
    expect((await world.payment('pay_1')).json()).toMatchObject({ status: 'paid', captured: 90 });
    const late = await ask('captures', { reference: 'cap_2', amount: 1 }, 'k2');
    expect([late.status, late.json().reason]).toEqual([422, 'nothing is authorised']);
    expect(
      (await world.refund({ reference: 'ref_1', payment: 'pay_1', amount: 91, currency: 'CNY' }, 'k3')).status,
    ).toBe(422);
    await world.restart();
    expect((await world.ledger()).json().totals).toEqual([{ currency: 'CNY', captured: 90, refunded: 0, net: 90 }]);

    await world.call('POST', address('pay_2'), { outcome: 'paid' });
    const voided = { payment: 'pay_2', reference: 'voi_1', amount: 12990 };
    expect((await ask('voids', { ...voided, amount: 1 }, 'k4')).status).toBe(422);
    expect((await ask('voids', { ...voided, reference: 'voi_2' }, 'k5')).json()).toMatchObject({ status: 'succeeded' });
    expect((await world.payment('pay_2')).json()).toMatchObject({ status: 'voided', captured: 0 });
  });

  it('suffers the faults that are asked for', async () => {
    await world.faults([
      { target: 'gateway.capture', kind: 'fail' },
      { target: 'gateway.capture', kind: 'timeout-after-success', ms: 20 },
      { target: 'gateway.query', kind: 'error' },
    ]);
    expect((await ask('captures', { reference: 'cap_1', amount: 1 }, 'k1')).json().status).toBe('failed');
    await expect(ask('captures', { reference: 'cap_2', amount: 1 }, 'k2')).rejects.toThrow('fetch failed');
    expect((await world.payment('pay_1')).status).toBe(500);
    expect((await world.payment('pay_1')).json().captured).toBe(1);
  });
});
