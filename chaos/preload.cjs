// Loaded into each platform process of a run before anything else (`node --require`). The platform stays as it was built;
// this adds subscriptions that write down what reaches them, and lets the run arm a crash point or shift the clock.
const path = require('node:path');

const dist = (file) => require(path.join(__dirname, '../dist', file));

let shiftMs = 0;
const SystemDate = Date;
globalThis.Date = class Date extends SystemDate {
  constructor(...values) {
    if (values.length === 0) super(Date.now());
    else super(...values);
  }
  static now() {
    return SystemDate.now() + shiftMs;
  }
};

require('reflect-metadata');
const { Inject } = require('@nestjs/common');
const { EventsHandler } = require('@nestjs/cqrs');
const { ContractEvent, onCrashPoint } = dist('libs/shared-kernel/src/index.js');
const { Subscription } = dist('libs/shared-kernel/src/messaging.js');
const { UnitOfWork } = dist('libs/shared-kernel/src/persistence.js');
const { PlatformModule } = dist('apps/platform/src/platform.module.js');

const EVENTS = ['trading', 'logistics', 'notification']
  .flatMap((context) => Object.values(dist(`libs/${context}/src/contract.js`)))
  .filter((exported) => exported.prototype instanceof ContractEvent);

/** Writes down every event, in the transaction that moves the cursor. */
class Recorder {
  constructor(unitOfWork) {
    this.unitOfWork = unitOfWork;
  }
  async record(subscription, events) {
    await this.unitOfWork.query(
      'INSERT INTO chaos.delivery (subscription, event_id) SELECT $1, * FROM unnest($2::text[])',
      [subscription, events.map(({ meta }) => meta.id)],
    );
  }
}

class RecordSingly extends Recorder {
  async handle(event) {
    await this.record('chaos.record-singly', [event]);
  }
}

/** Cannot stomach the events of some aggregates: it fails, or takes its process along. */
class RecordInBatches extends Recorder {
  async handleBatch(events) {
    const [poison] = await this.unitOfWork.query(
      'SELECT aggregate_id, kills FROM chaos.poison WHERE aggregate_id = ANY($1::text[]) LIMIT 1',
      [events.map(({ aggregateId }) => aggregateId)],
    );
    if (poison?.kills) process.kill(process.pid, 'SIGKILL');
    if (poison) throw new Error(`poisoned by ${poison.aggregate_id}`);
    await this.record('chaos.record-in-batches', events);
  }
}

const RECORDERS = { 'chaos.record-singly': RecordSingly, 'chaos.record-in-batches': RecordInBatches };
for (const [name, recorder] of Object.entries(RECORDERS)) {
  Inject(UnitOfWork)(recorder, undefined, 0);
  EventsHandler(...EVENTS)(recorder);
  Subscription(name)(recorder);
}

const { register } = PlatformModule;
PlatformModule.register = (...values) => {
  const platform = register.apply(PlatformModule, values);
  return { ...platform, providers: [...platform.providers, ...Object.values(RECORDERS)] };
};

process.on('message', ({ crashPoint, nth, clockMs }) => {
  if (clockMs !== undefined) shiftMs = clockMs;
  if (crashPoint !== undefined) {
    let left = nth;
    onCrashPoint((reached) => {
      if (reached === crashPoint && --left === 0) process.kill(process.pid, 'SIGKILL');
    });
  }
  process.send('done');
});
// The run is gone, however it ended.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
