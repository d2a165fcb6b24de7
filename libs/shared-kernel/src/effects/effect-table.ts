import type { UnitOfWork } from '../persistence/unit-of-work';
import { type Claimed, type EffectEnd, EffectRows, FencedOff } from './effect-rows';
import type { EffectRow } from './network-effect';

/**
 * Network effects in a table with the columns `id uuid, state text, attempts int, fence int, asks int, due_at timestamptz,
 * last_error text` and those of its context.
 */
export class EffectTable<Row extends EffectRow> extends EffectRows<Row> {
  /** `table` is qualified, and a constant, as it becomes part of SQL. */
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly table: string,
  ) {
    super();
  }

  async claim(limit: number, claimMs: number): Promise<Claimed<Row>[]> {
    const rows = await this.unitOfWork.queryUnprepared<Row & { was: string }>(
      `WITH due AS (
         SELECT id, state FROM ${this.table} WHERE due_at <= now() ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED)
       UPDATE ${this.table} AS effect
          SET state = CASE due.state WHEN 'requested' THEN 'sent' ELSE due.state END, attempts = effect.attempts + 1,
              fence = effect.fence + 1, asks = CASE due.state WHEN 'requested' THEN 0 ELSE effect.asks + 1 END,
              due_at = now() + $2 * interval '1 millisecond'
         FROM due WHERE effect.id = due.id RETURNING effect.*, due.state AS was`,
      [limit, claimMs],
    );
    return rows.map((row) => ({ row, wasRequested: row.was === 'requested' }));
  }

  async record(given: readonly EffectEnd[], alsoWrite: () => Promise<void>): Promise<void> {
    // Everyone who updates several rows locks them in this order.
    const ends = given.toSorted((a, b) => (a.row.id < b.row.id ? -1 : 1));
    await this.unitOfWork.run(async () => {
      await alsoWrite();
      const recorded = await this.unitOfWork.query(
        `UPDATE ${this.table} AS effect
            SET state = e.state, due_at = now() + e.due_in_ms * interval '1 millisecond', last_error = e.last_error
           FROM unnest($1::uuid[], $2::int[], $3::text[], $4::int[], $5::text[]) AS e(id, fence, state, due_in_ms, last_error)
          WHERE effect.id = e.id AND effect.fence = e.fence AND effect.state IN ('sent', 'pending', 'unknown')
          RETURNING effect.id`,
        [
          ends.map(({ row }) => row.id),
          ends.map(({ row }) => row.fence),
          ends.map(({ record }) => record.state),
          ends.map(({ record }) => record.dueInMs),
          ends.map(({ record }) => record.lastError),
        ],
      );
      if (recorded.length < ends.length) throw new FencedOff();
    });
  }
}
