import { Injectable, Logger } from '@nestjs/common';

/** Something that works in the background of a process between its start and its stop. */
export interface Worker {
  readonly name: string;
  start(): Promise<void> | void;
  /** Takes no new work and resolves when what it had is finished. */
  stop(): Promise<void>;
}

/** Every background worker of the process, so that all of it starts after the boot and stops before the database goes. */
@Injectable()
export class Workers {
  readonly #logger = new Logger('Workers');
  readonly #workers: Worker[] = [];

  add(worker: Worker): void {
    this.#workers.push(worker);
  }

  async start(): Promise<void> {
    for (const worker of this.#workers) await worker.start();
  }

  async stop(): Promise<void> {
    const results = await Promise.allSettled(this.#workers.map((worker) => worker.stop()));
    results.forEach((result, index) => {
      if (result.status === 'rejected') {
        this.#logger.error({ msg: `${this.#workers[index]?.name} did not stop cleanly`, err: result.reason });
      }
    });
  }
}
