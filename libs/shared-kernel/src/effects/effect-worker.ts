import { Logger } from '@nestjs/common';
import type { Worker } from '../messaging/workers';
import { crashPoint } from '../core/crash-points';
import { withJitter } from '../core/jitter';
import { Counter, metrics } from '../observability/metrics';
import { runInContext } from '../observability/request-context';
import { GroupCommit, type Outcome } from '../persistence/group-commit';
import { type EffectRecord, type EffectRows, FencedOff } from './effect-rows';
import type { EffectOutcome, EffectRow, NetworkEffect, SettledAttempt } from './network-effect';

export interface EffectSettings {
  /** One call may take this long, milliseconds. */
  timeoutMs: number;
  /** Calls under way at the same time in this process. */
  concurrency: number;
  /** Waits before calling again what was not done: the first, doubling up to the second, milliseconds. */
  backoffMs: { first: number; most: number };
  /** How often due rows are looked for when nothing wakes the worker, milliseconds. */
  pollMs: number;
}

export const EFFECT_DEFAULTS: EffectSettings = {
  timeoutMs: 5000,
  concurrency: 16,
  backoffMs: { first: 500, most: 60_000 },
  pollMs: 250,
};

const outcomes = new Counter({
  name: 'network_effects_total',
  help: 'Attempts at network effects by what is known after them.',
  labelNames: ['effect', 'outcome'],
  registers: [metrics],
});

interface Attempt<Row extends EffectRow, Result> {
  row: Row;
  outcome: EffectOutcome<Result>;
}

/**
 * Works off one table of network effects. Claiming (`SKIP LOCKED`) counts the attempt and raises the fencing token before
 * the call; the call runs outside any transaction; its outcome is recorded only under the same token. A row whose worker
 * died falls due again as `sent` and is asked about, not called again. Outcomes that come together are recorded together.
 */
