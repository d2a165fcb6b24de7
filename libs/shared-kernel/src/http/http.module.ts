import { Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { Workers } from '../messaging/workers';
import type { Persistence } from '../persistence/data-source';
import { IdempotencyKeys } from './idempotency';
import { CreateIdempotencyKeys1767225600001 } from './migrations';
import { ProblemFilter } from './problem-filter';
import { CreateRateBuckets1767225600002 } from './rate-limits/migration';
import { RateLimits } from './rate-limits/rate-limits';
import { validationPipe } from './validation';

export const httpPersistence: Persistence = {
  entities: [],
  migrations: [CreateIdempotencyKeys1767225600001, CreateRateBuckets1767225600002],
};

const HOUR_MS = 3_600_000;
const SWEEP_BATCH = 5000;

/** Problem documents, validation, idempotency and rate limits for every controller; import once, in the root. */
@Global()
@Module({
  providers: [
    IdempotencyKeys,
    RateLimits,
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_PIPE, useFactory: validationPipe },
  ],
  exports: [IdempotencyKeys, RateLimits],
})
export class HttpModule {
  constructor(keys: IdempotencyKeys, limits: RateLimits, workers: Workers) {
    let timer: NodeJS.Timeout | undefined;
    const sweep = async () => {
      while ((await keys.sweep(SWEEP_BATCH)) === SWEEP_BATCH);
      await limits.sweep();
    };
    workers.add({
      name: 'sweeper of idempotency keys and rate buckets',
      start: () => {
        timer = setInterval(() => void sweep().catch(() => undefined), HOUR_MS).unref();
      },
      stop: async () => clearInterval(timer),
    });
  }
}
