import { Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import type { Persistence } from '../persistence/data-source';
import { IdempotencyKeys } from './idempotency';
import { CreateIdempotencyKeys1767225600001 } from './migrations';
import { ProblemFilter } from './problem-filter';
import { CreateRateBuckets1767225600002 } from './rate-limits/migration';
import { RateLimits } from './rate-limits/rate-limits';
import { Sweeper } from './sweeper';
import { validationPipe } from './validation';

export const httpPersistence: Persistence = {
  entities: [],
  migrations: [CreateIdempotencyKeys1767225600001, CreateRateBuckets1767225600002],
};

/** Problem documents, validation, idempotency and rate limits for every controller; import once, in the root. */
@Global()
@Module({
  providers: [
    IdempotencyKeys,
    RateLimits,
    Sweeper,
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_PIPE, useFactory: validationPipe },
  ],
  exports: [IdempotencyKeys, RateLimits],
})
export class HttpModule {}
