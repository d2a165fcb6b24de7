import { type Id, isId, type Money } from '@tradewind/shared-kernel';
import type { OperationKind, RefundStatus } from '../payments/payment-operations';

/** What moves money at a gateway. An authorisation and a void move none, so statements do not have them. */
export type BookingKind = 'capture' | 'refund';

/** A row of a gateway's statement. */
export interface Booking {
  /** Where it is in the file; the header is line 1. */
  line: number;
  gatewayReference: string;
  /** Our name of what was booked, as the gateway repeats it; null where it has none. */
  reference: string | null;
  kind: BookingKind;
  amount: Money;
  bookedAt: Date;
}

/** Money that moved, or should have, by our own records. */
export interface MoneyFact {
  /** `pay_…` when it was captured as the buyer paid, else `cap_…` or `ref_…`. */
  reference: string;
  gatewayReference: string | null;
  kind: BookingKind;
  amount: Money;
  /** Only `success` is money that moved. */
  status: RefundStatus;
  /** When it was paid or asked for. */
  at: Date;
  paymentId: Id<'pay'>;
  orderId: Id<'ord'>;
}

/** A span of time, from the first moment until before the second. */
export interface Period {
  from: Date;
  to: Date;
}

/**
 * One row with the fact that it names, or one fact that no row names. `nth`: of the rows that book the same, from 1. Money that
 * moved in the period is in one pair with `nth` 1 or without a row, and every row is in one pair.
 */
export type Pair = { booking: Booking; nth: number; fact?: MoneyFact } | { booking?: undefined; fact: MoneyFact };

/** Which of our operations a row names: none when the reference is not ours, or is of another kind than the row. */
export function operationOf({ kind, reference }: Pick<Booking, 'kind' | 'reference'>): Named | undefined {
  if (reference === null) return undefined;
  if (kind === 'refund') return isId('ref', reference) ? { kind: 'refund', id: reference } : undefined;
  if (isId('pay', reference)) return { kind: 'authorize', id: reference };
  return isId('cap', reference) ? { kind: 'capture', id: reference } : undefined;
}

interface Named {
  kind: Exclude<OperationKind, 'void'>;
  id: string;
}

/** Lays a statement beside what we hold. */
export abstract class StatementComparison {
  /**
   * Reads the whole statement, and only then tells of every pair: those with a row by its line, then the rest. What of the
   * period is not given are its first and last booking; both are missing for a statement without rows, which throws
   * `malformed-statement`.
   */
  abstract compare(
    gateway: string,
    statement: AsyncIterable<Booking[]>,
    given: Partial<Period>,
    told: (pair: Pair) => void,
  ): Promise<Period>;
}
