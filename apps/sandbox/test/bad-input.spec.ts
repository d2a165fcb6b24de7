import { settingsFrom } from '../src/settings';
import { booking, outside, payAddress, type Outside } from './outside';

describe('bad input', () => {
  let world: Outside;
  beforeAll(async () => void (world = await outside()));
  afterAll(() => world.close());

  const merchant = { authorization: 'Bearer sandbox-gateway-secret' };
  const refund = { reference: 'ref_1', payment: 'pay_1', amount: 1, currency: 'CNY' };
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const keyed = { 'idempotency-key': 'k' };
  const scans = '/carriers/SF/waybills/SF1/scans?orphan=1';
  const huge = { code: 'x'.repeat(300_000) };

  type Call = [method: string, where: string, body?: unknown, headers?: Record<string, string>];
  it.each<[string, number, Call]>([
    ['malformed JSON', 400, ['PUT', '/faults', '{"', { 'content-type': 'application/json' }]],
    ['a poisoned prototype', 400, ['PUT', '/faults', '{"__proto__":1}', { 'content-type': 'application/json' }]],
    ['another media type', 415, ['PUT', '/faults', 'x', { 'content-type': 'text/csv' }]],
    ['a huge body', 413, ['POST', scans, huge]],
    ['a broken escape', 400, ['GET', '/pay/%ZZ']],
    ['no such place', 404, ['GET', '/nowhere']],
    ['no such carrier', 404, ['POST', '/carriers/UPS/waybills', booking('ord_1'), keyed]],
    ['a carrier that objects inherit', 404, ['GET', '/carriers/constructor/waybills?orderId=ord_1']],
    ['a page without terms', 400, ['GET', '/pay/pay_1']],
    ['a page with terms twice', 400, ['GET', `${payAddress('pay_1')}&amount=1`]],
    ['an unknown outcome', 400, ['POST', payAddress('pay_1'), { outcome: 'maybe' }]],
    ['an unknown outcome in a form', 400, ['POST', payAddress('pay_1'), 'outcome=maybe', form]],
    ['a decision without a body', 400, ['POST', payAddress('pay_1')]],
    ['a wrong bearer', 401, ['POST', '/gateway/refunds', refund, { ...keyed, authorization: 'Bearer x' }]],
    ['a refund without a key', 400, ['POST', '/gateway/refunds', refund, merchant]],
    ['an amount as text', 400, ['POST', '/gateway/refunds', { ...refund, amount: '1' }, { ...keyed, ...merchant }]],
    ['a booking without a key', 400, ['POST', '/carriers/SF/waybills', booking('ord_1')]],
    ['a booking without a recipient', 400, ['POST', '/carriers/SF/waybills', { orderId: 'o', parcels: [] }, keyed]],
    ['asking without an order', 400, ['GET', '/carriers/SF/waybills']],
    ['a scan without a code', 400, ['POST', scans, {}]],
    ['a time that does not exist', 400, ['POST', scans, { code: '50', at: '2026-13-01T00:00:00Z' }]],
    ['a leap second', 400, ['POST', scans, { code: '50', at: '2026-12-31T23:59:60Z' }]],
  ])('%s is answered %i with a reason', async (_, status, call) => {
    const answer = await world.call(...call);
    expect([answer.status, answer.json()]).toEqual([status, { error: expect.any(String) }]);
  });

  it.each<[string, unknown]>([
    ['must be a list', { target: 'gateway.callback', kind: 'lose' }],
    ['must be an object', [7]],
    ['target must be one of', [{ target: 'gateway', kind: 'lose' }]],
    ['kind for carrier.book must be one of', [{ target: 'carrier.book', kind: 'lose' }]],
    ['times must be', [{ target: 'gateway.callback', kind: 'lose', times: 0 }]],
    ['takes no ms', [{ target: 'gateway.callback', kind: 'lose', ms: 5 }]],
    ['ms must be', [{ target: 'gateway.callback', kind: 'delay', ms: -5 }]],
    ['match must be', [{ target: 'gateway.callback', kind: 'lose', match: 1 }]],
    ['unknown field "time"', [{ target: 'gateway.callback', kind: 'lose', time: 1 }]],
  ])('a fault plan that is wrong: %s', async (reason, plan) => {
    const answer = await world.faults(plan);
    expect(answer.status).toBe(400);
    expect(answer.json().error).toContain(reason);
  });

  it('never turns up as markup', async () => {
    await world.faults([{ target: 'carrier.book', kind: 'error', match: '<script>alert(1)</script>' }]);
    const home = await world.call('GET', '/');
    expect(home.text).toContain('&#60;script&#62;');
    expect(home.text).not.toContain('<script');
    const lost = await world.call('GET', '/<script>', undefined, { accept: 'text/html' });
    expect([lost.status, lost.text.includes('<script')]).toEqual([404, false]);
    await world.call('DELETE', '/faults');
  });

  it.each([
    ['SANDBOX_PORT', '70000'],
    ['SANDBOX_PORT', '8o81'],
    ['PLATFORM_URL', 'ftp://x'],
    ['PLATFORM_URL', 'nonsense'],
  ])('in the environment names the variable: %s=%s', (name, value) => {
    expect(() => settingsFrom({ [name]: value })).toThrow(name);
  });
});
