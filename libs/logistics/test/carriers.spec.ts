import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { MAPPING_FILES } from '../src/adapters/carriers/mapping-files';
import { SfCarrier } from '../src/adapters/carriers/sf/sf-carrier';
import { ZtoCarrier } from '../src/adapters/carriers/zto/zto-carrier';
import { journeyOf } from '../src/domain/journey';
import type { CarrierScan } from '../src/domain/scan';
import { WAYBILL_STATUSES } from '../src/domain/waybill-status';
import type { Carrier } from '../src/features/carrier';
import { FakeCarrierServer } from './fake-carrier-server';

const CARRIERS_FOLDER = path.join(__dirname, '../src/adapters/carriers');
const server = new FakeCarrierServer();
let carriers: Record<'SF' | 'ZTO', Carrier>;

beforeAll(async () => {
  const baseUrl = await server.start();
  carriers = {
    SF: new SfCarrier({ baseUrl, callbackSecret: 'sf-secret', allowUnsigned: false }),
    ZTO: new ZtoCarrier({ baseUrl, callbackKey: 'zto-key', allowUnsigned: false }),
  };
});
afterAll(() => server.stop());
beforeEach(() => server.reset());

interface Recorded {
  message: unknown;
  expected: string[];
  folded: string;
}

const RECORDED = ['sf', 'zto'].flatMap((folder) =>
  readdirSync(path.join(CARRIERS_FOLDER, folder, 'recorded')).map((file) => ({
    name: folder.toUpperCase() as 'SF' | 'ZTO',
    file,
    recorded: JSON.parse(readFileSync(path.join(CARRIERS_FOLDER, folder, 'recorded', file), 'utf8')) as Recorded,
  })),
);

const json = (value: unknown) => ({ body: Buffer.from(JSON.stringify(value)), contentType: 'application/json' });
const mappingOf = (carrier: Carrier) => ({
  carrier: carrier.name,
  version: 7,
  rows: MAPPING_FILES[carrier.name] ?? [],
});

function read(carrier: Carrier, message: unknown): CarrierScan[] {
  const read = carrier.read(json(message));
  if (read.kind === 'malformed') throw new Error(read.detail);
  return read.scans;
}

/** Entries with these fields of their own, as one message of the carrier. */
const messageOf = (name: 'SF' | 'ZTO', ...entries: Record<string, unknown>[]) =>
  name === 'SF'
    ? { Body: { WaybillRoute: entries.flatMap((entry) => sfRoute(entry).Body.WaybillRoute) } }
    : { data: entries.map(ztoTrace) };

describe.each(RECORDED)('$name reads $file', ({ name, recorded }) => {
  it('as recorded', () => {
    const carrier = carriers[name];
    const scans = read(carrier, recorded.message);
    const translated = scans.map((scan) => ({ scan, reading: carrier.translate(scan, mappingOf(carrier)) }));
    expect(translated.map(({ reading }) => (reading.kind === 'mapped' ? reading.row.status : reading.kind))).toEqual(
      recorded.expected,
    );
    const milestones = translated.flatMap(({ scan, reading }) =>
      reading.kind === 'mapped' ? [{ ...scan, ...reading.row, code: scan.code }] : [],
    );
    expect(journeyOf(milestones).status).toBe(recorded.folded);
  });
});

