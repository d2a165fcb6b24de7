import { Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { Workers } from '../messaging/workers';
import type { Persistence } from '../persistence/data-source';
import { IdempotencyKeys } from './idempotency';
import { CreateIdempotencyKeys1767225600001 } from './migrations';
import { ProblemFilter } from './problem-filter';
import { validationPipe } from './validation';

export const httpPersistence: Persistence = { entities: [], migrations: [CreateIdempotencyKeys1767225600001] };

const HOUR_MS = 3_600_000;
const SWEEP_BATCH = 5000;

/** Problem documents, validation and idempotency for every controller; import once, in the root. */
@Global()
@Module({
  providers: [
    IdempotencyKeys,
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_PIPE, useFactory: validationPipe },
  ],
  exports: [IdempotencyKeys],
})
export class HttpModule {
  constructor(keys: IdempotencyKeys, workers: Workers) {
    let timer: NodeJS.Timeout | undefined;
    const sweep = async () => {
      while ((await keys.sweep(SWEEP_BATCH)) === SWEEP_BATCH);
    };
    workers.add({
      name: 'idempotency key sweeper',
      start: () => {
        timer = setInterval(() => void sweep().catch(() => undefined), HOUR_MS).unref();
      },
      stop: async () => clearInterval(timer),
    });
  }
}
