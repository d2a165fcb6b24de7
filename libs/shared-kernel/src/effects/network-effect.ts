/** Columns that every table of network effects has; the rest belongs to its context. */
export interface EffectRow {
  /** UUID. */
  id: string;
  /** Attempts so far, this one included. */
  attempts: number;
  /** Questions asked since the last call, this one included. */
  asks: number;
  /** Fencing token of this claim: an outcome is recorded only while it is still the newest. */
  fence: number;
}

/**
 * What is known after an attempt:
 * - `succeeded`, `failed`: definite, and told by the other side.
 * - `not-done`: it certainly had no effect; the same call may be made again with the same key.
 * - `pending`: the other side knows of it and has not finished; ask again, after `askAgainInMs` if given.
 * - `unknown`: it may or may not have happened; ask, never guess.
 */
export type EffectOutcome<Result> =
  | { kind: 'succeeded'; result: Result }
  | { kind: 'failed'; reason: string }
  | { kind: 'not-done'; reason: string }
  | { kind: 'pending'; reason: string; askAgainInMs?: number }
  | { kind: 'unknown'; reason: string };

export type Settled<Result> = Extract<EffectOutcome<Result>, { kind: 'succeeded' | 'failed' }>;

export interface SettledAttempt<Row extends EffectRow, Result> {
  row: Row;
  outcome: Settled<Result>;
}

/**
 * A call to the outside, kept as a row: `requested` (to be called), `sent` (an attempt began; without an outcome it counts
 * as unknown), `pending`, `unknown` (both: to be asked about), `succeeded`, `failed`, `stuck` (for a person to look at).
 */
export interface NetworkEffect<Row extends EffectRow, Result> {
  /** For logs and metrics: `trading.refund`. */
  readonly name: string;
  /** Waits before asking about an unknown or pending outcome, milliseconds; after the last the row is `stuck`. */
  readonly askAfterMs: readonly number[];

  /** Makes the call, outside any transaction, with a key that stays the same for this row. */
  call(row: Row, signal: AbortSignal): Promise<EffectOutcome<Result>>;
  /** Finds out what became of an earlier call. `not-done` when the other side has never heard of it. */
  ask(row: Row, signal: AbortSignal): Promise<EffectOutcome<Result>>;
  /** Applies definite outcomes that came together, in the transaction that records them. Should one throw, each is tried alone. */
  settle(attempts: readonly SettledAttempt<Row, Result>[]): Promise<void>;
  /** Tells of rows that become `stuck`, in the transaction that records it; they are logged as errors in any case. */
  giveUp?(rows: readonly { row: Row; reason: string | null }[]): Promise<void>;
}
