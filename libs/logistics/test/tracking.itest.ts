import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { SystemIds } from '@tradewind/shared-kernel';
import { metrics } from '@tradewind/shared-kernel/observability';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { eventually } from '@tradewind/shared-kernel/testing';
import { StatusMappingTable } from '../src/adapters/persistence/status-mapping-table';
import { MAPPING_FILES } from '../src/adapters/carriers/mapping-files';
import { TrackingRecords } from '../src/features/tracking-records';
import { Waybills } from '../src/features/waybills';
import { Platform, sfRoutes } from './platform';

const ids = new SystemIds();
let platform: Platform;

beforeAll(async () => {
  platform = await new Platform().start();
});
afterAll(() => platform.stop());

async function aBookedOrder(carrier = 'SF') {
  const orderId = ids.next('ord');
  await platform.pay(orderId, carrier);
  return { orderId, number: (await platform.booked(orderId)).number };
}

const WAITING_FOR_NUMBERS = `SELECT 1 AS one FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database =
                              (SELECT oid FROM pg_database WHERE datname = current_database())`;
const messages = async () => Number((await platform.query('SELECT count(*) FROM logistics.carrier_message'))[0]?.count);
const lastMessage = async () =>
  (
    await platform.query(
      'SELECT scans, orphans, unmapped, unreadable FROM logistics.carrier_message ORDER BY id DESC LIMIT 1',
    )
  )[0];
const problem = (answer: { body: string; statusCode: number }) => ({
  status: answer.statusCode,
  code: (JSON.parse(answer.body) as { code: string }).code,
});

