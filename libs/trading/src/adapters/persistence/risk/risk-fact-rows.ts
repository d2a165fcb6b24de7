import { Injectable } from '@nestjs/common';
import { type Id, idOf, Money, uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import type { ReadFacts, WantedFacts } from '../../../domain/risk/facts';
import type { ListKind, Subject } from '../../../domain/risk/risk-policy';
import { RiskFactRows } from '../../../domain/risk/risk-rows';
import {
  BUCKET_MS,
  bucketOf,
  firstBucketOf,
  LONGEST_WINDOW_MS,
  Spending,
  type Window,
  type WindowSum,
} from '../../../domain/risk/velocity';

@Injectable()
export class PostgresRiskFacts extends RiskFactRows {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  /** Sent without waiting in between; what nobody asked for is not sent. */
  async read({ subjects, buyers, windows }: WantedFacts, at: Date, how: 'locked' | 'read'): Promise<ReadFacts> {
    const [listed, firstPaidAt, , sums] = await Promise.all([
      subjects.length > 0 ? this.#listed(subjects, at) : new Map<Subject, ListKind[]>(),
      buyers.length > 0 ? this.#firstPaidAt(buyers) : new Map<string, Date>(),
      how === 'locked' && windows.length > 0 ? this.#lock(windows, at) : undefined,
      windows.length > 0 ? this.#sums(windows, at) : [],
    ]);
    return { listed, firstPaidAt, spending: new Spending(windows, sums) };
  }

  async prices(skus: readonly string[]): Promise<ReadonlyMap<string, Money>> {
    const rows = await this.unitOfWork.query<{ sku: string; price: bigint; currency: string }>(
      'SELECT sku, price, currency FROM trading.sku WHERE sku = ANY($1::text[])',
      [skus],
    );
    return new Map(rows.map(({ sku, price, currency }) => [sku, Money.of(price, currency)]));
  }

  count(
    placed: readonly { subject: Subject; currency: string; orders: number; amount: bigint }[],
    at: Date,
  ): Promise<unknown> {
    return this.unitOfWork.query(
      `INSERT INTO trading.risk_counter AS c (subject, bucket, currency, orders, amount)
       SELECT subject, $5, currency, orders, amount
         FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[]) AS p(subject, currency, orders, amount)
        ORDER BY subject, currency
       ON CONFLICT (subject, bucket, currency)
       DO UPDATE SET orders = c.orders + excluded.orders, amount = c.amount + excluded.amount`,
      [
        placed.map((row) => row.subject),
        placed.map((row) => row.currency),
        placed.map((row) => row.orders),
        placed.map((row) => row.amount),
        bucketOf(at),
      ],
    );
  }

  async forget(now: Date, limit: number): Promise<number> {
    const end = new Date(now.getTime() - LONGEST_WINDOW_MS - BUCKET_MS);
    const counters = await this.unitOfWork.query(
      `DELETE FROM trading.risk_counter WHERE (subject, bucket, currency) IN (
         SELECT subject, bucket, currency FROM trading.risk_counter WHERE bucket < $1 ORDER BY bucket LIMIT $2)
       RETURNING subject`,
      [bucketOf(end), limit],
    );
    const subjects = await this.unitOfWork.query(
      `DELETE FROM trading.risk_subject WHERE seen_on < $1::date AND subject IN (
         SELECT subject FROM trading.risk_subject WHERE seen_on < $1::date ORDER BY seen_on LIMIT $2)
       RETURNING subject`,
      [end.toISOString().slice(0, 10), limit],
    );
    return Math.max(counters.length, subjects.length);
  }

  async #listed(subjects: readonly Subject[], at: Date): Promise<Map<Subject, ListKind[]>> {
    const rows = await this.unitOfWork.query<{ subject: Subject; lists: ListKind[] }>(
      `SELECT subject, array_agg(list) AS lists FROM trading.risk_list_entry
        WHERE subject = ANY($1::text[]) AND (expires_at IS NULL OR expires_at > $2) GROUP BY subject`,
      [subjects, at],
    );
    return new Map(rows.map(({ subject, lists }) => [subject, lists]));
  }

  /** By the buyer's first orders, the oldest first: found at once for everybody who ever paid for one. */
  async #firstPaidAt(buyers: readonly Id<'buy'>[]): Promise<Map<string, Date>> {
    const rows = await this.unitOfWork.query<{ id: string; paid_at: Date }>(
      `SELECT b.id, o.paid_at
         FROM unnest($1::uuid[]) AS b(id),
              LATERAL (SELECT paid_at FROM trading.orders
                        WHERE buyer_id = b.id AND paid_at IS NOT NULL ORDER BY id LIMIT 1) AS o`,
      [buyers.map(uuidOf)],
    );
    return new Map(rows.map((row) => [idOf('buy', row.id), row.paid_at]));
  }

  /** In ascending order, and in a statement before the one that sums: that one then sees what the last holder committed. */
  #lock(windows: readonly Window[], at: Date): Promise<unknown> {
    const subjects = [...new Set(windows.map(({ subject }) => subject))].toSorted();
    return this.unitOfWork.query(
      `INSERT INTO trading.risk_subject AS s (subject, seen_on) SELECT subject, $2::date FROM unnest($1::text[]) AS t(subject)
       ON CONFLICT (subject) DO UPDATE SET seen_on = greatest(s.seen_on, excluded.seen_on)`,
      [subjects, at.toISOString().slice(0, 10)],
    );
  }

  async #sums(windows: readonly Window[], at: Date): Promise<WindowSum[]> {
    const rows = await this.unitOfWork.query<{ n: bigint; currency: string; orders: bigint; amount: string }>(
      `SELECT w.n, c.currency, sum(c.orders) AS orders, sum(c.amount)::text AS amount
         FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS w(subject, since, n)
         JOIN trading.risk_counter c ON c.subject = w.subject AND c.bucket >= w.since
        GROUP BY w.n, c.currency`,
      [windows.map(({ subject }) => subject), windows.map(({ windowMs }) => firstBucketOf(at, windowMs))],
    );
    return rows.map(({ n, currency, orders, amount }) => ({
      ...(windows[Number(n) - 1] as Window),
      currency,
      orders: Number(orders),
      amount: BigInt(amount),
    }));
  }
}
