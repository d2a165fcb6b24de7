import { Injectable } from '@nestjs/common';
import { PeriodicWorker } from '../messaging/periodic-worker';
import { Workers } from '../messaging/workers';
import { IdempotencyKeys } from './idempotency';
import { RateLimits } from './rate-limits/rate-limits';

const HOUR_MS = 3_600_000;
const BATCH = 5000;

/** Deletes idempotency keys and rate buckets whose time is over. */
@Injectable()
export class Sweeper extends PeriodicWorker {
  readonly name = 'http.sweeper';
  protected readonly everyMs = HOUR_MS;

  constructor(
    private readonly keys: IdempotencyKeys,
    private readonly limits: RateLimits,
    workers: Workers,
  ) {
    super();
    workers.add(this);
  }

  protected async round(): Promise<void> {
    while ((await this.keys.sweep(BATCH)) === BATCH && !this.isStopped);
    await this.limits.sweep();
  }
}