describe.each(['SF', 'ZTO'] as const)('%s as a carrier', (name) => {
  const signal = AbortSignal.timeout(20_000);
  const booking = {
    reference: 'ord_1',
    recipient: { name: '李雷' },
    parcels: [{ lines: [{ sku: 'A', quantity: 1 }] }],
  };

  it('books once for each order', async () => {
    const first = await carriers[name].book(booking, signal);
    const again = await carriers[name].book(booking, signal);
    expect(first).toMatchObject({ kind: 'succeeded', result: { isCancelled: false } });
    expect(again).toEqual(first);
    const { reference: orderId, ...told } = booking;
    expect(server.calls('book')[0]).toMatchObject({ key: orderId, body: { orderId, ...told } });
  });

  it('finds what was booked, and knows when nothing was', async () => {
    expect(await carriers[name].ask('ord_1', signal)).toMatchObject({ kind: 'not-done' });
    const booked = await carriers[name].book(booking, signal);
    expect(await carriers[name].ask('ord_1', signal)).toEqual(booked);
  });

  it('tells apart what is pending, refused, unknown and not done', async () => {
    server.next('book', 'no-number', 'refuse', 'break', 'busy');
    for (const kind of ['pending', 'failed', 'unknown', 'not-done']) {
      expect(await carriers[name].book(booking, signal)).toMatchObject({ kind });
    }
  });

  it('takes a carrier that cannot be reached for not called, and an answer cut off for unknown', async () => {
    const gone = new FakeCarrierServer();
    const silent = new SfCarrier({ baseUrl: await gone.start(), callbackSecret: '', allowUnsigned: false });
    await gone.stop();
    expect(await silent.book(booking, signal)).toMatchObject({ kind: 'not-done' });
    expect(await silent.ask('ord_1', signal)).toMatchObject({ kind: 'unknown' });
    server.next('book', 'cut-off-after');
    expect(await carriers[name].book(booking, signal)).toMatchObject({ kind: 'unknown' });
    expect(await carriers[name].ask('ord_1', signal)).toMatchObject({ kind: 'succeeded' });
  });

  it('cancels until the parcel was picked up', async () => {
    const booked = await carriers[name].book(booking, signal);
    const number = booked.kind === 'succeeded' ? booked.result.number : '';
    expect(await carriers[name].cancel(number, signal)).toMatchObject({ kind: 'succeeded' });
    expect(await carriers[name].ask('ord_1', signal)).toMatchObject({ result: { isCancelled: true } });
    server.next('cancel', 'picked-up');
    expect(await carriers[name].cancel(number, signal)).toMatchObject({ kind: 'failed' });
  });

  it('reads the same scan pushed and polled as one fact', async () => {
    server.routes.set('N1', name === 'SF' ? sfRoute({ id: 'polled' }) : { data: [ztoTrace()] });
    const polled = await carriers[name].routes('N1', signal);
    const pushed = json(name === 'SF' ? sfRoute({ id: 'pushed' }) : ztoTrace());
    expect(polled && carriers[name].read(polled)).toEqual(carriers[name].read(pushed));
    expect(await carriers[name].routes('unknown', signal)).toBeUndefined();
  });

  it('tells an unmapped code apart', () => {
    const scans = read(carriers[name], name === 'SF' ? sfRoute({ opCode: '0080' }) : ztoTrace({ scanType: '01' }));
    expect(scans).toHaveLength(1);
    const [scan] = scans as [CarrierScan];
    const code = name === 'SF' ? '0080' : '01';
    expect(carriers[name].translate(scan, mappingOf(carriers[name]))).toMatchObject({ kind: 'unmapped', code });
  });

  it.each([
    '',
    'null',
    '[1]',
    '{"Body":{"WaybillRoute":[{"id":',
    '{"Body":{"WaybillRoute":[{}]}}',
    '{"data":[null]}',
    '{"billCode":"1","scanType":"收件","scanDate":"yesterday"}',
    '{"Body":{"WaybillRoute":[{"mailno":"SF1","opCode":"50","acceptTime":"2026-13-45 10:00:00"}]}}',
  ])('refuses %j', (text) => {
    expect(carriers[name].read({ body: Buffer.from(text), contentType: 'application/json' })).toEqual(MALFORMED);
  });

  it('refuses bytes that are no text', () => {
    expect(carriers[name].read({ body: Buffer.from([0xff, 0xfe]), contentType: '' })).toEqual(MALFORMED);
  });

  it('keeps the scans beside one that cannot be read, and counts that', () => {
    const time = name === 'SF' ? 'acceptTime' : 'scanDate';
    const code = name === 'SF' ? 'opCode' : 'scanType';
    const number = name === 'SF' ? 'mailno' : 'billCode';
    const unreadable = [
      { [code]: undefined },
      { [time]: { toString: 1 } },
      { [number]: 'N1\0' },
      { [code]: 'x'.repeat(65) },
    ];
    const read = carriers[name].read(json(messageOf(name, {}, ...unreadable)));
    expect(read).toMatchObject({ kind: 'read', scans: [{ number: 'N1' }], unreadable: 4 });
  });

  it('takes 1,000 scans in one message and no more', () => {
    const scans = Array.from({ length: 1000 }, () => ({}));
    expect(read(carriers[name], messageOf(name, ...scans))).toHaveLength(1000);
    expect(carriers[name].read(json(messageOf(name, ...scans, {})))).toEqual({
      kind: 'malformed',
      detail: 'holds 1001 scans; at most 1000 are taken',
    });
  });

  it('frees texts of control characters and cuts long ones', () => {
    const text = name === 'SF' ? 'remark' : 'desc';
    const place = name === 'SF' ? 'acceptAddress' : 'scanSite';
    const [scan] = read(carriers[name], messageOf(name, { [text]: '\0已\r\n签收\u0085', [place]: '深'.repeat(1001) }));
    expect(scan).toMatchObject({ text: '已 签收', location: '深'.repeat(1000) });
  });
});

