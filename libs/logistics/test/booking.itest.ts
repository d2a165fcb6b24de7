import { SystemIds, uuidOf } from '@tradewind/shared-kernel';
import { eventually } from '@tradewind/shared-kernel/testing';
import { Platform, RECIPIENT } from './platform';

const ids = new SystemIds();
let platform: Platform;

beforeAll(async () => {
  platform = await new Platform().start();
});
afterAll(() => platform.stop());
beforeEach(() => platform.carrier.reset());

const CREATED = 'logistics.waybill-created.v1';
const CANCELLED = 'logistics.waybill-cancelled.v1';

const callOf = (orderId: string, kind: string) =>
  eventually(async () => {
    const rows = await platform.query<{ state: string }>(
      `SELECT c.state FROM logistics.carrier_call c JOIN logistics.waybill w ON w.id = c.waybill_id
        WHERE c.kind = $1 AND w.order_id = $2`,
      [kind, uuidOf(orderId)],
    );
    return rows[0];
  });

const settled = (orderId: string, kind: string) =>
  eventually(async () => {
    const { state } = await callOf(orderId, kind);
    return ['succeeded', 'failed', 'stuck'].includes(state) ? state : undefined;
  });

describe('a paid order', () => {
  it('gets one waybill, however often it is told to be paid', async () => {
    const orderId = ids.next('ord');
    await Promise.all([platform.pay(orderId), platform.pay(orderId, null, 2)]);
    const waybill = await platform.booked(orderId);
    await platform.pay(orderId, null, 3);
    await settled(orderId, 'book');

    expect(waybill).toMatchObject({
      orderId,
      carrier: 'SF',
      status: 'CREATED',
      bookingState: 'booked',
      bookingError: null,
    });
    expect(waybill.parcels).toEqual([{ number: waybill.number, status: 'CREATED' }]);
    expect(platform.carrier.calls('book')).toHaveLength(1);
    expect(platform.carrier.calls('book')[0]).toMatchObject({
      carrier: 'SF',
      key: orderId,
      body: { orderId, recipient: RECIPIENT, parcels: [{ lines: [{ sku: 'SKU-1', quantity: 2 }] }] },
    });
    expect(await platform.told(orderId)).toEqual([CREATED]);
  });

  it('goes with the carrier the buyer chose, or with the default one', async () => {
    const [zto, unheardOf] = [ids.next('ord'), ids.next('ord')];
    await platform.pay(zto, 'ZTO');
    await platform.pay(unheardOf, 'PIGEON');
    expect((await platform.booked(zto)).carrier).toBe('ZTO');
    expect((await platform.booked(unheardOf)).carrier).toBe('SF');
  });

  it('keeps no personal data', async () => {
    const orderId = ids.next('ord');
    await platform.pay(orderId);
    await platform.booked(orderId);
    const rows = await platform.query(
      'SELECT w::text, c::text FROM logistics.waybill w JOIN logistics.carrier_call c ON c.waybill_id = w.id',
    );
    const events = await platform.history(orderId);
    expect(JSON.stringify([rows, events])).not.toContain(RECIPIENT.name);
  });
});

describe('a booking', () => {
  it('that timed out after it succeeded is asked about, not made again', async () => {
    const orderId = ids.next('ord');
    platform.carrier.next('book', 'cut-off-after');
    await platform.pay(orderId);
    const waybill = await platform.booked(orderId);
    expect(waybill.number).toBe(platform.carrier.waybills.get(orderId)?.number);
    expect(platform.carrier.calls('book')).toHaveLength(1);
    expect(platform.carrier.calls('ask').length).toBeGreaterThan(0);
  });

  it('that was never answered in time is asked about', async () => {
    const orderId = ids.next('ord');
    platform.carrier.next('book', 'hold');
    await platform.pay(orderId);
    await eventually(() => platform.carrier.calls('book').length === 1);
    platform.carrier.waybills.set(orderId, { number: 'NSLOW1', status: 'booked' });
    expect((await platform.booked(orderId)).number).toBe('NSLOW1');
    platform.carrier.release();
    expect(platform.carrier.calls('book')).toHaveLength(1);
  });

  it('without a number waits for it', async () => {
    const orderId = ids.next('ord');
    platform.carrier.next('book', 'no-number');
    platform.carrier.next('ask', 'break');
    await platform.pay(orderId);
    expect(await eventually(() => platform.waybill(orderId))).toMatchObject({ bookingState: 'waiting', number: null });
    await platform.booked(orderId);
    expect(platform.carrier.calls('book')).toHaveLength(1);
    expect(await platform.told(orderId)).toEqual([CREATED]);
  });

  it('that the carrier never heard of is made again', async () => {
    const orderId = ids.next('ord');
    platform.carrier.next('book', 'break');
    await platform.pay(orderId);
    await platform.booked(orderId);
    expect(platform.carrier.calls('book')).toHaveLength(2);
    expect(new Set(platform.carrier.calls('book').map((call) => call.key))).toEqual(new Set([orderId]));
  });

  it('that is answered with the number of another order fails, and the other order keeps it', async () => {
    const [first, second] = [ids.next('ord'), ids.next('ord')];
    for (const orderId of [first, second]) {
      platform.carrier.waybills.set(orderId, { number: 'NTWICE1', status: 'booked' });
    }
    await platform.pay(first);
    await platform.booked(first);
    platform.carrier.next('book', 'cut-off-after');
    await platform.pay(second);
    expect(await settled(second, 'book')).toBe('failed');
    expect(await platform.waybill(second)).toMatchObject({
      number: null,
      bookingState: 'failed',
      bookingError: 'number-already-used',
    });
    expect(await platform.waybill(first)).toMatchObject({ number: 'NTWICE1', bookingState: 'booked' });
  });

  it('that is refused can be seen', async () => {
    const orderId = ids.next('ord');
    platform.carrier.next('book', 'refuse');
    await platform.pay(orderId);
    expect(await settled(orderId, 'book')).toBe('failed');
    expect(await platform.waybill(orderId)).toMatchObject({
      number: null,
      status: 'CREATED',
      bookingState: 'failed',
      bookingError: 'answered 422',
    });
  });
});

