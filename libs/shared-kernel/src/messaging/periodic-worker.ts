import { Logger } from '@nestjs/common';
import { runInContext } from '../observability/request-context';
import type { Worker } from './workers';

/** Does its round again and again, each some time after the end of the one before. One that fails is logged; the next comes. */
export abstract class PeriodicWorker implements Worker {
  abstract readonly name: string;
  readonly #logger = new Logger('Workers');
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = true;

  /** From the end of a round to the next one, and from the start to the first, milliseconds. */
  protected abstract readonly everyMs: number;
  /** Runs as `worker:<name>`. A long one looks at `isStopped` between its steps. */
  protected abstract round(): Promise<void>;

  protected get isStopped(): boolean {
    return this.#stopped;
  }

  start(): void {
    this.#stopped = false;
    this.#next();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  #next(): void {
    this.#timer = setTimeout(() => {
      this.#round = this.#once().finally(() => {
        if (!this.#stopped) this.#next();
      });
    }, this.everyMs).unref();
  }

  async #once(): Promise<void> {
    const context = { requestId: null, actor: `worker:${this.name}`, causationId: null };
    try {
      await runInContext(context, () => this.round());
    } catch (error) {
      this.#logger.warn({ msg: `${this.name}: a round failed; the next one comes`, err: error });
    }
  }
}
