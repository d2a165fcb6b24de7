import { idOf, Money } from '@tradewind/shared-kernel';
import fc from 'fast-check';
import type { Booking, MoneyFact, Pair } from '../src/domain/reconciliation/bookings';
import { discrepancyOf, Reconciliation } from '../src/domain/reconciliation/reconciliation';
import { pairsOf } from './reconciliation-model';

const uuid = (n: number) => `018f0000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const cny = (amount: number) => Money.of(amount, 'CNY');
const AT = new Date('2026-01-31T08:30:00Z');
const PERIOD = { from: AT, to: new Date(AT.getTime() + 1000) };

const aFact = (more: Partial<MoneyFact> = {}): MoneyFact => ({
  reference: idOf('ref', uuid(1)),
  gatewayReference: 're_1',
  kind: 'refund',
  amount: cny(500),
  status: 'success',
  at: AT,
  paymentId: idOf('pay', uuid(2)),
  orderId: idOf('ord', uuid(3)),
  ...more,
});
const aBooking = (more: Partial<Booking> = {}): Booking => ({
  line: 2,
  gatewayReference: 're_1',
  reference: idOf('ref', uuid(1)),
  kind: 'refund',
  amount: cny(500),
  bookedAt: AT,
  ...more,
});

describe('a row of a statement and a fact of ours', () => {
  it.each<[string, Pair, string | undefined]>([
    ['agree', { booking: aBooking(), nth: 1, fact: aFact() }, undefined],
    ['differ when we hold nothing', { booking: aBooking(), nth: 1 }, 'missing-here'],
    ['differ when the statement has nothing', { fact: aFact() }, 'missing-there'],
    ['differ in the amount', { booking: aBooking({ amount: cny(501) }), nth: 1, fact: aFact() }, 'amount-differs'],
    [
      'differ in the currency, also where the numbers do too',
      { booking: aBooking({ amount: Money.of(5, 'JPY') }), nth: 1, fact: aFact() },
      'currency-differs',
    ],
    ['differ when it is booked twice', { booking: aBooking(), nth: 2, fact: aFact() }, 'duplicate'],
    ...(['pending', 'failed', 'unknown'] as const).map((status): [string, Pair, string] => [
      `differ when what is booked is ${status} here`,
      { booking: aBooking(), nth: 1, fact: aFact({ status }) },
      'state-differs',
    ]),
  ])('%s', (_, pair, discrepancy) => {
    expect(discrepancyOf(pair)).toBe(discrepancy);
  });
});

describe('a reconciliation', () => {
  const statuses = fc.constantFrom<MoneyFact['status'][]>('success', 'pending', 'failed', 'unknown');
  const money = fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.constantFrom('CNY', 'JPY', 'BHD'))
    .map(([amount, currency]) => Money.of(amount, currency));
  const operation = fc
    .tuple(fc.integer({ min: 1, max: 6 }), fc.constantFrom('pay', 'cap', 'ref'))
    .map(([n, prefix]) => ({
      reference: idOf(prefix, uuid(n)),
      kind: prefix === 'ref' ? ('refund' as const) : ('capture' as const),
    }));
  const moment = fc.integer({ min: -1, max: 1 }).map((seconds) => new Date(AT.getTime() + seconds * 1000));
  const facts = fc.uniqueArray(
    fc
      .record({ operation, amount: money, status: statuses, at: moment })
      .map(({ operation: { reference, kind }, ...rest }) => aFact({ reference, kind, ...rest })),
    { selector: ({ reference }) => reference },
  );
  const statement = fc
    .array(fc.record({ operation, amount: money, isNamed: fc.boolean(), isMistaken: fc.boolean() }))
    .map((rows) =>
      rows.map(({ operation: { reference, kind }, amount, isNamed, isMistaken }, index) =>
        aBooking({
          line: index + 2,
          gatewayReference: `g_${index % 3}`,
          reference: isNamed ? reference : null,
          kind: isMistaken ? 'refund' : kind,
          amount,
        }),
      ),
    );

  it('accounts for every row and for every fact of the period exactly once', () => {
    fc.assert(
      fc.property(statement, facts, (bookings, held) => {
        const pairs = pairsOf(bookings, held, PERIOD);
        const report = new Reconciliation(1000);
        for (const pair of pairs) report.add(pair);
        const count = (...names: string[]) =>
          [...report.counts].reduce((sum, [name, times]) => sum + (names.includes(name) ? times : 0), 0);
        const rows = report.matched + report.differences.filter(({ booking }) => booking).length;
        expect(rows).toBe(bookings.length);
        expect(pairs.flatMap(({ booking }) => booking?.line ?? []).toSorted((a, b) => a - b)).toEqual(
          bookings.map(({ line }) => line),
        );
        // Money of the period is matched, named by a row that disagrees, or missing there.
        const seen = pairs.flatMap((pair) =>
          pair.fact && (!pair.booking || pair.nth === 1) ? [pair.fact.reference] : [],
        );
        expect(new Set(seen).size).toBe(seen.length);
        const moved = held.filter(({ status, at }) => status === 'success' && at >= PERIOD.from && at < PERIOD.to);
        expect(seen).toEqual(expect.arrayContaining(moved.map(({ reference }) => reference)));
        const sides = report.totals.reduce(
          (sum, { there, here }) => ({ there: sum.there + there.count, here: sum.here + here.count }),
          { there: 0, here: 0 },
        );
        expect(sides.there).toBe(bookings.length);
        expect(sides.here).toBe(report.matched + count('amount-differs', 'currency-differs', 'missing-there'));
        expect(report.differences.length).toBe(pairs.length - report.matched);
      }),
    );
  });

  it('of a statement that says what we hold has no difference', () => {
    fc.assert(
      fc.property(facts, (held) => {
        const moved = held.filter(({ status }) => status === 'success');
        const bookings = moved.map(({ reference, kind, amount }, index) =>
          aBooking({ line: index + 2, reference, kind, amount }),
        );
        const report = new Reconciliation(1000);
        for (const pair of pairsOf(bookings, held, PERIOD)) report.add(pair);
        expect(report.differences).toEqual([]);
        expect(report.matched).toBe(moved.length);
        for (const { there, here } of report.totals) expect(there).toEqual(here);
      }),
    );
  });

  it('keeps the first differences and counts all', () => {
    const report = new Reconciliation(2);
    for (let line = 2; line < 7; line++) report.add({ booking: aBooking({ line }), nth: line - 1 });
    expect(report.differences.map(({ booking }) => booking?.line)).toEqual([2, 3]);
    expect([report.counts.get('missing-here'), report.counts.get('duplicate')]).toEqual([1, 4]);
  });
});
