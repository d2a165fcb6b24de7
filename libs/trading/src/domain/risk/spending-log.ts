import type { Money } from '@tradewind/shared-kernel';
import type { Spent, Subject } from './risk-policy';
import { bucketOf, firstBucketOf } from './velocity';

interface Bucket {
  bucket: number;
  currency: string;
  orders: number;
  amount: bigint;
}

/** What was spent, order after order in the order of time, as the counters would have shown it. Forgets what no window reaches. */
export class SpendingLog {
  readonly #buckets = new Map<Subject, Bucket[]>();
  #size = 0;

  constructor(private readonly longestWindowMs: number) {}

  /** Buckets that are kept. */
  get size(): number {
    return this.#size;
  }

  place(subject: Subject, { amount, currency }: Money, at: Date): void {
    const bucket = bucketOf(at);
    const buckets = this.#buckets.get(subject) ?? [];
    this.#buckets.set(subject, buckets);
    const last = buckets.findLast((one) => one.bucket === bucket && one.currency === currency);
    if (last) {
      last.orders += 1;
      last.amount += amount;
      return;
    }
    buckets.push({ bucket, currency, orders: 1, amount });
    this.#size += 1;
  }

  spent(subject: Subject, windowMs: number, at: Date): Spent {
    const first = firstBucketOf(at, windowMs);
    const within = (this.#buckets.get(subject) ?? []).filter(({ bucket }) => bucket >= first);
    return {
      orders: within.reduce((sum, { orders }) => sum + orders, 0),
      amountIn: (wanted) =>
        within.reduce((sum, { amount, currency }) => (currency === wanted ? sum + amount : sum), 0n),
    };
  }

  forgetBefore(at: Date): void {
    const first = firstBucketOf(at, this.longestWindowMs);
    for (const [subject, buckets] of this.#buckets) {
      const kept = buckets.filter(({ bucket }) => bucket >= first);
      this.#size -= buckets.length - kept.length;
      if (kept.length > 0) this.#buckets.set(subject, kept);
      else this.#buckets.delete(subject);
    }
  }
}
