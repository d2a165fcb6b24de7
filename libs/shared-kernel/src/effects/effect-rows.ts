import type { EffectRow } from './network-effect';

export type EffectState = 'requested' | 'sent' | 'pending' | 'unknown' | 'succeeded' | 'failed' | 'stuck';

/** A row with its attempt counted, and whether it is to be called rather than asked about. */
export interface Claimed<Row> {
  row: Row;
  wasRequested: boolean;
}

/** What an attempt leaves in its row. */
export interface EffectRecord {
  state: EffectState;
  /** Milliseconds until it is due again; null when it never is. */
  dueInMs: number | null;
  lastError: string | null;
}

/** What came of the attempt that a claim began. */
export interface EffectEnd {
  row: EffectRow;
  record: EffectRecord;
}

/** A newer claim owns the row, or it is settled. */
export class FencedOff extends Error {}

/** The rows of one kind of network effect. */
export abstract class EffectRows<Row extends EffectRow> {
  /**
   * Takes due rows, the longest due first, and commits before it returns: the attempt is counted, the fencing token raised,
   * `requested` becomes `sent`, and nobody else takes the row before `claimMs` have passed.
   */
  abstract claim(limit: number, claimMs: number): Promise<Claimed<Row>[]>;

  /**
   * Writes what came of attempts, in one transaction with what `alsoWrite` does. All of it or nothing: throws `FencedOff`
   * when that is so of any row.
   */
  abstract record(ends: readonly EffectEnd[], alsoWrite: () => Promise<void>): Promise<void>;
}
