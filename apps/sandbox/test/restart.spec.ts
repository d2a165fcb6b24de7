import { appendFile, cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startSandbox } from '../src/sandbox';
import { outside, until, type Outside } from './outside';

describe('the sandbox after a restart', () => {
  let world: Outside;
  beforeEach(async () => void (world = await outside()));
  afterEach(() => world.close());

  it('remembers every decision, refund, waybill and scan', async () => {
    await world.decide('pay_1', 'paid');
    await world.refund({ reference: 'ref_1', payment: 'pay_1', amount: 100, currency: 'CNY' }, 'k1');
    const { number } = (await world.book('SF', 'ord_1')).json();
    await world.scan('SF', number, { code: '50' });
    const views = async () => [
      (await world.ledger()).json(),
      (await world.call('GET', '/carriers/SF/waybills?orderId=ord_1')).json(),
      (await world.call('GET', `/carriers/SF/waybills/${number}/routes`)).json(),
    ];
    const before = await views();
    await world.restart();
    expect(await views()).toEqual(before);
    expect((await world.decide('pay_1', 'declined')).json().status).toBe('paid');
    expect((await world.book('SF', 'ord_1')).json().number).toBe(number);
  });

  it('sends again what was not acknowledged, and nothing else', async () => {
    await world.decide('pay_1', 'paid');
    await until(async () => (await world.call('GET', '/')).text.includes('acknowledged: <b>0</b>'));
    world.platform.answer(() => ({ status: 503, body: '' }));
    await world.decide('pay_2', 'paid');
    await world.platform.hears(2);
    await world.restart();
    world.platform.answer(() => ({ status: 200, body: '' }));
    await until(async () => (await world.call('GET', '/')).text.includes('acknowledged: <b>0</b>'));
    const [first, ...others] = world.platform.heard.map(({ body }) => JSON.parse(body));
    expect(first.reference).toBe('pay_1');
    expect(others.length).toBeGreaterThanOrEqual(2);
    expect(new Set(others.map(({ id }) => id)).size).toBe(1);
    expect(others[0].reference).toBe('pay_2');
  });

  it('tolerates a torn last line, and writes on after it', async () => {
    await world.decide('pay_1', 'paid');
    await world.platform.hears(1);
    const copy = path.join(world.dataDir, 'copy');
    await cp(path.join(world.dataDir, 'sandbox'), path.join(copy, 'sandbox'), { recursive: true });
    const file = path.join(copy, 'sandbox', 'ledger.jsonl');
    await appendFile(file, '[{"kind":"payment-dec');

    for (const orderId of ['ord_1', 'ord_2']) {
      const second = await world.start(copy);
      const headers = { 'idempotency-key': orderId, 'content-type': 'application/json' };
      const body = JSON.stringify({ orderId, recipient: {}, parcels: [] });
      const answer = await fetch(`${second.url}/carriers/SF/waybills`, { method: 'POST', headers, body });
      expect(answer.status).toBe(201);
      await second.close();
    }
    expect(await readFile(file, 'utf8')).toMatch(/pay_1[^]*ord_1[^]*ord_2[^]*\n$/);
  });

  it('refuses to start over a ledger that is damaged elsewhere, and names the line', async () => {
    await world.decide('pay_1', 'paid');
    const copy = path.join(world.dataDir, 'copy');
    await cp(path.join(world.dataDir, 'sandbox'), path.join(copy, 'sandbox'), { recursive: true });
    const file = path.join(copy, 'sandbox', 'ledger.jsonl');
    await writeFile(file, `garbage\n${await readFile(file, 'utf8')}`);
    await expect(startSandbox({ port: 0, dataDir: copy })).rejects.toThrow('ledger.jsonl, line 1 cannot be read');
  });
});
