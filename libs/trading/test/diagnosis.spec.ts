import { diagnose } from '../src/domain/diagnosis/diagnosis';
import type { OpenOperation, Standing } from '../src/domain/diagnosis/standing';

const NOW = new Date('2026-01-31T12:00:00Z');
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000);

const standing = (changes: Partial<Standing> = {}): Standing => ({
  status: 'paid',
  paymentStatus: 'paid',
  placedAt: ago(600),
  holdExpiresAt: ago(-300),
  review: null,
  operations: [],
  parked: [],
  undelivered: [],
  waybills: [],
  messages: [],
  ...changes,
});
const operation = (changes: Partial<OpenOperation>): OpenOperation => ({
  id: 'ref_1',
  kind: 'refund',
  gateway: 'sandbox',
  state: 'unknown',
  attempts: 3,
  requestedAt: ago(500),
  dueAt: ago(-60),
  lastError: 'TimeoutError',
  ...changes,
});
const waybill = (changes: object = {}, call?: object) => ({
  waybillId: 'wbl_1',
  carrier: 'SF',
  number: null,
  status: 'CREATED',
  createdAt: ago(400).toISOString(),
  dispatchedAt: null,
  nextPollAt: null,
  calls: call
    ? [
        {
          kind: 'book' as const,
          state: 'requested',
          attempts: 0,
          dueAt: ago(-10).toISOString(),
          lastError: null,
          ...call,
        },
      ]
    : [],
  ...changes,
});
const first = (changes: Partial<Standing>) => {
  const { moving, waitsFor } = diagnose(standing(changes), NOW);
  expect(waitsFor).toHaveLength(1);
  return { moving, ...waitsFor[0] };
};