describe('SF', () => {
  it('assumes China time when no zone is named, and says so', () => {
    const [scan] = read(carriers.SF, sfRoute({}));
    expect(scan).toMatchObject({
      at: new Date('2026-11-23T02:00:00Z'),
      zoneAssumed: true,
      code: '50',
      location: '深圳市',
    });
    const [zoned] = read(carriers.SF, sfRoute({ acceptTime: '2026-11-23T10:00:00+09:00' }));
    expect(zoned).toMatchObject({ at: new Date('2026-11-23T01:00:00Z'), zoneAssumed: false });
  });

  it('proves itself by the address that it calls', () => {
    const message = { ...json({}), headers: {} };
    expect(carriers.SF.verify({ ...message, pathSecret: 'sf-secret' })).toBe('genuine');
    expect(carriers.SF.verify({ ...message, pathSecret: 'sf-secrex' })).toBe('forged');
    expect(carriers.SF.verify({ ...message, pathSecret: null })).toBe('forged');
  });
});

describe('ZTO', () => {
  const digest = (text: string, key = 'zto-key') =>
    createHash('md5')
      .update(text + key)
      .digest('base64');
  const signed = (form: Record<string, string>) => ({
    body: Buffer.from(new URLSearchParams(form).toString()),
    contentType: 'application/x-www-form-urlencoded; charset=UTF-8',
    headers: {},
    pathSecret: null,
  });

  it('proves a form by the digest of its data', () => {
    const data = JSON.stringify([ztoTrace()]);
    const message = signed({ data, data_digest: digest(data), msg_type: 'Traces', company_id: 'x' });
    expect(carriers.ZTO.verify(message)).toBe('genuine');
    expect(carriers.ZTO.read(message)).toEqual(carriers.ZTO.read(json(ztoTrace())));
    expect(carriers.ZTO.verify(signed({ data, data_digest: digest(data, 'other') }))).toBe('forged');
    expect(carriers.ZTO.verify(signed({ data }))).toBe('forged');
    expect(carriers.ZTO.verify(signed({ msg_type: 'Traces' }))).toBe('malformed');
  });

  it('proves JSON by the digest of the body in a header', () => {
    const message = { ...json(ztoTrace()), pathSecret: null };
    const header = digest(JSON.stringify(ztoTrace()));
    expect(carriers.ZTO.verify({ ...message, headers: { 'x-datadigest': header } })).toBe('genuine');
    expect(carriers.ZTO.verify({ ...message, headers: { 'x-datadigest': 'no' } })).toBe('forged');
    expect(carriers.ZTO.verify({ ...message, headers: {} })).toBe('forged');
  });

  it('takes milliseconds for what they are', () => {
    const [scan] = read(carriers.ZTO, ztoTrace({ scanDate: 1795399200000 }));
    expect(scan).toMatchObject({ at: new Date(1795399200000), zoneAssumed: false });
  });
});

describe('the mapping files', () => {
  it.each(Object.entries(MAPPING_FILES))(
    'of %s hold one row for each key, with words that we know',
    (carrier, rows) => {
      const keys = rows.map((row) => JSON.stringify([row.namespace, row.code, row.qualifier]));
      expect(new Set(keys).size).toBe(rows.length);
      for (const row of rows) {
        expect(row.carrier).toBe(carrier);
        expect(WAYBILL_STATUSES).toContain(row.status);
        expect(['milestone', 'informational', 'reversal', 'subscription']).toContain(row.effect);
      }
    },
  );

  it('hold the fixtures of the product owner', () => {
    const fixtures = [
      carriers.SF.translate(read(carriers.SF, sfRoute({ opCode: 'SF001' }))[0] as CarrierScan, mappingOf(carriers.SF)),
      carriers.ZTO.translate(
        read(carriers.ZTO, ztoTrace({ scanType: 'ZTO200' }))[0] as CarrierScan,
        mappingOf(carriers.ZTO),
      ),
    ];
    expect(fixtures.map((fixture) => fixture.kind === 'mapped' && fixture.row.status)).toEqual([
      'PICKED_UP',
      'DELIVERED',
    ]);
  });
});

const MALFORMED = { kind: 'malformed', detail: 'is not in the format of this carrier' };

function sfRoute(rest: Record<string, unknown>) {
  const route = {
    id: '1',
    mailno: 'N1',
    acceptTime: '2026-11-23 10:00:00',
    acceptAddress: '深圳市',
    remark: '收',
    opCode: '50',
  };
  return { Body: { WaybillRoute: [{ ...route, ...rest }] } };
}

function ztoTrace(rest: Record<string, unknown> = {}) {
  return { billCode: 'N1', scanType: '收件', scanDate: '2026-11-23 10:00:00', scanSite: '杭州', desc: '收', ...rest };
}
