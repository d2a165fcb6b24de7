import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../core/clock';
import { UnitOfWork } from '../persistence/unit-of-work';
import { type Worker, Workers } from './workers';

const DAY_MS = 86_400_000;

/** Keeps the event log's monthly partitions made three months ahead. */
@Injectable()
export class Partitions implements OnModuleInit, Worker {
  readonly name = 'event log partitions';
  readonly #logger = new Logger('EventLog');
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    workers: Workers,
  ) {
    workers.add(this);
  }

  /** Before the first event can be appended. */
  async onModuleInit(): Promise<void> {
    await this.#ensure();
  }

  start(): void {
    this.#timer = setInterval(() => void this.#ensure(), DAY_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
  }

  /** A month that cannot be made is no reason to stop: its events go to the default partition and are moved later. */
  async #ensure(): Promise<void> {
    try {
      await this.unitOfWork.query('SELECT messaging.ensure_partitions($1::date, 3)', [this.clock.now()]);
    } catch (error) {
      this.#logger.warn({ msg: 'partitions could not be made; new events go to the default one', err: error });
    }
  }
}
