// A process with the built event log and nothing else: it publishes, handles, or both. Times are of the machine's
// monotonic clock, so that those of two processes can be set against each other.
import { createRequire } from 'node:module';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { ROOT, serve, sleep } from './processes.mjs';

setFlagsFromString('--heap-growing-percent=60'); // as the platform does
const require = createRequire(import.meta.url);
require('reflect-metadata');
const { Module } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { EventBus, EventsHandler } = require('@nestjs/cqrs');
const kernel = (door) => require(path.join(ROOT, 'dist/libs/shared-kernel/src', door));
const { ContractEvent, Ids } = kernel('index.js');
const { MessagingModule, MessagingOptions, messagingPersistence, Subscription, Workers } = kernel('messaging.js');
const { DatabaseModule, migrate, UnitOfWork } = kernel('persistence.js');

const PERSISTENCE = [messagingPersistence];
const POOL_SIZE = 20;
const now = () => Number(process.hrtime.bigint()) / 1e6;

class Happened extends ContractEvent {
  static type = 'bench.happened.v1';
  get aggregateId() {
    return this.data.id;
  }
}

let app;
/** Number of an event → when it was committed, when its handler started. */
const committed = new Map();
const started = new Map();

const INSERT = 'INSERT INTO public.effect (n) SELECT * FROM unnest($1::int[])';

class NoteTheTime {
  async handle({ data }) {
    started.set(data.n, now());
  }
}

class OneByOne {
  async handle({ data }) {
    await app.get(UnitOfWork).query(INSERT, [[data.n]]);
  }
}

class InBatches {
  async handleBatch(events) {
    await app.get(UnitOfWork).query(INSERT, [events.map(({ data }) => data.n)]);
  }
}

const HANDLERS = { NoteTheTime, OneByOne, InBatches };
for (const [name, handler] of Object.entries(HANDLERS)) {
  EventsHandler(Happened)(handler);
  Subscription(`bench.${name.toLowerCase()}`)(handler);
}

async function open({ url, handler }) {
  const database = { url, poolSize: POOL_SIZE };
  await migrate(database, PERSISTENCE);
  class Root {}
  Module({
    imports: [
      DatabaseModule.register(database, PERSISTENCE),
      MessagingModule.register(new MessagingOptions(database, { deliver: handler !== undefined })),
    ],
    providers: handler ? [HANDLERS[handler]] : [],
  })(Root);
  app = await NestFactory.createApplicationContext(Root, { logger: ['error', 'warn'], abortOnError: false });
  // Before the first event: a month is not split off once its events are in the default partition.
  await app.get(UnitOfWork).query('SELECT messaging.ensure_partitions(current_date, 3)');
}

/** One transaction with these events, each the first of its aggregate. */
async function commit(numbers) {
  const unitOfWork = app.get(UnitOfWork);
  await unitOfWork.run(async () => {
    // Registered before the log's own wake-up: the first thing after the commit.
    unitOfWork.afterCommit(() => numbers.forEach((n) => committed.set(n, now())));
    const events = numbers.map((n) => new Happened({ id: app.get(Ids).next('bnc'), n }));
    for (const event of events) event.aggregateVersion = 1;
    app.get(EventBus).publishAll(events);
  });
}

/** Commits one event at a time at a steady rate, whatever becomes of the earlier ones. */
async function publish({ perSecond, seconds }) {
  const begin = performance.now();
  const commits = [];
  for (let n = 0; n < perSecond * seconds; n++) {
    const due = begin + (n * 1000) / perSecond;
    if (due > performance.now()) await sleep(due - performance.now());
    commits.push(commit([n]));
  }
  await Promise.all(commits);
  return [...committed];
}

async function append({ count }) {
  const numbers = Array.from({ length: count }, (_, n) => n);
  while (numbers.length > 0) await commit(numbers.splice(0, 500));
}

const deliver = () => app.get(Workers).start();

/** Waits until that many handlers have started; returns when each did. */
async function handled({ count }) {
  for (let waited = 0; started.size < count; waited += 20) {
    if (waited > 30_000) throw new Error(`only ${started.size} of ${count} events were delivered`);
    await sleep(20);
  }
  return [...started];
}

/** Works off the whole log; returns how long that took, milliseconds. */
async function drain({ count }) {
  const unitOfWork = app.get(UnitOfWork);
  const begin = now();
  await deliver();
  for (let before = 0, waited = 0; ; waited += 10) {
    const [{ moved }] = await unitOfWork.query('SELECT sum(position)::int AS moved FROM messaging.subscription_cursor');
    if (moved === count) return now() - begin;
    if (moved > before) waited = 0;
    if (waited > 30_000) throw new Error(`only ${moved} of ${count} events were delivered`);
    before = moved;
    await sleep(10);
  }
}

async function close() {
  await app.get(Workers).stop();
  await app.close();
}

serve({ open, publish, append, deliver, handled, drain, close });
