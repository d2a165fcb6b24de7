import { Injectable } from '@nestjs/common';
import { Clock } from '../core/clock';
import { UnitOfWork } from '../persistence/unit-of-work';
import { Workers } from './workers';

const DAY_MS = 86_400_000;

/** Keeps the event log's monthly partitions made three months ahead. */
@Injectable()
export class Partitions {
  readonly name = 'event log partitions';
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
    this.#timer = setInterval(() => void this.#ensure().catch(() => undefined), DAY_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
  }

  async #ensure(): Promise<void> {
    await this.unitOfWork.query('SELECT messaging.ensure_partitions($1::date, 3)', [this.clock.now()]);
  }
}