describe('scans from callbacks', () => {
  it('move the waybill and tell the others, once for each fact', async () => {
    const { orderId, number } = await aBookedOrder();
    const answer = await platform.report(number, { opCode: '50', hour: 8 });
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toBe('{"return_code":"0000","return_msg":"成功"}');
    await platform.report(number, { opCode: '50', hour: 8 });
    await platform.report(number, { opCode: '31', hour: 9 }, { opCode: '80', hour: 12, remark: '已签收' });
    await platform.allHeard();

    const waybill = await platform.tracked(number);
    expect(waybill).toMatchObject({ number, carrier: 'SF', status: 'DELIVERED', subStatus: null, orderId });
    expect(waybill.events).toEqual([
      expect.objectContaining({ at: '2026-11-23T00:00:00.000Z', code: '50', status: 'PICKED_UP', zoneAssumed: true }),
      expect.objectContaining({ code: '31', status: 'IN_TRANSIT', mappingVersion: 1 }),
      expect.objectContaining({ code: '80', status: 'DELIVERED', text: '已签收', location: '深圳市' }),
    ]);
    expect(await platform.told(orderId)).toEqual([
      'logistics.waybill-created.v1',
      'logistics.waybill-dispatched.v1',
      'logistics.waybill-delivered.v1',
    ]);
    const history = await platform.history(orderId);
    const delivered = history.find((event) => event.type === 'logistics.waybill-delivered.v1');
    expect(delivered).toMatchObject({
      aggregateVersion: 3,
      data: { orderId, number, deliveredAt: '2026-11-23T04:00:00.000Z' },
      actor: 'subscription:logistics.apply-carrier-message',
      causationId: expect.stringMatching(/^evt_/) as string,
    });
  });

  it('give the same answer in any order', async () => {
    const { orderId, number } = await aBookedOrder();
    await platform.report(number, { opCode: '80', hour: 12 });
    await platform.allHeard();
    await platform.report(number, { opCode: '50', hour: 8 });
    await platform.report(number, { opCode: '204', hour: 11 });
    await platform.allHeard();
    expect((await platform.tracked(number)).status).toBe('DELIVERED');
    expect((await platform.told(orderId)).slice(1)).toEqual([
      'logistics.waybill-dispatched.v1',
      'logistics.waybill-delivered.v1',
    ]);
  });

  it('that come at the same time, in many messages for the same waybills, are all applied', async () => {
    const orders = await Promise.all(Array.from({ length: 4 }, () => aBookedOrder()));
    const reports = orders.flatMap(({ number }) =>
      ['50', '30', '31', '36', '204', '80'].flatMap((opCode, hour) => [
        platform.report(number, { opCode, hour: hour + 5 }),
        platform.report(number, { opCode, hour: hour + 5 }),
      ]),
    );
    expect((await Promise.all(reports)).map((answer) => answer.statusCode)).toEqual(reports.map(() => 200));
    await platform.allHeard();
    for (const { orderId, number } of orders) {
      expect((await platform.tracked(number)).events).toHaveLength(6);
      expect((await platform.told(orderId)).length).toBe(3);
    }
    expect(await platform.query('SELECT * FROM messaging.parked_event')).toEqual([]);
  });

  it('with a code nobody mapped are kept and counted, and change nothing', async () => {
    const { number } = await aBookedOrder();
    await platform.report(number, { opCode: '50', hour: 8 });
    await platform.report(number, { opCode: '09999', hour: 9 });
    await platform.report(number, { opCode: '09999', hour: 9 });
    await platform.report(number, { opCode: '09999', hour: 10 });
    await platform.allHeard();
    const waybill = await platform.tracked(number);
    expect(waybill.status).toBe('PICKED_UP');
    expect(waybill.events.map(({ code, status, mappingVersion }) => [code, status, mappingVersion])).toEqual([
      ['50', 'PICKED_UP', 1],
      ['09999', 'UNKNOWN', null],
      ['09999', 'UNKNOWN', null],
    ]);
    const listed = await platform.app.inject({ url: '/v1/carriers/SF/unmapped-codes' });
    expect(JSON.parse(listed.body)).toMatchObject({
      data: [{ namespace: 'opCode', code: '09999', count: 2 }],
      nextCursor: null,
    });
    expect(await metrics.metrics()).toContain('unmapped_scans_total{carrier="SF"} 2');
  });

  it('are kept beside one that cannot be read, which is counted', async () => {
    const { number } = await aBookedOrder();
    const answer = await platform.report(number, { opCode: '', hour: 7 }, { opCode: '50', hour: 8, remark: '\0收\0' });
    expect(answer.statusCode).toBe(200);
    await platform.allHeard();
    expect(await platform.tracked(number)).toMatchObject({ status: 'PICKED_UP', events: [{ code: '50', text: '收' }] });
    expect(await lastMessage()).toEqual({ scans: 1, orphans: 0, unmapped: 0, unreadable: 1 });
    expect(await metrics.metrics()).toContain('unreadable_scans_total{carrier="SF"} 1');
    expect(await platform.query('SELECT FROM messaging.parked_event')).toEqual([]);
  });

  it('for a number that nobody booked are kept, and adopted when the number appears', async () => {
    const answer = await platform.report('SFORPHAN1', { opCode: '50', hour: 8 });
    expect(answer.statusCode).toBe(200);
    await platform.allHeard();
    expect(problem(await platform.app.inject({ url: '/v1/waybills/SFORPHAN1' }))).toEqual({
      status: 404,
      code: 'unknown-waybill',
    });
    expect(await lastMessage()).toEqual({ scans: 1, orphans: 1, unmapped: 0, unreadable: 0 });

    const orderId = ids.next('ord');
    platform.carrier.waybills.set(orderId, { number: 'SFORPHAN1', status: 'booked' });
    await platform.pay(orderId);
    await platform.booked(orderId);
    expect(await platform.tracked('SFORPHAN1')).toMatchObject({ status: 'PICKED_UP' });
    expect(await platform.told(orderId)).toEqual(['logistics.waybill-created.v1', 'logistics.waybill-dispatched.v1']);
  });

  it('that come while their number is being learnt are not missed: both take turns', async () => {
    const orderId = ids.next('ord');
    const number = 'SFRACE1';
    platform.carrier.waybills.set(orderId, { number, status: 'booked' });
    const [locked, release] = [gate(), gate()];
    const holding = platform.app.get(UnitOfWork).run(async () => {
      await platform.app.get(TrackingRecords, { strict: false }).lock([{ carrier: 'SF', number }]);
      locked.resolve();
      await release.promise;
    });
    await locked.promise;
    await platform.pay(orderId);
    await platform.report(number, { opCode: '50', hour: 8 });
    await eventually(async () => (await platform.query(WAITING_FOR_NUMBERS)).length === 2);
    release.resolve();
    await holding;
    await platform.booked(orderId);
    await eventually(async () => (await platform.tracked(number)).status === 'PICKED_UP');
  });

  it('of more numbers than one transaction may lock are applied, and wait for whoever holds one of them', async () => {
    const numbers = Array.from({ length: 40_000 }, (_, index) => ({ carrier: 'SF', number: `SFMANY${index}` }));
    const unitOfWork = platform.app.get(UnitOfWork);
    const records = platform.app.get(TrackingRecords, { strict: false });
    const waybills = platform.app.get(Waybills, { strict: false });
    const { number } = await aBookedOrder();
    const [locked, release] = [gate(), gate()];
    const few = unitOfWork.run(async () => {
      await records.lock(numbers.slice(0, 1));
      locked.resolve();
      await release.promise;
    });
    await locked.promise;
    const many = unitOfWork.run(async () => {
      await records.lock(numbers);
      const [held] = await platform.query<{ count: bigint }>(
        `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()`,
      );
      return {
        held: Number(held?.count),
        found: await waybills.lockByNumbers([...numbers, { carrier: 'SF', number }]),
      };
    });
    await eventually(async () => (await platform.query(WAITING_FOR_NUMBERS)).length === 1);
    release.resolve();
    await few;
    const { held, found } = await many;
    expect(held).toBe(1);
    expect(found.map((waybill) => waybill.number)).toEqual([number]);
  });

  it('of ZTO come as a signed form', async () => {
    const { number } = await aBookedOrder('ZTO');
    const data = JSON.stringify({ billCode: number, scanType: '签收', scanDate: '2026-11-23 10:00:00' });
    const digest = createHash('md5').update(`${data}zto-key`).digest('base64');
    const form = new URLSearchParams({ data, data_digest: digest, msg_type: 'Traces', company_id: 'x' });
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await platform.post('/v1/carriers/ZTO/callbacks', form.toString(), type);
    expect(answer.statusCode).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({ message: 'success', result: 'success', status: true, statusCode: '0' });
    await platform.allHeard();
    expect((await platform.tracked(number)).status).toBe('DELIVERED');

    const before = await messages();
    form.set('data_digest', 'wrong');
    const forged = await platform.post('/v1/carriers/ZTO/callbacks', form.toString(), type);
    expect(problem(forged)).toEqual({ status: 401, code: 'carrier-signature-invalid' });
    expect(await messages()).toBe(before);
  });
});

