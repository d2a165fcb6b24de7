import { type RequestContext, currentContext } from '../observability/request-context';
import { crashPoint } from '../core/crash-points';
import { isUnavailable } from './postgres-errors';

export interface Member<Command> {
  command: Command;
  /** Of the request that brought the command: publish its events inside it. */
  context: RequestContext;
}

/** What became of one command: an answer, or the error that its own caller gets. */
export type Outcome<Answer> = { ok: true; answer: Answer } | { ok: false; error: unknown };

/** Whether an answer is still wanted: an `AbortSignal`, or as much of one as is needed. */
export interface Deadline {
  readonly aborted: boolean;
  readonly reason: unknown;
}

/** So many share the fixed cost of a batch well, also beside a larger one. */
const WORTH_A_BATCH = 12;
/** A running batch that waits for a lock holds up nobody else for longer than this, milliseconds. */
const PATIENCE_MS = 20;

interface Waiting<Command, Answer> extends Member<Command> {
  deadline?: Deadline;
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

/**
 * Decides and writes together what arrives together: commands collect while earlier batches commit, then one call of
 * `commit` decides them all in one transaction. A refused command never fails its neighbours; when a whole batch breaks,
 * its members run again one by one, so that only the one at fault fails. `commit` must therefore be safe to repeat:
 * commands carry a key that the database knows.
 */
export class GroupCommit<Command, Answer> {
  readonly #waiting: Waiting<Command, Answer>[] = [];
  readonly #running = new Set<Waiting<Command, Answer>[]>();
  #patience: NodeJS.Timeout | undefined;

  constructor(
    private readonly commit: (members: Member<Command>[]) => Promise<Outcome<Answer>[]>,
    private readonly options: { maxBatch: number; concurrency: number } = { maxBatch: 256, concurrency: 1 },
  ) {}

  /** Settles once the command's batch has committed. Who runs out of time leaves the queue; a begun batch goes on. */
  submit(command: Command, deadline?: Deadline): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ command, context: currentContext(), deadline, resolve, reject });
      // A turn of the event loop lets requests that were read together join one batch.
      setImmediate(() => this.#next());
    });
  }

  #next(isLate = false): void {
    while (this.#waiting.length > 0 && this.#running.size < this.options.concurrency) {
      if (!isLate && !this.#isWorthABatch()) {
        this.#patience ??= setTimeout(() => {
          this.#patience = undefined;
          this.#next(true);
        }, PATIENCE_MS);
        return;
      }
      const batch = this.#waiting.splice(0, this.options.maxBatch).filter(isStillWanted);
      if (batch.length === 0) continue;
      this.#running.add(batch);
      clearTimeout(this.#patience);
      this.#patience = undefined;
      void this.#run(batch).finally(() => {
        this.#running.delete(batch);
        this.#next();
      });
    }
  }

  /** A small batch costs nearly as much as a large one, and delays the one that runs: it waits until more have come. */
  #isWorthABatch(): boolean {
    return [...this.#running].every(({ length }) => this.#waiting.length >= Math.min(length, WORTH_A_BATCH));
  }

  async #run(batch: Waiting<Command, Answer>[]): Promise<void> {
    try {
      crashPoint('group-commit.before-batch');
      const outcomes = await this.commit(batch);
      crashPoint('group-commit.after-batch');
      batch.forEach((member, index) => {
        const outcome = outcomes[index];
        if (outcome?.ok) member.resolve(outcome.answer);
        else member.reject(outcome?.error ?? new Error('the batch gave no outcome'));
      });
    } catch (error) {
      if (batch.length === 1 || isUnavailable(error)) for (const member of batch) member.reject(error);
      else for (const member of batch) if (isStillWanted(member)) await this.#run([member]);
    }
  }
}

/** Who has run out of time is told so, and nothing is begun for him. */
function isStillWanted<Command, Answer>({ deadline, reject }: Waiting<Command, Answer>): boolean {
  if (deadline?.aborted) reject(deadline.reason);
  return !deadline?.aborted;
}
