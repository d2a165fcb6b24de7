import { type DynamicModule, Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import { Clock, SystemClock } from '../core/clock';
import { Ids, SystemIds } from '../core/ids';
import type { Persistence } from '../persistence/data-source';
import { AttemptMarks } from './attempt-marks';
import { Dispatcher } from './dispatcher';
import { EventLog } from './event-log';
import { LaneDelivery } from './lane-delivery';
import { Lanes } from './lanes';
import { MessagingOptions } from './messaging-options';
import { CreateMessaging1767225600000 } from './migrations';
import { ParkedEvents } from './parked-events';
import { Partitions } from './partitions';
import { PostgresAttemptMarks } from './postgres-attempt-marks';
import { PostgresLanes } from './postgres-lanes';
import { ProcessStanding } from './process-standing';
import { Subscriptions } from './subscription';
import { Workers } from './workers';

export const messagingPersistence: Persistence = { entities: [], migrations: [CreateMessaging1767225600000] };

/** Durable `@nestjs/cqrs`: import once, in the root. */
@Global()
@Module({})
export class MessagingModule {
  static register(options: MessagingOptions): DynamicModule {
    return {
      module: MessagingModule,
      imports: [CqrsModule.forRoot(), DiscoveryModule],
      providers: [
        { provide: MessagingOptions, useValue: options },
        { provide: Clock, useClass: SystemClock },
        { provide: Ids, useClass: SystemIds },
        Dispatcher,
        EventLog,
        LaneDelivery,
        { provide: Lanes, useClass: PostgresLanes },
        { provide: AttemptMarks, useClass: PostgresAttemptMarks },
        ParkedEvents,
        Partitions,
        ProcessStanding,
        Subscriptions,
        Workers,
      ],
      exports: [Clock, Ids, EventLog, ParkedEvents, ProcessStanding, Workers],
    };
  }
}
