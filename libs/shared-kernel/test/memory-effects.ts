import { type Claimed, type EffectEnd, EffectRows, type EffectState, FencedOff } from '../src/effects/effect-rows';
import type { EffectRow } from '../src/effects/network-effect';
import { inTransaction, type MemoryTransaction, type Steps } from './memory-store';

export interface StoredEffect extends EffectRow {
  state: EffectState;
  /** Milliseconds of the database's time; null when it never falls due. */
  dueAt: number | null;
  lastError: string | null;
}

/** One table of network effects, in memory. */
export class MemoryEffects {
  readonly rows = new Map<string, StoredEffect>();
  readonly locked = new Set<string>();

  request(id: string, now: number, state: EffectState = 'requested'): void {
    this.rows.set(id, { id, state, attempts: 0, asks: 0, fence: 0, dueAt: now, lastError: null });
  }
}

export class MemoryEffectRows extends EffectRows<EffectRow> {
  /** The transaction that records a row's outcome, for what is written with it. */
  private readonly recording = new Map<string, MemoryTransaction>();

  constructor(
    private readonly effects: MemoryEffects,
    private readonly steps: Steps,
  ) {
    super();
  }

  async claim(limit: number, claimMs: number): Promise<Claimed<EffectRow>[]> {
    return this.steps.step('claim', () => {
      const now = this.steps.now();
      const due = [...this.effects.rows.values()]
        .filter(({ id, dueAt }) => dueAt !== null && dueAt <= now && !this.effects.locked.has(id))
        .toSorted((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0));
      return due.slice(0, limit).map((row) => {
        const wasRequested = row.state === 'requested';
        row.state = wasRequested ? 'sent' : row.state;
        row.attempts += 1;
        row.fence += 1;
        row.asks = wasRequested ? 0 : row.asks + 1;
        row.dueAt = now + claimMs;
        return { row: { ...row }, wasRequested };
      });
    });
  }

  async record(ends: readonly EffectEnd[], alsoWrite: () => Promise<void>): Promise<void> {
    await inTransaction(this.steps, async (transaction) => {
      for (const { row } of ends) this.recording.set(row.id, transaction);
      await alsoWrite();
      await this.steps.step(
        'record',
        () => {
          for (const { row: claimed, record } of ends) {
            const row = this.effects.rows.get(claimed.id)!;
            // A row that another transaction is recording is waited for in PostgreSQL; what was recorded then wins.
            const isOpen = ['sent', 'pending', 'unknown'].includes(row.state) && !this.effects.locked.has(row.id);
            if (row.fence !== claimed.fence || !isOpen) throw new FencedOff();
            this.effects.locked.add(row.id);
            transaction.holds(() => this.effects.locked.delete(row.id));
            const { state, dueInMs, lastError } = record;
            const dueAt = dueInMs === null ? null : this.steps.now() + dueInMs;
            transaction.write(() => Object.assign(row, { state, dueAt, lastError }));
          }
        },
        transaction,
      );
    });
  }

  transactionOf(id: string): MemoryTransaction {
    return this.recording.get(id)!;
  }
}