const MORE_THAN_TAKEN = Array.from({ length: 1001 }, () => ({ opCode: '50', hour: 8 }));

describe('a message that is not taken', () => {
  it.each<[string, string | object, number, string]>([
    ['SF/callbacks/wrong', sfRoutes('SF1', { opCode: '50', hour: 8 }), 401, 'carrier-signature-invalid'],
    ['SF/callbacks/sf-secret', '{"Body":{"WaybillRoute":[{"id":', 400, 'carrier-message-malformed'],
    ['SF/callbacks', sfRoutes('SF1', { opCode: '', hour: 8 }), 400, 'carrier-message-malformed'],
    ['SF/callbacks', sfRoutes('SF1', ...MORE_THAN_TAKEN), 400, 'carrier-message-malformed'],
    ['SF/callbacks', '', 400, 'carrier-message-malformed'],
    ['PIGEON/callbacks', '{}', 404, 'unknown-carrier'],
  ])('to %s leaves nothing behind', async (path, body, status, code) => {
    const before = await messages();
    expect(problem(await platform.post(`/v1/carriers/${path}`, body))).toEqual({ status, code });
    expect(await messages()).toBe(before);
  });

  it('is any without proof, once the carriers are real', async () => {
    const real = await new Platform().start({ allowUnsignedCallbacks: false });
    try {
      const routes = sfRoutes('SF1', { opCode: '50', hour: 8 });
      expect(problem(await real.post('/v1/carriers/SF/callbacks', routes)).status).toBe(401);
      expect(problem(await real.post('/v1/carriers/ZTO/callbacks', { data: [] })).status).toBe(401);
      expect((await real.post('/v1/carriers/SF/callbacks/sf-secret', routes)).statusCode).toBe(200);
    } finally {
      await real.stop();
    }
  });
});

describe('the HTTP face', () => {
  it('takes the bare address while unsigned callbacks are allowed', async () => {
    const answer = await platform.post('/v1/carriers/SF/callbacks', sfRoutes('SFBARE', { opCode: '50', hour: 8 }));
    expect(answer.statusCode).toBe(200);
  });

  it('knows malformed from unknown orders', async () => {
    expect((await platform.app.inject({ url: '/v1/orders/nonsense/waybills' })).statusCode).toBe(404);
    const unknown = await platform.app.inject({ url: `/v1/orders/${ids.next('ord')}/waybills` });
    expect([unknown.statusCode, JSON.parse(unknown.body)]).toEqual([200, { data: [] }]);
  });

  it('answers 404 for unmapped codes of a carrier that is not connected', async () => {
    const answer = await platform.app.inject({ url: '/v1/carriers/PIGEON/unmapped-codes' });
    expect(problem(answer)).toEqual({ status: 404, code: 'unknown-carrier' });
  });
});

