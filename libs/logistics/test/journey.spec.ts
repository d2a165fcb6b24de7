import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as fc from 'fast-check';
import { journeyOf } from '../src/domain/journey';
import {
  DISPATCHED,
  isFinal,
  WAYBILL_MOVES,
  WAYBILL_RANK,
  WAYBILL_STATUSES,
  type WaybillStatus,
} from '../src/domain/waybill-status';
import { scan } from './scans';

const anyScan = fc
  .record({
    status: fc.constantFrom(...WAYBILL_STATUSES),
    hour: fc.integer({ min: 0, max: 2 }),
    subStatus: fc.constantFrom(null, 'locker', 'lost'),
    effect: fc.constantFrom('milestone' as const, 'milestone' as const, 'informational' as const),
  })
  .map(({ status, hour, ...rest }) => scan(status, hour, rest));
const scans = fc.array(anyScan, { maxLength: 12 });

describe('the status of a waybill', () => {
  it('does not depend on the order of its scans, nor on how often each came', () => {
    const twoArrivals = scans.chain((all) =>
      fc.record({
        all: fc.constant(all),
        again: fc
          .array(fc.nat({ max: Math.max(all.length - 1, 0) }))
          .map((picks) => [...all, ...picks.flatMap((pick) => all[pick] ?? [])])
          .chain((more) => fc.shuffledSubarray(more, { minLength: more.length })),
      }),
    );
    fc.assert(
      fc.property(twoArrivals, ({ all, again }) => expect(journeyOf(again)).toEqual(journeyOf(all))),
      { numRuns: 2000 },
    );
  });

  it('is never UNKNOWN, and only milestones move it', () => {
    fc.assert(
      fc.property(scans, (all) => {
        const journey = journeyOf(all);
        expect(journey.status).not.toBe('UNKNOWN');
        expect(journeyOf(all.filter((one) => one.effect === 'milestone'))).toEqual(journey);
      }),
    );
  });

  it('shows a parcel as dispatched whenever it is shown as delivered or returned', () => {
    fc.assert(
      fc.property(scans, (all) => {
        const { dispatchedAt, deliveredAt, returnedAt } = journeyOf(all);
        const proofs = [deliveredAt, returnedAt].filter((at) => at !== null);
        expect(proofs.length === 0 || dispatchedAt !== null).toBe(true);
      }),
    );
  });

  it.each<[WaybillStatus[], WaybillStatus]>([
    [[], 'CREATED'],
    [['PICKED_UP', 'IN_TRANSIT'], 'IN_TRANSIT'],
    [['DELIVERED', 'IN_TRANSIT'], 'DELIVERED'],
    [['DELIVERED', 'RETURNING'], 'RETURNING'],
    [['RETURNED', 'DELIVERED'], 'RETURNED'],
    [['CANCELLED', 'PICKED_UP'], 'CANCELLED'],
    [['IN_TRANSIT', 'CREATED'], 'IN_TRANSIT'],
    [['IN_TRANSIT', 'UNKNOWN'], 'IN_TRANSIT'],
    [['EXCEPTION', 'OUT_FOR_DELIVERY'], 'OUT_FOR_DELIVERY'],
  ])('%j, one after the other, make %s', (statuses, expected) => {
    expect(journeyOf(statuses.map((status, hour) => scan(status, hour))).status).toBe(expected);
  });

  it('takes scans of the same second in the order of a normal journey', () => {
    expect(journeyOf([scan('DELIVERED', 1), scan('PICKED_UP', 1)]).status).toBe('DELIVERED');
    expect(journeyOf([scan('IN_TRANSIT', 1), scan('PICKED_UP', 1)]).status).toBe('IN_TRANSIT');
  });

  it('keeps the first delivery', () => {
    expect(journeyOf([scan('DELIVERED', 4), scan('DELIVERED', 2)]).deliveredAt).toEqual(scan('DELIVERED', 2).at);
  });
});

describe('the table of statuses', () => {
  it('ranks every status differently', () => {
    expect(new Set(Object.values(WAYBILL_RANK)).size).toBe(WAYBILL_STATUSES.length);
  });

  it('ends with RETURNED and CANCELLED', () => {
    expect(WAYBILL_STATUSES.filter(isFinal)).toEqual(['RETURNED', 'CANCELLED', 'UNKNOWN']);
    expect(DISPATCHED.has('EXCEPTION')).toBe(false);
  });

  it('is the diagram of the README', () => {
    const readme = readFileSync(path.join(__dirname, '../README.md'), 'utf8');
    const underWay = WAYBILL_STATUSES.filter((status) => WAYBILL_MOVES[status] === WAYBILL_MOVES.CREATED);
    const others = WAYBILL_STATUSES.filter((status) => !underWay.includes(status));
    const leaving = WAYBILL_MOVES.CREATED.filter((status) => others.includes(status));
    expect(WAYBILL_MOVES.CREATED.toSorted()).toEqual(
      [...underWay.filter((status) => status !== 'CREATED'), ...leaving].toSorted(),
    );

    const inside = /state UNDER_WAY \{([^}]*)\}/.exec(readme)?.[1]?.trim().split(/\s+/);
    expect(inside).toEqual(underWay);
    const drawn = [...readme.matchAll(/^ {2}(\w+) --> (\w+)$/gm)].map(([move]) => move.trim());
    const moves = [
      ...leaving.map((status) => `UNDER_WAY --> ${status}`),
      ...others.flatMap((from) => WAYBILL_MOVES[from].map((to) => `${from} --> ${to}`)),
    ];
    expect(drawn.toSorted()).toEqual(moves.toSorted());
  });
});
