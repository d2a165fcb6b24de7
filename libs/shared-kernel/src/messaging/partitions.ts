import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../core/clock';
import { UnitOfWork } from '../persistence/unit-of-work';
import { PeriodicWorker } from './periodic-worker';
import { Workers } from './workers';

const DAY_MS = 86_400_000;

/** Keeps the event log's monthly partitions made three months ahead. */
@Injectable()
export class Partitions extends PeriodicWorker implements OnModuleInit {
  readonly name = 'messaging.partitions';
  protected readonly everyMs = DAY_MS;
  readonly #logger = new Logger('EventLog');

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    workers: Workers,
  ) {
    super();
    workers.add(this);
  }

  /** Before the first event can be appended. */
  async onModuleInit(): Promise<void> {
    await this.round();
  }

  /** A month that cannot be made is no reason to stop: its events go to the default partition and are moved later. */
  protected async round(): Promise<void> {
    try {
      await this.unitOfWork.query('SELECT messaging.ensure_partitions($1::date, 3)', [this.clock.now()]);
    } catch (error) {
      this.#logger.warn({ msg: 'partitions could not be made; new events go to the default one', err: error });
    }
  }
}
