import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { EventsHandler } from '@nestjs/cqrs';
import type { Delivered } from '@tradewind/shared-kernel';
import { messagingPersistence, ParkedEvents, Subscription } from '@tradewind/shared-kernel/messaging';
import { createTestDatabase, eventually, type TestDatabase } from '@tradewind/shared-kernel/testing';
import { Client } from 'pg';
import { Counter, counterId, startProcess, type TestProcess, Ticked } from './event-log-app';

const WRITERS = 16;
const EVENTS = 20_000;
const COUNTERS = 96;

type Seen = Map<string, number[]>;
const remember = (seen: Seen, event: Delivered<Ticked>) => {
  const versions = seen.get(event.aggregateId) ?? [];
  versions.push(event.aggregateVersion);
  seen.set(event.aggregateId, versions);
};
const total = (seen: Seen) => [...seen.values()].reduce((sum, versions) => sum + versions.length, 0);
const oneTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1);

const single: Seen = new Map();
const batched: Seen = new Map();

@EventsHandler(Ticked)
@Subscription('testing.single')
class Single {
  handle(event: Delivered<Ticked>): Promise<void> {
    remember(single, event);
    return Promise.resolve();
  }
}

@EventsHandler(Ticked)
@Subscription('testing.batched')
class Batched {
  handleBatch(events: Delivered<Ticked>[]): Promise<void> {
    for (const event of events) remember(batched, event);
    return Promise.resolve();
  }
}

describe('the event log under load', () => {
  let database: TestDatabase;
  const processes: TestProcess[] = [];
  const children: ChildProcess[] = [];
  const start = async (...args: [Parameters<typeof startProcess>[1], Parameters<typeof startProcess>[2]?]) => {
    const started = await startProcess(database.url, ...args);
    processes.push(started);
    return started;
  };
  const spawn = (deadly?: string) => {
    const child = fork(path.join(__dirname, 'subscriber-process.cjs'), [database.url, ...(deadly ? [deadly] : [])]);
    children.push(child);
    return child;
  };

  beforeEach(async () => {
    database = await createTestDatabase([messagingPersistence]);
    const client = new Client(database.url);
    await client.connect();
    await client.query('CREATE TABLE counter (id text PRIMARY KEY, version int NOT NULL)');
    await client.query(
      'CREATE TABLE handled (seq bigserial, subscription text, aggregate_id text, version int, UNIQUE (aggregate_id, version))',
    );
    await client.end();
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    await Promise.all(processes.splice(0).map((started) => started.stop()));
    await database.drop();
  });

  /** Transactions over several aggregates, held open at random, some rolled back, until so many events are committed. */
  async function write({ unitOfWork, eventBus }: TestProcess, events: number): Promise<Map<string, number>> {
    const versions = new Map<string, number>();
    let committed = 0;
    const writer = async () => {
      while (committed < events) {
        const ids = [...new Set(oneTo(3).map(() => counterId(Math.floor(Math.random() * COUNTERS))))].toSorted();
        const rollBack = Math.random() < 0.1;
        const raised = await unitOfWork
          .run(async () => {
            let count = 0;
            for (const id of ids) {
              await unitOfWork.query('INSERT INTO counter VALUES ($1, 0) ON CONFLICT DO NOTHING', [id]);
              const [row] = await unitOfWork.query<{ version: number }>(
                'SELECT version FROM counter WHERE id = $1 FOR UPDATE',
                [id],
              );
              const counter = new Counter(id, row?.version);
              for (let n = Math.ceil(Math.random() * 5); n > 0; n--, count++) counter.tick();
              await unitOfWork.query('UPDATE counter SET version = $2 WHERE id = $1', [id, counter.version]);
              await eventBus.publishAll(counter.takeEvents());
            }
            if (Math.random() < 0.2) await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
            if (rollBack) throw new Error('rolled back');
            return count;
          })
          .catch((error: Error) => {
            if (error.message === 'rolled back') return 0;
            throw error;
          });
        committed += raised;
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, writer));
    for (const { id, version } of await unitOfWork.query<{ id: string; version: number }>(
      'SELECT id, version FROM counter',
    )) {
      versions.set(id, version);
    }
    return versions;
  }

  it(`brings ${EVENTS} events of ${WRITERS} writers to each subscriber once and in order, beside a foreign open transaction`, async () => {
    single.clear();
    batched.clear();
    const foreign = new Client(database.url);
    await foreign.connect();
    await foreign.query('BEGIN');
    await foreign.query("INSERT INTO handled (subscription) VALUES ('foreign')"); // holds back xmin for as long as it is open

    const writerProcess = await start([Single, Batched]);
    const versions = await write(writerProcess, EVENTS);
    const committed = [...versions.values()].reduce((sum, version) => sum + version, 0);
    expect(committed).toBeGreaterThanOrEqual(EVENTS);
    for (const seen of [single, batched]) {
      await eventually(() => total(seen) >= committed, 50_000);
      for (const [id, version] of versions) expect(seen.get(id) ?? []).toEqual(oneTo(version));
    }
    const [lanes] = await writerProcess.unitOfWork.query<{ gaps: bigint }>(
      `SELECT count(*) AS gaps FROM messaging.lane l
        WHERE head <> (SELECT count(*) FROM messaging.event_log e WHERE e.lane = l.lane)`,
    );
    expect(lanes?.gaps).toBe(0n);
    await foreign.query('ROLLBACK'); // it was open all the while
    await foreign.end();
  });

  it('loses and repeats nothing when one of two processes is killed', async () => {
    const writerProcess = await start([], { deliver: false });
    const first = spawn();
    const second = spawn();
    const count = async () => {
      const [row] = await writerProcess.unitOfWork.query<{ n: bigint }>('SELECT count(*) AS n FROM handled');
      return Number(row?.n);
    };
    const writing = write(writerProcess, 6000);
    await eventually(async () => {
      const rows = await writerProcess.unitOfWork.query('SELECT DISTINCT subscription FROM handled');
      return rows.length === 2; // both have worked
    });
    first.kill('SIGKILL');
    const versions = await writing;
    const committed = [...versions.values()].reduce((sum, version) => sum + version, 0);
    await eventually(async () => (await count()) === committed, 50_000);
    expect(second.exitCode).toBeNull();
    const rows = await writerProcess.unitOfWork.query<{ aggregate_id: string; version: number }>(
      'SELECT aggregate_id, version FROM handled ORDER BY seq',
    );
    const seen: Seen = new Map();
    for (const { aggregate_id: id, version } of rows) seen.set(id, [...(seen.get(id) ?? []), version]);
    for (const [id, version] of versions) expect(seen.get(id)?.toSorted((a, b) => a - b)).toEqual(oneTo(version));
  });

  it('parks an event that kills its process, and nothing else', async () => {
    const { publish, unitOfWork, app } = await start([], { deliver: false });
    const deadly = counterId(5);
    await publish(...oneTo(40).map((n) => new Counter(counterId(n)).tick().tick()));
    const parked = app.get(ParkedEvents);
    // As a supervisor does: start it again whenever it died.
    let child = spawn(deadly);
    await eventually(async () => {
      if (child.signalCode) child = spawn(deadly);
      const [row] = await unitOfWork.query<{ n: bigint }>('SELECT count(*) AS n FROM handled');
      return Number(row?.n) === 78 && (await parked.list(10)).some((event) => event.status === 'parked');
    }, 50_000);
    expect(await parked.list(10)).toMatchObject([
      { aggregateId: deadly, status: 'parked', attempts: 2 },
      { aggregateId: deadly, status: 'behind' },
    ]);
  });
});