describe('status mappings', () => {
  it('become a new version when they change, once, whoever loads them', async () => {
    const table = new StatusMappingTable(platform.app.get(UnitOfWork));
    const rows = MAPPING_FILES.SF ?? [];
    const changed = [...rows.slice(1), { ...(rows[0] as (typeof rows)[0]), meaning: 'changed' }];
    const versions = await Promise.all([table.load('SF', changed), table.load('SF', changed), table.load('SF', rows)]);
    expect(versions).toEqual([2, 2, 1]);
    const counts = await platform.query(
      `SELECT version, count(*)::int FROM logistics.status_mapping WHERE carrier = 'SF' GROUP BY version ORDER BY version`,
    );
    expect(counts).toEqual([
      { version: 1, count: rows.length },
      { version: 2, count: rows.length },
    ]);
  });
});

describe('polling', () => {
  let polling: Platform;
  beforeAll(async () => {
    polling = await new Platform().start({ poll: { firstMs: 30, mostMs: 200, everyMs: 20 } });
  });
  afterAll(() => polling.stop());

  const stored = async () =>
    (await polling.query<{ scans: number }>('SELECT scans FROM logistics.carrier_message')).map(({ scans }) => scans);

  it('finds scans whose callbacks were lost, stores what is new only, and stops at the end of the journey', async () => {
    const orderId = ids.next('ord');
    await polling.pay(orderId);
    const { number } = await polling.booked(orderId);
    const pickedUp = { opCode: '50', hour: 8 };
    polling.carrier.routes.set(number, sfRoutes(number, pickedUp));
    await eventually(async () => (await polling.tracked(number)).status === 'PICKED_UP');

    await polling.allHeard();
    const known = await stored();
    const asked = polling.carrier.calls('routes').length;
    await eventually(() => polling.carrier.calls('routes').length > asked + 2);
    expect(await stored()).toEqual(known);

    const delivered = { opCode: '80', hour: 12 };
    polling.carrier.routes.set(number, sfRoutes(number, pickedUp, delivered));
    await eventually(async () => (await polling.tracked(number)).status === 'DELIVERED');
    const pollOf = () =>
      polling.query<{ next: Date | null }>('SELECT next_poll_at AS next FROM logistics.waybill WHERE number = $1', [
        number,
      ]);
    await eventually(async () => (await pollOf())[0]?.next === null);
    expect((await stored()).filter((scans) => scans > 0)).toEqual([1, 1]);
    expect(await polling.told(orderId)).toEqual([
      'logistics.waybill-created.v1',
      'logistics.waybill-dispatched.v1',
      'logistics.waybill-delivered.v1',
    ]);
  });

  it('goes on beside a waybill of a carrier that is not connected any more, and beside a scan that cannot be read', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn');
    const [gone, orderId] = [ids.next('ord'), ids.next('ord')];
    for (const order of [gone, orderId]) await polling.pay(order);
    const { number: left } = await polling.booked(gone);
    const { number } = await polling.booked(orderId);
    await polling.query(
      `UPDATE logistics.waybill SET carrier = 'PIGEON', poll_wait_ms = 1, next_poll_at = now() WHERE number = $1`,
      [left],
    );
    const waitOf = `SELECT poll_wait_ms AS wait FROM logistics.waybill WHERE number = $1`;
    await eventually(async () => (await polling.query<{ wait: bigint }>(waitOf, [left]))[0]?.wait === 200n);
    polling.carrier.routes.set(number, sfRoutes(number, { opCode: '', hour: 7 }, { opCode: '50', hour: 8 }));
    await eventually(async () => (await polling.tracked(number)).status === 'PICKED_UP');
    const missed = warn.mock.calls.filter(([line]) => (line as { carrier?: string }).carrier === 'PIGEON');
    expect(missed).toEqual([[{ msg: expect.stringContaining('not connected any more') as string, carrier: 'PIGEON' }]]);
    warn.mockRestore();
  });

  it('waits longer and longer while there is no news', async () => {
    const orderId = ids.next('ord');
    await polling.pay(orderId);
    const { number } = await polling.booked(orderId);
    const waitOf = () =>
      polling.query<{ wait: bigint }>('SELECT poll_wait_ms AS wait FROM logistics.waybill WHERE number = $1', [number]);
    await eventually(async () => (await waitOf())[0]?.wait === 200n);
    await polling.cancel(orderId);
    await eventually(async () => (await polling.waybill(orderId))?.status === 'CANCELLED');
    const [row] = await polling.query('SELECT next_poll_at AS next FROM logistics.waybill WHERE number = $1', [number]);
    expect(row).toEqual({ next: null });
  });
});

function gate(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((opened) => (resolve = opened));
  return { promise, resolve };
}
