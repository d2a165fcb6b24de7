import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { outside, until, type Outside } from './outside';

describe('the sandbox carriers', () => {
  let world: Outside;
  beforeEach(async () => void (world = await outside()));
  afterEach(() => world.close());

  const booked = async (carrier: string, orderId: string): Promise<string> =>
    (await world.book(carrier, orderId)).json().number;

  it.each([
    ['SF', /^SF\d{13}$/],
    ['ZTO', /^78\d{12}$/],
  ])('%s books one number for one order, in its own shape', async (carrier, shape) => {
    const first = await world.book(carrier, 'ord_1');
    expect([first.status, first.json()]).toEqual([
      201,
      { carrier, number: expect.stringMatching(shape), status: 'booked' },
    ]);
    const repeat = await world.book(carrier, 'ord_1');
    expect([repeat.status, repeat.json()]).toEqual([200, first.json()]);
    expect((await world.call('GET', `/carriers/${carrier}/waybills?orderId=ord_1`)).json()).toEqual(first.json());
    expect(await booked(carrier, 'ord_2')).not.toBe(first.json().number);
  });

  it('gives the same number again after losing its ledger, and keeps nothing about people', async () => {
    const number = await booked('SF', 'ord_1');
    const ledger = await readFile(path.join(world.dataDir, 'sandbox', 'ledger.jsonl'), 'utf8');
    expect(ledger).toContain(number);
    expect(ledger).not.toContain('王小明');
    const other = await outside();
    expect((await other.book('SF', 'ord_1')).json().number).toBe(number);
    await other.close();
  });

  it('cancels until the parcel is picked up', async () => {
    const cancel = (number: string) => world.call('POST', `/carriers/SF/waybills/${number}/cancel`);
    const [quiet, moving] = [await booked('SF', 'ord_1'), await booked('SF', 'ord_2')];
    expect((await cancel(quiet)).json()).toEqual({ number: quiet, status: 'cancelled' });
    expect((await cancel(quiet)).status).toBe(200);
    expect((await world.book('SF', 'ord_1')).json().status).toBe('cancelled');
    await world.scan('SF', moving, { code: '50' });
    expect((await cancel(moving)).status).toBe(409);
    expect((await cancel('SF0000000000000')).status).toBe(404);
  });

  it('SF reports a scan in its own words and China time, and polling reads the same', async () => {
    const number = await booked('SF', 'ord_1');
    const scan = { code: '80', at: '2026-11-23T02:00:00Z', place: '深圳市', text: '已签收', firstStatusCode: '4' };
    expect((await world.scan('SF', number, scan)).status).toBe(202);
    const [callback] = await world.platform.hears(1);
    expect(callback!.path).toBe('/v1/carriers/SF/callbacks/sandbox-sf-secret');
    expect(JSON.parse(callback!.body)).toEqual({
      Body: {
        WaybillRoute: [
          {
            id: expect.stringMatching(/^\d+$/),
            mailno: number,
            orderid: 'ord_1',
            acceptTime: '2026-11-23 10:00:00',
            acceptAddress: '深圳市',
            remark: '已签收',
            opCode: '80',
            firstStatusCode: '4',
          },
        ],
      },
    });
    const routes = await world.call('GET', `/carriers/SF/waybills/${number}/routes`);
    expect(routes.json()).toEqual(JSON.parse(callback!.body));
  });

  it('ZTO reports a scan as a form with a digest, and polling reads the same', async () => {
    const number = await booked('ZTO', 'ord_1');
    await world.scan('ZTO', number, { code: '签收', at: '2026-11-23T10:00:00+08:00', place: '杭州', text: '本人签收' });
    const [callback] = await world.platform.hears(1);
    expect(callback!.path).toBe('/v1/carriers/ZTO/callbacks');
    expect(callback!.headers['content-type']).toBe('application/x-www-form-urlencoded');
    const form = Object.fromEntries(new URLSearchParams(callback!.body));
    const digest = createHash('md5').update(`${form['data']}sandbox-zto-key`).digest('base64');
    expect(form).toMatchObject({ data_digest: digest, msg_type: 'Traces', company_id: 'sandbox' });
    const trace = JSON.parse(form['data']!);
    expect(trace).toEqual({
      billCode: number,
      orderCode: 'ord_1',
      scanType: '签收',
      scanDate: '2026-11-23 10:00:00',
      scanSite: '杭州',
      desc: '本人签收',
    });
    const routes = await world.call('GET', `/carriers/ZTO/waybills/${number}/routes`);
    expect(routes.json()).toEqual({ data: [trace] });
  });

  it.each([
    ['SF', '{"return_code":"1000"}'],
    ['ZTO', '{"status":false}'],
  ])('%s says it again when the acknowledgement is not its own', async (carrier, wrong) => {
    world.platform.answer((_, nth) => ({
      status: 200,
      body: nth === 1 ? wrong : '{"return_code":"0000","status":true}',
    }));
    await world.scan(carrier, await booked(carrier, 'ord_1'), { code: '50' });
    const [first, second] = await world.platform.hears(2);
    expect(second!.body).toBe(first!.body);
  });

  it('scans waybills that nobody booked only when asked to', async () => {
    expect((await world.scan('SF', 'SF1', { code: '50' })).status).toBe(404);
    expect((await world.call('POST', '/carriers/SF/waybills/SF1/scans?orphan=1', { code: '50' })).status).toBe(202);
    const [callback] = await world.platform.hears(1);
    expect(JSON.parse(callback!.body).Body.WaybillRoute[0]).toMatchObject({ mailno: 'SF1', orderid: '' });
  });

  describe('with faults', () => {
    const heardCodes = async (count: number) =>
      (await world.platform.hears(count)).map(({ body }) => JSON.parse(body).Body.WaybillRoute[0].opCode);

    it('keeps the order of scans unless asked to swap them', async () => {
      const number = await booked('SF', 'ord_1');
      for (const code of ['50', '30', '44']) await world.scan('SF', number, { code });
      expect(await heardCodes(3)).toEqual(['50', '30', '44']);
      await world.faults([{ target: 'carrier.callback', kind: 'reorder', match: number }]);
      for (const code of ['80', '8000']) await world.scan('SF', number, { code });
      expect((await heardCodes(5)).slice(3)).toEqual(['8000', '80']);
    });

    it('reports an unknown code, and polling reads the same', async () => {
      const number = await booked('SF', 'ord_1');
      await world.faults([{ target: 'carrier.callback', kind: 'unknown-code' }]);
      expect((await world.scan('SF', number, { code: '80' })).json().code).toBe('ZZ-UNKNOWN');
      expect(await heardCodes(1)).toEqual(['ZZ-UNKNOWN']);
      expect((await world.call('GET', `/carriers/SF/waybills/${number}/routes`)).text).toContain('ZZ-UNKNOWN');
    });

    it('loses a report that polling still finds', async () => {
      const number = await booked('SF', 'ord_1');
      await world.faults([{ target: 'carrier.callback', kind: 'lose' }]);
      for (const code of ['50', '80']) await world.scan('SF', number, { code });
      expect(await heardCodes(1)).toEqual(['80']);
      const routes = (await world.call('GET', `/carriers/SF/waybills/${number}/routes`)).json();
      expect(routes.Body.WaybillRoute).toHaveLength(2);
    });

    it('books and never answers; asking finds the number', async () => {
      await world.faults([{ target: 'carrier.book', kind: 'timeout-after-success', ms: 20 }]);
      await expect(world.book('SF', 'ord_1')).rejects.toThrow('fetch failed');
      const asked = (await world.call('GET', '/carriers/SF/waybills?orderId=ord_1')).json();
      expect((await world.book('SF', 'ord_1')).json()).toEqual(asked);
    });

    it('has no number yet, and has one on a later ask', async () => {
      await world.faults([{ target: 'carrier.book', kind: 'no-number', match: 'ord_1' }]);
      const pending = await world.book('ZTO', 'ord_1');
      expect([pending.status, pending.json()]).toEqual([202, { status: 'pending' }]);
      await until(async () => (await world.call('GET', '/carriers/ZTO/waybills?orderId=ord_1')).status === 200);
      expect((await world.book('ZTO', 'ord_1')).json().status).toBe('booked');
    });

    it('books nothing when it breaks before', async () => {
      await world.faults([{ target: 'carrier.book', kind: 'error', times: 2 }]);
      expect((await world.book('SF', 'ord_1')).status).toBe(500);
      expect((await world.book('SF', 'ord_1')).status).toBe(500);
      expect((await world.call('GET', '/carriers/SF/waybills?orderId=ord_1')).status).toBe(404);
      expect((await world.book('SF', 'ord_1')).status).toBe(201);
    });
  });
});
