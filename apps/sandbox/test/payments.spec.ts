import { hmac, outside, payAddress, until, type Outside } from './outside';

describe('a payment at the sandbox gateway', () => {
  let world: Outside;
  beforeEach(async () => void (world = await outside()));
  afterEach(() => world.close());

  it('shows a page with the amount in the decimals of its currency', async () => {
    const cny = await world.call('GET', payAddress('pay_1'));
    expect(cny.status).toBe(200);
    expect(cny.headers.get('content-type')).toContain('text/html');
    expect(cny.text).toMatch(/CNY\s129\.90/);
    expect(cny.text).toContain('ord_1');
    expect((await world.call('GET', payAddress('pay_2', 12990, 'JPY'))).text).toMatch(/JPY\s12,990/);
  });

  it('refuses a page and a decision whose signature does not fit', async () => {
    const forged = payAddress('pay_1').replace('amount=12990', 'amount=1');
    expect((await world.call('GET', forged)).status).toBe(403);
    expect((await world.call('POST', forged, { outcome: 'paid' })).status).toBe(403);
    expect((await world.payment('pay_1')).status).toBe(404);
  });

  it('reports the decision with a signature over the raw body', async () => {
    const decided = (await world.decide('pay_1', 'paid')).json();
    expect(decided).toEqual({
      reference: 'pay_1',
      gatewayReference: expect.stringMatching(/^ch_/),
      status: 'paid',
      amount: 12990,
      currency: 'CNY',
    });

    const [callback] = await world.platform.hears(1);
    expect(callback!.path).toBe('/v1/payments/callbacks/sandbox');
    const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(callback!.headers['sandbox-signature'])) ?? [];
    expect(v1).toBe(hmac(`${t}.${callback!.body}`));
    expect(JSON.parse(callback!.body)).toEqual({
      id: expect.stringMatching(/^evt_/),
      type: 'payment.paid',
      reference: 'pay_1',
      gatewayReference: decided.gatewayReference,
      amount: 12990,
      currency: 'CNY',
      occurredAt: expect.stringMatching(/Z$/),
    });
  });

  it('is decided once, by the form too, and an opposing repeat changes nothing', async () => {
    const form = await world.call('POST', payAddress('pay_1'), 'outcome=declined', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(form.text).toContain(`${world.platform.url}/v1/payments/return/sandbox?reference=pay_1`);
    const repeats = await Promise.all([world.decide('pay_1', 'paid'), world.decide('pay_1', 'declined')]);
    expect(repeats.map((repeat) => repeat.json().status)).toEqual(['declined', 'declined']);
    await world.platform.hears(1);
    await world.decide('pay_2', 'paid');
    const types = (await world.platform.hears(2)).map(({ body }) => JSON.parse(body).type);
    expect(types).toEqual(['payment.declined', 'payment.paid']);
  });

  it('can be asked for by the merchant alone', async () => {
    expect((await world.call('GET', '/gateway/payments/pay_1')).status).toBe(401);
    expect((await world.payment('pay_1')).json()).toEqual({ status: 'not-found' });
    await world.decide('pay_1', 'paid');
    expect((await world.payment('pay_1')).json()).toMatchObject({ status: 'paid', amount: 12990, refunded: 0 });
  });

  it('repeats an unacknowledged callback with the same body until it is heard', async () => {
    world.platform.answer((_, nth) => ({ status: nth < 3 ? 503 : 200, body: '' }));
    await world.decide('pay_1', 'paid');
    const bodies = (await world.platform.hears(3)).map(({ body }) => body);
    expect(new Set(bodies).size).toBe(1);
  });

  describe('with faults', () => {
    const fault = (kind: string, more: object = {}) => world.faults([{ target: 'gateway.callback', kind, ...more }]);

    it('sends a duplicate with the same id', async () => {
      await fault('duplicate');
      await world.decide('pay_1', 'paid');
      const [first, second] = await world.platform.hears(2);
      expect(second!.body).toBe(first!.body);
    });

    it('loses a callback, which asking still finds', async () => {
      await fault('lose', { match: 'pay_1' });
      await world.decide('pay_1', 'paid');
      await world.decide('pay_2', 'paid');
      const [only] = await world.platform.hears(1);
      expect(JSON.parse(only!.body).reference).toBe('pay_2');
      expect((await world.payment('pay_1')).json().status).toBe('paid');
      expect((await world.call('GET', '/faults')).json()).toEqual([]);
    });

    it('swaps a callback with the next one', async () => {
      await fault('reorder');
      await world.decide('pay_1', 'paid');
      await world.decide('pay_2', 'paid');
      const order = (await world.platform.hears(2)).map(({ body }) => JSON.parse(body).reference);
      expect(order).toEqual(['pay_2', 'pay_1']);
    });

    it('lets go of a held callback when the faults are cleared', async () => {
      await fault('reorder');
      await world.decide('pay_1', 'paid');
      expect((await world.call('DELETE', '/faults')).status).toBe(204);
      await world.platform.hears(1);
    });

    it('delays a callback', async () => {
      await fault('delay', { ms: 60 });
      const before = Date.now();
      await world.decide('pay_1', 'paid');
      await world.platform.hears(1);
      expect(Date.now() - before).toBeGreaterThanOrEqual(50);
    });

    it.each([
      ['garbage', true, false],
      ['bad-signature', false, true],
    ])('spoils the first try by %s, and then says it right', async (kind, signed, readable) => {
      world.platform.answer((_, nth) => ({ status: nth === 1 ? 400 : 200, body: '' }));
      await fault(kind);
      await world.decide('pay_1', 'paid');
      const [spoiled, right] = await world.platform.hears(2);
      const [t, v1] = String(spoiled!.headers['sandbox-signature']).replace('t=', '').split(',v1=');
      expect(v1 === hmac(`${t}.${spoiled!.body}`)).toBe(signed);
      expect(spoiled!.body === right!.body).toBe(readable);
      await until(async () => (await world.call('GET', '/')).text.includes('acknowledged: <b>0</b>'));
    });
  });
});