describe('a cancelled order', () => {
  it('has its waybill cancelled at the carrier', async () => {
    const orderId = ids.next('ord');
    await platform.pay(orderId);
    await platform.booked(orderId);
    await platform.cancel(orderId);
    expect(await settled(orderId, 'cancel')).toBe('succeeded');
    expect(platform.carrier.waybills.get(orderId)?.status).toBe('cancelled');
    expect(await platform.told(orderId)).toEqual([CREATED, CANCELLED]);
    expect(await platform.waybill(orderId)).toMatchObject({ status: 'CANCELLED', bookingState: 'booked' });
  });

  it('that is cancelled before the payment is heard of is never booked', async () => {
    const orderId = ids.next('ord');
    await platform.cancel(orderId);
    await eventually(() => platform.waybill(orderId));
    await platform.pay(orderId, null, 3);
    await platform.allHeard();
    expect(await platform.told(orderId)).toEqual([CANCELLED]);
    expect(
      await platform.query('SELECT FROM logistics.carrier_call WHERE state IN ($1, $2)', ['requested', 'sent']),
    ).toEqual([]);
    expect(platform.carrier.calls('book')).toEqual([]);
    expect(await platform.waybill(orderId)).toMatchObject({ status: 'CANCELLED', bookingState: 'withdrawn' });
  });

  it('that is cancelled while the booking is under way ends without a live waybill', async () => {
    const orderId = ids.next('ord');
    platform.carrier.next('book', 'hold');
    await platform.pay(orderId);
    await eventually(() => platform.carrier.calls('book').length === 1);
    await platform.cancel(orderId);
    await eventually(async () => (await platform.waybill(orderId))?.status === 'CANCELLED');
    platform.carrier.release();
    expect(await settled(orderId, 'cancel')).toBe('succeeded');
    expect(platform.carrier.waybills.get(orderId)?.status).toBe('cancelled');
    expect(await platform.told(orderId)).toEqual([CANCELLED]);
  });

  it('that is cancelled while nobody knows whether it was booked ends without a live waybill', async () => {
    const orderId = ids.next('ord');
    platform.carrier.next('book', 'cut-off-after');
    platform.carrier.next('ask', 'hold');
    await platform.pay(orderId);
    await eventually(() => platform.carrier.calls('ask').length === 1);
    await platform.cancel(orderId);
    await eventually(async () => (await platform.waybill(orderId))?.status === 'CANCELLED');
    platform.carrier.release();
    expect(await settled(orderId, 'cancel')).toBe('succeeded');
    expect(platform.carrier.waybills.get(orderId)?.status).toBe('cancelled');
  });

  it('is not booked again when the carrier had never heard of it', async () => {
    const orderId = ids.next('ord');
    platform.carrier.next('book', 'break');
    platform.carrier.next('ask', 'hold');
    await platform.pay(orderId);
    await eventually(() => platform.carrier.calls('ask').length === 1);
    await platform.cancel(orderId);
    await eventually(async () => (await platform.waybill(orderId))?.status === 'CANCELLED');
    platform.carrier.release();
    expect(await settled(orderId, 'book')).toBe('failed');
    expect(platform.carrier.calls('book')).toHaveLength(1);
    expect(platform.carrier.waybills.has(orderId)).toBe(false);
  });

  it('that was never paid has no waybill', async () => {
    const orderId = ids.next('ord');
    await platform.cancel(orderId, 'created');
    await platform.allHeard();
    expect(await platform.told(orderId)).toEqual([]);
    expect(await platform.waybill(orderId)).toBeUndefined();
  });

  it('whose parcel was picked up already stays with the carrier, visibly', async () => {
    const orderId = ids.next('ord');
    platform.carrier.next('cancel', 'picked-up');
    await platform.pay(orderId);
    await platform.booked(orderId);
    await platform.cancel(orderId);
    expect(await settled(orderId, 'cancel')).toBe('failed');
    expect(platform.carrier.waybills.get(orderId)?.status).toBe('booked');
  });

  it('keeps its waybill when a scan has shown it on its way', async () => {
    const orderId = ids.next('ord');
    await platform.pay(orderId);
    const { number } = await platform.booked(orderId);
    await platform.report(number, { opCode: '50', hour: 10 });
    await platform.allHeard();
    await platform.cancel(orderId);
    await platform.allHeard();
    expect(platform.carrier.calls('cancel')).toHaveLength(0);
    expect(await platform.waybill(orderId)).toMatchObject({ status: 'PICKED_UP' });
  });
});
