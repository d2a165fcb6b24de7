import type { UnitOfWork } from '../persistence/unit-of-work';
import { type Claimed, type EffectRecord, EffectRows } from './effect-rows';
import type { EffectRow } from './network-effect';

class FencedOff extends Error {}

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

  async record(row: EffectRow, record: EffectRecord, alsoWrite: () => Promise<void>): Promise<boolean> {
    try {
      await this.unitOfWork.run(async () => {
        await alsoWrite();
        const recorded = await this.unitOfWork.query(
          `UPDATE ${this.table} SET state = $3, due_at = now() + $4 * interval '1 millisecond', last_error = $5
            WHERE id = $1 AND fence = $2 AND state IN ('sent', 'pending', 'unknown') RETURNING id`,
          [row.id, row.fence, record.state, record.dueInMs, record.lastError],
        );
        if (recorded.length === 0) throw new FencedOff();
      });
      return true;
    } catch (error) {
      if (error instanceof FencedOff) return false;
      throw error;
    }
  }
}
