import { outside, until, type Outside } from './outside';

describe('a refund at the sandbox gateway', () => {
  let world: Outside;
  const refund = { reference: 'ref_1', payment: 'pay_1', amount: 5000, currency: 'CNY' };

  beforeEach(async () => {
    world = await outside();
    await world.decide('pay_1', 'paid');
    await world.platform.hears(1);
  });
  afterEach(() => world.close());

  it('answers the same under the same key, and takes the money once', async () => {
    const [first, second] = await Promise.all([world.refund(refund, 'k1'), world.refund(refund, 'k1')]);
    expect(first.status).toBe(200);
    expect(first.json()).toMatchObject({ reference: 'ref_1', status: 'succeeded', amount: 5000 });
    expect(first.json().gatewayReference).toMatch(/^re_/);
    expect(second.json()).toEqual(first.json());
    expect((await world.refundOf('ref_1')).json()).toEqual(first.json());
    expect((await world.payment('pay_1')).json().refunded).toBe(5000);
    expect(JSON.parse((await world.platform.hears(2))[1]!.body)).toMatchObject({ type: 'refund.succeeded' });
  });

  it('refuses a key or a reference that belongs to another refund', async () => {
    await world.refund(refund, 'k1');
    expect((await world.refund({ ...refund, amount: 1 }, 'k1')).status).toBe(409);
    expect((await world.refund(refund, 'k2')).status).toBe(409);
  });

  it('fails beyond the captured amount and for an unpaid payment', async () => {
    await world.refund(refund, 'k1');
    const tooMuch = await world.refund({ ...refund, reference: 'ref_2', amount: 7991 }, 'k2');
    expect([tooMuch.status, tooMuch.json().status]).toEqual([422, 'failed']);
    const unpaid = await world.refund({ ...refund, reference: 'ref_3', payment: 'pay_9' }, 'k3');
    expect([unpaid.status, unpaid.json().reason]).toEqual([422, 'the payment was not captured']);
    expect((await world.refund({ ...refund, reference: 'ref_4', amount: 7990 }, 'k4')).status).toBe(200);
    expect((await world.ledger()).json().totals).toEqual([
      { currency: 'CNY', captured: 12990, refunded: 12990, net: 0 },
    ]);
  });

  it('does it and never answers; asking and repeating find it done', async () => {
    await world.faults([{ target: 'gateway.refund', kind: 'timeout-after-success', ms: 20 }]);
    await expect(world.refund(refund, 'k1')).rejects.toThrow('fetch failed');
    const found = await world.refundOf('ref_1');
    expect(found.json()).toMatchObject({ status: 'succeeded' });
    expect((await world.refund(refund, 'k1')).json()).toEqual(found.json());
    expect((await world.payment('pay_1')).json().refunded).toBe(5000);
  });

  it('does nothing when it times out or breaks before', async () => {
    await world.faults([
      { target: 'gateway.refund', kind: 'timeout-before', ms: 20 },
      { target: 'gateway.refund', kind: 'error' },
    ]);
    await expect(world.refund(refund, 'k1')).rejects.toThrow('fetch failed');
    expect((await world.refund(refund, 'k1')).status).toBe(500);
    expect((await world.refundOf('ref_1')).status).toBe(404);
    expect((await world.refund(refund, 'k1')).status).toBe(200);
  });

  it('fails for good when asked to, also under a repeat', async () => {
    await world.faults([{ target: 'gateway.refund', kind: 'fail' }]);
    expect((await world.refund(refund, 'k1')).json()).toMatchObject({ status: 'failed', reason: expect.any(String) });
    expect((await world.refund(refund, 'k1')).json().status).toBe('failed');
    expect(JSON.parse((await world.platform.hears(2))[1]!.body).type).toBe('refund.failed');
  });

  it('succeeds and fails later, even across a restart', async () => {
    await world.faults([{ target: 'gateway.refund', kind: 'fail-later', ms: 300 }]);
    expect((await world.refund(refund, 'k1')).json().status).toBe('succeeded');
    await world.platform.hears(2);
    await world.restart();
    await until(async () => (await world.refundOf('ref_1')).json().status === 'failed');
    // One that was being sent when the sandbox stopped is sent again, under its own id.
    const types = () => new Map(world.platform.heard.map(({ body }) => [JSON.parse(body).id, JSON.parse(body).type]));
    await until(async () => types().size === 3);
    expect([...types().values()].toSorted()).toEqual(['payment.paid', 'refund.failed', 'refund.succeeded']);
    expect((await world.payment('pay_1')).json().refunded).toBe(0);
  });

  it('does not let a hanging answer delay the stop', async () => {
    await world.faults([{ target: 'gateway.refund', kind: 'timeout-before' }]);
    const hanging = world.refund(refund, 'k1').catch(() => 'broken');
    await until(async () => (await world.call('GET', '/faults')).text === '[]');
    const before = Date.now();
    await world.restart();
    expect(await hanging).toBe('broken');
    expect(Date.now() - before).toBeLessThan(2000);
  });
});