export class EffectWorker<Row extends EffectRow, Result> implements Worker {
  readonly name: string;
  readonly #logger: Logger;
  readonly #settings: EffectSettings;
  readonly #underWay = new Set<Promise<void>>();
  readonly #records = new GroupCommit<Attempt<Row, Result>, void>((members) =>
    this.#record(members.map(({ command }) => command)),
  );
  #timer: NodeJS.Timeout | undefined;
  #stopped = true;
  #look: Promise<void> | undefined;
  #lookAgain = false;

  constructor(
    private readonly effect: NetworkEffect<Row, Result>,
    private readonly rows: EffectRows<Row>,
    settings: Partial<EffectSettings> = {},
  ) {
    this.name = effect.name;
    this.#logger = new Logger(effect.name);
    this.#settings = { ...EFFECT_DEFAULTS, ...settings };
  }

  start(): void {
    this.#stopped = false;
    this.wake();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#look;
    await Promise.allSettled(this.#underWay);
  }

  /** Looks for due rows now; call it after the commit that made one. */
  wake(): void {
    if (this.#stopped) return;
    this.#lookAgain = true;
    clearTimeout(this.#timer);
    // What ends in the same turn makes room before one look is taken for all of it.
    this.#look ??= Promise.resolve()
      .then(() => this.#claimAll())
      .finally(() => {
        this.#look = undefined;
        if (this.#stopped) return;
        if (this.#lookAgain) this.wake();
        else this.#timer = setTimeout(() => this.wake(), this.#settings.pollMs);
      });
  }

  /** A claim ends when the call and the recording of its outcome have long run out of time. */
  get #claimMs(): number {
    return this.#settings.timeoutMs * 2 + 5000;
  }

  async #claimAll(): Promise<void> {
    try {
      while (this.#lookAgain && !this.#stopped) {
        this.#lookAgain = false;
        const room = this.#settings.concurrency - this.#underWay.size;
        if (room === 0) break; // a finished call looks again
        crashPoint('effect.before-claim');
        for (const { row, wasRequested } of await this.rows.claim(room, this.#claimMs)) {
          const run: Promise<void> = this.#attempt(row, wasRequested).finally(() => {
            this.#underWay.delete(run);
            this.wake();
          });
          this.#underWay.add(run);
        }
      }
    } catch (error) {
      this.#logger.warn({ msg: 'looking for due rows failed and will be tried again', err: error });
    }
  }

  async #attempt(row: Row, wasRequested: boolean): Promise<void> {
    const context = { requestId: null, actor: `worker:${this.name}`, causationId: null };
    await runInContext(context, async () => {
      crashPoint('effect.before-call');
      const outcome = await this.#outcome(row, wasRequested);
      crashPoint('effect.after-call');
      outcomes.inc({ effect: this.name, outcome: outcome.kind });
      try {
        await this.#records.submit({ row, outcome });
        crashPoint('effect.after-record');
      } catch (error) {
        if (error instanceof FencedOff) this.#logger.warn({ msg: 'a newer claim owns this row', id: row.id });
        else await this.#unrecorded(row, error);
      }
    });
  }

  /** What cannot be recorded counts as unknown: it is asked for again, but no more often than the schedule allows. */
  async #unrecorded(row: Row, error: unknown): Promise<void> {
    this.#logger.error({ msg: 'an outcome could not be recorded and will be asked for', id: row.id, err: error });
    try {
      const outcome = { kind: 'unknown', reason: `not recorded: ${(error as Error).name}` } as const;
      await this.#records.submit({ row, outcome });
    } catch (again) {
      // The row stays claimed and falls due again as it is.
      this.#logger.warn({ msg: 'nothing can be recorded of this row now', id: row.id, err: again });
    }
  }

  async #outcome(row: Row, wasRequested: boolean): Promise<EffectOutcome<Result>> {
    const signal = AbortSignal.timeout(this.#settings.timeoutMs);
    try {
      return wasRequested ? await this.effect.call(row, signal) : await this.effect.ask(row, signal);
    } catch (error) {
      this.#logger.warn({ msg: 'a call ended without an outcome', id: row.id, err: error });
      return { kind: 'unknown', reason: (error as Error).name };
    }
  }

  /**
   * Definite outcomes are recorded together with what follows from them. All or none: what a newer claim owns, or cannot
   * be settled, leaves the others to be recorded one by one.
   */
  async #record(attempts: Attempt<Row, Result>[]): Promise<Outcome<void>[]> {
    const ends = attempts.map(({ row, outcome }) => ({ row, outcome, record: this.#recordOf(row, outcome) }));
    const settled = attempts.filter(isSettled);
    const stuck = ends.filter(({ record }) => record.state === 'stuck');
    await this.rows.record(ends, async () => {
      if (settled.length > 0) await this.effect.settle(settled);
      if (stuck.length > 0)
        await this.effect.giveUp?.(stuck.map(({ row, record }) => ({ row, reason: record.lastError })));
    });
    for (const { row, outcome } of stuck) {
      this.#logger.error({ msg: 'gave up: a person has to look', id: row.id, outcome });
    }
    return attempts.map(() => ({ ok: true, answer: undefined }));
  }

  #recordOf(row: Row, outcome: EffectOutcome<Result>): EffectRecord {
    const lastError = outcome.kind === 'succeeded' ? null : outcome.reason;
    switch (outcome.kind) {
      case 'succeeded':
      case 'failed':
        return { state: outcome.kind, dueInMs: null, lastError };
      case 'not-done': {
        const { first, most } = this.#settings.backoffMs;
        return { state: 'requested', dueInMs: withJitter(Math.min(first * 2 ** (row.attempts - 1), most)), lastError };
      }
      case 'pending':
      case 'unknown': {
        const asked = outcome.kind === 'pending' ? outcome.askAgainInMs : undefined;
        const wait = asked ?? this.effect.askAfterMs[row.asks];
        return wait === undefined
          ? { state: 'stuck', dueInMs: null, lastError }
          : { state: outcome.kind, dueInMs: withJitter(wait), lastError };
      }
    }
  }
}

function isSettled<Row extends EffectRow, Result>(
  attempt: Attempt<Row, Result>,
): attempt is SettledAttempt<Row, Result> {
  return attempt.outcome.kind === 'succeeded' || attempt.outcome.kind === 'failed';
}
