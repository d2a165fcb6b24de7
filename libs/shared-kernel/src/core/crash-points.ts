/**
 * Places where a process may die and nothing may be lost. Each is between two steps that one might take for one. They do
 * nothing until a process is told to die at one of them.
 */
export const CRASH_POINTS = [
  /** A statement of an open transaction has run. */
  'transaction.statement',
  /** Everything is written, nothing is committed. */
  'transaction.before-commit',
  /** Committed; nobody has been answered or woken. */
  'transaction.after-commit',
  /** A batch of commands is about to be decided. */
  'group-commit.before-batch',
  /** A batch of commands is committed and none of its callers is answered. */
  'group-commit.after-batch',
  /** A subscription's lane is about to be claimed. */
  'delivery.before-claim',
  /** The lane is claimed and its events are read. */
  'delivery.after-claim',
  /** The begun batch is marked, its handler has not started. */
  'delivery.before-handler',
  /** The handler is done, the cursor has not moved. */
  'delivery.after-handler',
  /** Due rows are about to be claimed. */
  'effect.before-claim',
  /** The attempt is counted, the other side not called. */
  'effect.before-call',
  /** The other side has answered, nothing is recorded. */
  'effect.after-call',
  /** The outcome is recorded. */
  'effect.after-record',
  /** Some migrations have run, others have not. */
  'migration.between',
  /** A migration's statements have run and are not committed. */
  'migration.before-commit',
  /** Told to stop; requests and workers are still under way. */
  'stop.begun',
  /** Workers have ended; connections are open. */
  'stop.workers-ended',
] as const;

export type CrashPoint = (typeof CRASH_POINTS)[number];

let reached: ((point: CrashPoint) => void) | undefined;

/** Marks a place where the process may be told to die. */
export function crashPoint(point: CrashPoint): void {
  reached?.(point);
}

/** Tells what happens at crash points; undefined disarms them. For experiments only. */
export function onCrashPoint(listener: ((point: CrashPoint) => void) | undefined): void {
  reached = listener;
}
