import 'reflect-metadata';
import { Module, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventBus } from '@nestjs/cqrs';
import { Aggregate, ContractEvent, idOf, type Id } from '@tradewind/shared-kernel';
import { MessagingModule, MessagingOptions, messagingPersistence, Workers } from '@tradewind/shared-kernel/messaging';
import { DatabaseModule, UnitOfWork } from '@tradewind/shared-kernel/persistence';

/** The smallest aggregate that raises events: it counts. */
export class Ticked extends ContractEvent<{ counterId: string; n: number }> {
  static override readonly type = 'testing.ticked.v1';
  get aggregateId(): string {
    return this.data.counterId;
  }
}

export class Tocked extends ContractEvent<{ counterId: string }> {
  static override readonly type = 'testing.tocked.v1';
  get aggregateId(): string {
    return this.data.counterId;
  }
}

export class Counter extends Aggregate {
  constructor(
    readonly id: string,
    version = 0,
  ) {
    super(version);
  }
  tick(): this {
    this.raise(new Ticked({ counterId: this.id, n: this.version + 1 }));
    return this;
  }
  tock(): this {
    this.raise(new Tocked({ counterId: this.id }));
    return this;
  }
}

/** A counter id with the given number in it; consecutive numbers fall into consecutive lanes. */
export const counterId = (n: number): Id<'cnt'> =>
  idOf('cnt', `00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`);

/** A process: an application context with these handlers on one database. */
export async function startProcess(url: string, handlers: Provider[], options: Partial<MessagingOptions> = {}) {
  const database = { url, poolSize: 20 };
  @Module({
    imports: [
      DatabaseModule.register(database, [messagingPersistence]),
      MessagingModule.register(new MessagingOptions(database, { backoffMs: 20, maxBackoffMs: 50, ...options })),
    ],
    providers: handlers,
  })
  class TestApp {}
  const app = await NestFactory.createApplicationContext(TestApp, { logger: false, abortOnError: false });
  await app.get(Workers).start();
  const unitOfWork = app.get(UnitOfWork);
  const eventBus = app.get(EventBus);
  return {
    app,
    unitOfWork,
    eventBus,
    publish: (...counters: Counter[]) =>
      unitOfWork.run(async () => {
        for (const counter of counters) await eventBus.publishAll(counter.takeEvents());
      }),
    stop: async () => {
      await app.get(Workers).stop();
      await app.close();
    },
  };
}

export type TestProcess = Awaited<ReturnType<typeof startProcess>>;
