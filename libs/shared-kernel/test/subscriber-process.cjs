// A process of its own with one durable subscription, so that tests can kill it. Runs the built kernel (npm run build).
// Arguments: database URL, and optionally the aggregate whose event kills the process.
require('reflect-metadata');
const { Module } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { EventsHandler } = require('@nestjs/cqrs');
const kernel = '../../../dist/libs/shared-kernel/src';
const { ContractEvent } = require(`${kernel}/index.js`);
const { MessagingModule, MessagingOptions, messagingPersistence, Subscription, Workers } = require(
  `${kernel}/messaging.js`,
);
const { DatabaseModule, UnitOfWork } = require(`${kernel}/persistence.js`);

const [, , url, deadly] = process.argv;

class Ticked extends ContractEvent {
  static type = 'testing.ticked.v1';
  get aggregateId() {
    return this.data.counterId;
  }
}

class RecordTicks {
  constructor(unitOfWork) {
    this.unitOfWork = unitOfWork;
  }
  async handle(event) {
    if (event.aggregateId === deadly) process.kill(process.pid, 'SIGKILL');
    await this.unitOfWork.query('INSERT INTO handled (subscription, aggregate_id, version) VALUES ($1, $2, $3)', [
      `process-${process.pid}`,
      event.aggregateId,
      event.aggregateVersion,
    ]);
  }
}
Reflect.defineMetadata('design:paramtypes', [UnitOfWork], RecordTicks);
EventsHandler(Ticked)(RecordTicks);
Subscription('testing.record-ticks')(RecordTicks);

class App {}
const database = { url, poolSize: 6 };
Module({
  imports: [
    DatabaseModule.register(database, [messagingPersistence]),
    MessagingModule.register(
      new MessagingOptions(database, {
        batchSize: 50,
        maxAttempts: 2,
        backoffMs: 10,
        maxBackoffMs: 20,
        pollMs: { busy: 10, idle: 50 },
      }),
    ),
  ],
  providers: [RecordTicks],
})(App);

NestFactory.createApplicationContext(App, { logger: false, abortOnError: false })
  .then((app) => app.get(Workers).start())
  .catch((error) => {
    console.error(error);
    process.exit(1);
  });