describe('the diagnosis of an order', () => {
  it('has nothing to say of one that is done', () => {
    for (const status of ['delivered', 'cancelled'] as const) {
      expect(diagnose(standing({ status }), NOW)).toEqual({ moving: true, waitsFor: [] });
    }
  });

  it('names the buyer until the hold ends, and then the end of the hold', () => {
    const unpaid = { status: 'created', paymentStatus: 'pending' } as const;
    expect(first(unpaid)).toMatchObject({ moving: true, what: 'buyer-payment', since: ago(600), next: ago(-300) });
    expect(first({ ...unpaid, paymentStatus: 'failed' }).detail).toContain('declined');
    expect(first({ ...unpaid, holdExpiresAt: ago(5) })).toMatchObject({ moving: true, what: 'hold-expiry', next: NOW });
    expect(first({ ...unpaid, holdExpiresAt: ago(500) })).toMatchObject({
      moving: false,
      what: 'hold-expiry',
      next: null,
    });
  });

  it('names a review instead of the buyer', () => {
    const review = {
      orderId: 'ord_1',
      since: ago(100),
      deadline: ago(-900),
      byDefault: 'rejected' as const,
      policies: ['rsk_1', 'rsk_2'],
    };
    const unpaid = { status: 'created', paymentStatus: 'pending', review } as const;
    const waits = first(unpaid);
    expect(waits).toMatchObject({ moving: true, what: 'risk-review', since: ago(100), next: ago(-900) });
    expect(waits.detail).toBe('held for a reviewer, as rsk_1, rsk_2 asked');
    expect(waits.unblock).toBe(
      'POST /v1/risk/reviews/ord_1/approve or POST /v1/risk/reviews/ord_1/reject; undecided by 2026-01-31T12:15:00.000Z, it is rejected by default',
    );
    expect(first({ ...unpaid, paymentStatus: 'paid' }).what).toBe('risk-review');
    const overdue = (seconds: number) => first({ ...unpaid, review: { ...review, deadline: ago(seconds) } });
    expect(overdue(5)).toMatchObject({ moving: true, next: NOW });
    expect(overdue(500)).toMatchObject({ moving: false, next: null });
    expect(overdue(500).unblock).toContain('look for "could not be decided" in the log');
  });

  it.each([
    ['unknown', true],
    ['pending', true],
    ['sent', true],
    ['requested', true],
    ['stuck', false],
  ])('names a refund that is %s', (state, moving) => {
    const next = moving ? ago(-60) : null;
    const waits = first({ operations: [operation({ state, dueAt: next })] });
    expect(waits).toMatchObject({ moving, what: 'payment-operation', since: ago(500), next });
    expect(waits.detail).toContain('ref_1');
  });

  it('does not name the question whether the buyer has paid, unless it is what the order waits for', () => {
    const operations = [operation({ kind: 'authorize', state: 'pending' })];
    expect(first({ status: 'created', paymentStatus: 'pending', operations }).what).toBe('buyer-payment');
    expect(diagnose(standing({ status: 'cancelled', operations }), NOW).waitsFor).toEqual([]);
  });

  it('names a parked event by the class of its error, and how to replay it', () => {
    const parked = {
      subscription: 'a.b',
      eventId: 'evt_1',
      type: 'trading.order-paid.v1',
      aggregateId: 'ord_1',
      status: 'parked',
      attempts: 6,
      lastError: 'TypeError: cannot ship to 王小明',
      since: ago(50),
      dueAt: null,
    };
    const waits = first({ parked: [parked] });
    expect(waits).toMatchObject({ moving: false, what: 'parked-event', since: ago(50), next: null });
    expect(waits.detail).toBe('a.b failed 6 times at trading.order-paid.v1 (evt_1): TypeError');
    expect(waits.unblock).toContain('replay {"subscription":"a.b","aggregateId":"ord_1"}');
    const retrying = first({ parked: [{ ...parked, status: 'retrying', dueAt: ago(-5) }] });
    expect(retrying).toMatchObject({ moving: true, next: ago(-5) });
  });

  it('tells a subscription that is on its way from one that nobody runs', () => {
    const events = { subscription: 'a.b', events: 2 };
    expect(first({ undelivered: [{ ...events, since: ago(1) }] })).toMatchObject({ moving: true, next: NOW });
    expect(first({ undelivered: [{ ...events, since: ago(61) }] })).toMatchObject({ moving: false, next: null });
  });

  it.each([
    [{ state: 'requested', attempts: 0 }, true, 'about to be called'],
    [
      { state: 'requested', attempts: 2, lastError: 'http-503' },
      true,
      'could not be called to book wbl_1 yet: http-503',
    ],
    [{ state: 'unknown', attempts: 1 }, true, 'not known whether SF did book wbl_1'],
    [
      { state: 'failed', attempts: 1, lastError: 'no such place', dueAt: null },
      false,
      'SF refused to book wbl_1: no such place',
    ],
    [{ state: 'stuck', attempts: 9, dueAt: null }, false, 'SF never told'],
  ])('names a waybill without a number: %j', (call, moving, detail) => {
    expect(first({ waybills: [waybill({}, call)] })).toMatchObject({
      moving,
      what: 'waybill-number',
      since: ago(400),
      detail: expect.stringContaining(detail),
    });
  });

  it('names the carrier once there is a number, until the parcel has arrived', () => {
    const numbered = { number: 'SF1', nextPollAt: ago(-600).toISOString() };
    const waiting = first({ waybills: [waybill(numbered)] });
    expect(waiting).toMatchObject({ moving: true, what: 'carrier-pickup', since: ago(400), next: ago(-600) });
    const moved = waybill({ ...numbered, status: 'EXCEPTION', dispatchedAt: ago(90).toISOString() });
    expect(first({ status: 'shipped', waybills: [moved] })).toMatchObject({
      what: 'carrier-delivery',
      since: ago(90),
      detail: 'waybill SF1 of SF is EXCEPTION',
    });
    expect(diagnose(standing({ status: 'delivered', waybills: [moved] }), NOW).waitsFor).toEqual([]);
  });

  it('names the cancellation that a carrier has not confirmed, and no booking that was given up', () => {
    const cancel = waybill({ number: 'SF1', status: 'CANCELLED' }, { kind: 'cancel', state: 'unknown' });
    expect(first({ status: 'cancelled', waybills: [cancel] }).what).toBe('waybill-cancellation');
    const givenUp = waybill({ status: 'CANCELLED' }, { state: 'failed', lastError: 'the order was cancelled' });
    expect(diagnose(standing({ status: 'cancelled', waybills: [givenUp] }), NOW).waitsFor).toEqual([]);
  });

  it('names a message that is not sent, which holds nothing up', () => {
    const unsent = {
      deliveryId: 'ntf_1',
      template: 'order-paid',
      channel: 'email',
      attempts: 4,
      createdAt: ago(30).toISOString(),
    };
    for (const status of ['pending', 'failed', 'stuck']) {
      const waits = first({ messages: [{ ...unsent, status, dueAt: null, lastError: 'smtp-451' }] });
      expect(waits).toMatchObject({ moving: true, what: 'message', since: ago(30) });
      expect(waits.detail).toContain('smtp-451');
    }
  });

  it('puts the longest wait first', () => {
    const { waitsFor } = diagnose(standing({ operations: [operation({})], waybills: [waybill({}, {})] }), NOW);
    expect(waitsFor.map(({ what }) => what)).toEqual(['payment-operation', 'waybill-number']);
  });
});
