import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../core/clock';
import { UnitOfWork } from '../persistence/unit-of-work';
import { Workers } from './workers';

const DAY_MS = 86_400_000;

/** Keeps the event log's monthly partitions made three months ahead. */
@Injectable()
export class Partitions {
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

  async start(): Promise<void> {
    await this.#ensure();
    this.#timer = setInterval(() => void this.#ensure(), DAY_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
  }

  /** A month that cannot be made (its events are in the default partition already) is no reason to stop. */
  async #ensure(): Promise<void> {
    try {
      await this.unitOfWork.query('SELECT messaging.ensure_partitions($1::date, 3)', [this.clock.now()]);
    } catch (error) {
      this.#logger.warn({ msg: 'partitions could not be made; new events go to the default one', err: error });
    }
  }
}
