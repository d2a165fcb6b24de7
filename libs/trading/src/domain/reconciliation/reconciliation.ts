import { Money } from '@tradewind/shared-kernel';
import { refusal } from '../refusals';
import type { Booking, BookingKind, MoneyFact, Pair } from './bookings';

export const DISCREPANCIES = [
  'missing-here',
  'missing-there',
  'amount-differs',
  'currency-differs',
  'state-differs',
  'duplicate',
] as const;

/**
 * How a statement and our records disagree. `missing-here`: the row names nothing of ours. `missing-there`: money that moved
 * here and that no row names. `state-differs`: booked there, and here pending, failed or unknown. `duplicate`: a further row
 * that books the same.
 */
export type Discrepancy = (typeof DISCREPANCIES)[number];

/** Undefined when both agree. A row that disagrees in several ways has the first of: duplicate, missing, state, currency, amount. */
export function discrepancyOf(pair: Pair): Discrepancy | undefined {
  if (!pair.booking) return 'missing-there';
  const { booking, nth, fact } = pair;
  if (nth > 1) return 'duplicate';
  if (!fact) return 'missing-here';
  if (fact.status !== 'success') return 'state-differs';
  if (fact.amount.currency !== booking.amount.currency) return 'currency-differs';
  return fact.amount.equals(booking.amount) ? undefined : 'amount-differs';
}

export interface Difference {
  discrepancy: Discrepancy;
  booking?: Booking;
  fact?: MoneyFact;
}

export interface Sum {
  count: number;
  amount: Money;
}

export interface Total {
  kind: BookingKind;
  currency: string;
  there: Sum;
  here: Sum;
}

/** The report as it grows pair by pair. It keeps counts and sums of all, and the first `limit` differences. */
export class Reconciliation {
  readonly differences: Difference[] = [];
  readonly counts = new Map<Discrepancy, number>(DISCREPANCIES.map((discrepancy) => [discrepancy, 0]));
  readonly #totals = new Map<string, Total>();
  #matched = 0;

  constructor(private readonly limit: number) {}

  /** Rows that agree with a fact. */
  get matched(): number {
    return this.#matched;
  }

  /** By kind and currency; `here` is the money that moved by our records. */
  get totals(): Total[] {
    return [...this.#totals.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, total]) => total);
  }

  add(pair: Pair): void {
    const { booking, fact } = pair;
    const discrepancy = discrepancyOf(pair);
    if (booking) this.#count('there', booking);
    if (fact?.status === 'success' && discrepancy !== 'duplicate') this.#count('here', fact);
    if (!discrepancy) {
      this.#matched += 1;
      return;
    }
    this.counts.set(discrepancy, (this.counts.get(discrepancy) ?? 0) + 1);
    if (this.differences.length < this.limit) this.differences.push({ discrepancy, booking, fact });
  }

  #count(side: 'there' | 'here', { kind, amount }: { kind: BookingKind; amount: Money }): void {
    const { currency } = amount;
    const none = (): Sum => ({ count: 0, amount: Money.zero(currency) });
    const key = `${kind} ${currency}`;
    const total = this.#totals.get(key) ?? { kind, currency, there: none(), here: none() };
    this.#totals.set(key, {
      ...total,
      [side]: { count: total[side].count + 1, amount: sum(total[side].amount, amount) },
    });
  }
}

function sum(one: Money, other: Money): Money {
  try {
    return one.plus(other);
  } catch (error) {
    const detail = `the amounts in ${one.currency} sum to more than 2^53-1 minor units; take a shorter period`;
    throw refusal('malformed-statement', detail, {}, { cause: error });
  }
}
