import { EventsHandler } from '@nestjs/cqrs';
import { ManualClock } from '@tradewind/shared-kernel';
import {
  dropEvents,
  EventLog,
  messagingPersistence,
  ParkedEvents,
  Subscription,
} from '@tradewind/shared-kernel/messaging';
import { createTestDatabase, eventually, type TestDatabase } from '@tradewind/shared-kernel/testing';
import { lanesWithHoles } from '../src/messaging/metrics';
import { Counter, counterId, startProcess, type TestProcess, Ticked } from './event-log-app';

const seen: string[] = [];
let isFailing = false;

class SeeTicks {
  handle(event: Ticked): Promise<void> {
    if (isFailing) return Promise.reject(new Error('poison'));
    seen.push(`${event.aggregateId} ${event.aggregateVersion}`);
    return Promise.resolve();
  }
}
EventsHandler(Ticked)(SeeTicks);
Subscription('testing.see-ticks')(SeeTicks);

describe('months of the event log', () => {
  let database: TestDatabase;
  let settings: { url: string; poolSize: number };
  const processes: TestProcess[] = [];
  const start = async (...args: Parameters<typeof startProcess> extends [string, ...infer Rest] ? Rest : never) => {
    const started = await startProcess(database.url, ...args);
    processes.push(started);
    return started;
  };
  /** Publishes one event for each counter, as at that time. */
  const publish = async (process: TestProcess, at: string, ...counters: Counter[]) => {
    Object.assign(process.app.get(EventLog), { clock: new ManualClock(at) });
    await process.publish(...counters.map((counter) => counter.tick()));
  };
  const partitions = async ({ unitOfWork }: TestProcess) =>
    (
      await unitOfWork.query<{ name: string }>(
        `SELECT relname AS name FROM pg_inherits JOIN pg_class ON oid = inhrelid
          WHERE inhparent = 'messaging.event_log'::regclass AND relname LIKE 'event_log_2025%' ORDER BY 1`,
      )
    ).map(({ name }) => name);

  beforeEach(async () => {
    seen.length = 0;
    isFailing = false;
    lanesWithHoles.reset();
    database = await createTestDatabase([messagingPersistence]);
    settings = { url: database.url, poolSize: 2 };
    const setUp = await startProcess(database.url, [], { deliver: false });
    await setUp.unitOfWork.query("SELECT messaging.ensure_partitions('2025-03-01', 4)");
    await setUp.stop();
  });
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((started) => started.stop()));
    await database.drop();
  });

  it('are dropped once every subscription has passed them, and delivery goes on', async () => {
    const process = await start([SeeTicks]);
    const [first, second] = [new Counter(counterId(3)), new Counter(counterId(19))];
    await publish(process, '2025-03-31T23:59:59.999Z', first);
    await publish(process, '2025-05-01T00:00:00Z', second); // a clock ahead of the others
    await publish(process, '2025-04-30T23:59:59.999Z', first);
    await publish(process, '2025-05-01T00:00:00.001Z', first);
    await eventually(() => seen.length === 4);
    expect(await dropEvents(settings, '2025-05', { dryRun: true })).toMatchObject({
      months: [{ month: '2025-03' }, { month: '2025-04' }],
      ...{ notDone: [], isDropped: false },
    });
    expect(await dropEvents(settings, '2025-05', { dryRun: false })).toMatchObject({ isDropped: true });
    expect(await partitions(process)).toEqual(['event_log_202505', 'event_log_202506']);
    expect(await process.app.get(EventLog).history(first.id)).toMatchObject([{ aggregateVersion: 3 }]);
    await publish(process, '2025-05-02T00:00:00Z', first);
    await eventually(() => seen.at(-1) === `${first.id} 4`);
    expect(await dropEvents(settings, '2025-05', { dryRun: false })).toMatchObject({ months: [], notDone: [] });
  });

  it('stay while a subscription has not passed them', async () => {
    const reader = await startProcess(database.url, [SeeTicks]);
    await reader.stop();
    const process = await start([], { deliver: false });
    await publish(process, '2025-03-05T00:00:00Z', new Counter(counterId(3)), new Counter(counterId(4)));
    await publish(process, '2025-04-05T00:00:00Z', new Counter(counterId(5)));
    const refused = { notDone: [{ subscription: 'testing.see-ticks', toPass: 2, setAside: 0 }], isDropped: false };
    expect(await dropEvents(settings, '2025-04', { dryRun: false })).toMatchObject(refused);
    expect(await partitions(process)).toHaveLength(4);
  });

  it('stay while one of their events is set aside', async () => {
    isFailing = true;
    const process = await start([SeeTicks], { maxAttempts: 1 });
    await publish(process, '2025-03-05T00:00:00Z', new Counter(counterId(3)));
    const parked = process.app.get(ParkedEvents);
    await eventually(async () => (await parked.list(1)).some(({ status }) => status === 'parked'));
    const refused = { notDone: [{ subscription: 'testing.see-ticks', toPass: 0, setAside: 1 }], isDropped: false };
    await eventually(async () => (await dropEvents(settings, '2025-04', { dryRun: true })).notDone[0]?.toPass === 0);
    expect(await dropEvents(settings, '2025-04', { dryRun: false })).toMatchObject(refused);
    isFailing = false;
    await parked.replay('testing.see-ticks');
    await eventually(async () => (await parked.list(1)).length === 0);
    expect(await dropEvents(settings, '2025-04', { dryRun: false })).toMatchObject({ notDone: [], isDropped: true });
  });

  it('leave no hole for a new subscription, which begins after what is gone', async () => {
    const process = await start([], { deliver: false });
    const [first, second] = [new Counter(counterId(3)), new Counter(counterId(19))];
    await publish(process, '2025-03-05T00:00:00Z', first);
    await publish(process, '2025-04-01T00:00:00Z', second); // goes with its lane's earlier events, though its month stays
    await publish(process, '2025-03-31T23:59:59Z', first);
    await publish(process, '2025-04-01T00:00:01Z', first);
    expect(await dropEvents(settings, '2025-04', { dryRun: false })).toMatchObject({ isDropped: true });
    await start([SeeTicks], { pollMs: { busy: 10, idle: 20 } });
    await eventually(() => seen.length > 0);
    expect(seen).toEqual([`${first.id} 3`]);
    expect((await lanesWithHoles.get()).values).toEqual([]);
  });

  it('of the present and the future stay', async () => {
    const process = await start([], { deliver: false });
    await dropEvents(settings, '2999-01', { dryRun: false });
    expect(await partitions(process)).toEqual([]);
    const left = await process.unitOfWork.query(
      "SELECT FROM pg_inherits WHERE inhparent = 'messaging.event_log'::regclass",
    );
    expect(left).toHaveLength(4); // three months from this one on, and the default partition
  });
});
