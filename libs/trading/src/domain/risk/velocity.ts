import type { Money } from '@tradewind/shared-kernel';
import { kindOf, type Spent, type Subject, type SubjectKind } from './risk-policy';

/**
 * Orders are counted by the minute in which they were placed. A window takes every minute that it touches, so that an order
 * counts for as long as the window says and for less than a minute more.
 */
export const BUCKET_MS = 60_000;

/** How far back a window may reach: counters are kept that long. */
export const LONGEST_WINDOW_MS = 7 * 86_400_000;

export const bucketOf = (at: Date): number => Math.floor(at.getTime() / BUCKET_MS);
export const firstBucketOf = (at: Date, windowMs: number): number => Math.floor((at.getTime() - windowMs) / BUCKET_MS);

export interface Window {
  subject: Subject;
  windowMs: number;
}

/** What stands in the counters for one window. */
export interface WindowSum extends Window {
  currency: string;
  orders: number;
  amount: bigint;
}

class Sum implements Spent {
  orders = 0;
  readonly #amounts = new Map<string, bigint>();

  amountIn(currency: string): bigint {
    return this.#amounts.get(currency) ?? 0n;
  }

  add(orders: number, amount: bigint, currency: string): void {
    this.orders += orders;
    this.#amounts.set(currency, this.amountIn(currency) + amount);
  }
}

/** What was spent per subject and window: as it was read, and what is placed from then on. */
export class Spending {
  readonly #sums = new Map<Subject, Map<number, Sum>>();
  readonly #placed = new Map<string, { subject: Subject; currency: string; orders: number; amount: bigint }>();

  constructor(windows: readonly Window[], sums: readonly WindowSum[]) {
    for (const { subject, windowMs } of windows) this.#of(subject).set(windowMs, new Sum());
    for (const { subject, windowMs, currency, orders, amount } of sums) {
      this.#of(subject).get(windowMs)?.add(orders, amount, currency);
    }
  }

  spent(subject: Subject, windowMs: number): Spent {
    return this.#sums.get(subject)?.get(windowMs) ?? new Sum();
  }

  /** Counts an order that was placed, so that the next one sees it. */
  place(subject: Subject, { amount, currency }: Money): void {
    this.#count(subject, 1, amount, currency);
    const key = `${subject} ${currency}`;
    const placed = this.#placed.get(key) ?? { subject, currency, orders: 0, amount: 0n };
    this.#placed.set(key, { ...placed, orders: placed.orders + 1, amount: placed.amount + amount });
  }

  /** What was spent before an order that was counted when this was read. */
  without(subject: Subject, windowMs: number, { amount, currency }: Money): Spent {
    const spent = this.spent(subject, windowMs);
    return {
      orders: Math.max(spent.orders - 1, 0),
      amountIn: (wanted) => {
        const all = spent.amountIn(wanted);
        return wanted === currency && all >= amount ? all - amount : all;
      },
    };
  }

  /** Rows to add to the counters. */
  get placed(): { subject: Subject; currency: string; orders: number; amount: bigint }[] {
    return [...this.#placed.values()].toSorted((a, b) => (a.subject < b.subject ? -1 : 1));
  }

  #count(subject: Subject, orders: number, amount: bigint, currency: string): void {
    for (const sum of this.#sums.get(subject)?.values() ?? []) sum.add(orders, amount, currency);
  }

  #of(subject: Subject): Map<number, Sum> {
    const known = this.#sums.get(subject) ?? new Map<number, Sum>();
    this.#sums.set(subject, known);
    return known;
  }
}

/** The windows that these needs have of these subjects, each once. */
export function windowsOf(
  subjects: Iterable<Subject>,
  needs: readonly { per: SubjectKind; windowMs: number }[],
): Window[] {
  const windows = new Map<string, Window>();
  for (const subject of subjects) {
    for (const { per, windowMs } of needs) {
      if (kindOf(subject) === per) windows.set(`${subject} ${windowMs}`, { subject, windowMs });
    }
  }
  return [...windows.values()];
}
