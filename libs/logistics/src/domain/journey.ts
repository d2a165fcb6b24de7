import type { Milestone } from './scan';
import { DISPATCHED, WAYBILL_MOVES, WAYBILL_RANK, type WaybillStatus } from './waybill-status';

/** What the scans of one waybill amount to. */
export interface Journey {
  status: WaybillStatus;
  subStatus: string | null;
  /** Time of the milestone that the status comes from; null while there is none. */
  at: Date | null;
  /** First proof that the parcel is in the carrier's hands. */
  dispatchedAt: Date | null;
  deliveredAt: Date | null;
  returnedAt: Date | null;
  cancelledAt: Date | null;
}

/**
 * Folds scans into a status. The answer depends on the set of scans only: neither the order in which they came nor how
 * often each of them did.
 */
export function journeyOf(scans: readonly Milestone[]): Journey {
  const journey: Journey = {
    status: 'CREATED',
    subStatus: null,
    at: null,
    dispatchedAt: null,
    deliveredAt: null,
    returnedAt: null,
    cancelledAt: null,
  };
  for (const { at, status, subStatus } of scans.filter(movesTheStatus).toSorted(asItHappened)) {
    if (status !== journey.status && !WAYBILL_MOVES[journey.status].includes(status)) continue;
    if (status !== journey.status || !isSettled(status)) Object.assign(journey, { status, subStatus, at });
    if (DISPATCHED.has(status)) journey.dispatchedAt ??= at;
    if (status === 'DELIVERED') journey.deliveredAt ??= at;
    if (status === 'RETURNED') journey.returnedAt ??= at;
    if (status === 'CANCELLED') journey.cancelledAt ??= at;
  }
  return journey;
}

const movesTheStatus = (scan: Milestone): boolean => scan.effect === 'milestone' && scan.status !== 'UNKNOWN';

/** A repeated delivery scan is no second delivery: the first one stands. */
const isSettled = (status: WaybillStatus): boolean => ['DELIVERED', 'RETURNED', 'CANCELLED'].includes(status);

/** Carriers give seconds at best: rank, code and fingerprint decide among scans of one second, always alike. */
function asItHappened(a: Milestone, b: Milestone): number {
  return (
    a.at.getTime() - b.at.getTime() ||
    WAYBILL_RANK[a.status] - WAYBILL_RANK[b.status] ||
    compare(a.code, b.code) ||
    compare(a.fingerprint, b.fingerprint)
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
