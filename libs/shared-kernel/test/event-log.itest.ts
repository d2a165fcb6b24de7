import { EventsHandler } from '@nestjs/cqrs';
import { type ContractEvent, type Delivered, laneOf, ManualClock } from '@tradewind/shared-kernel';
import { EventLog, messagingPersistence, ParkedEvents, Subscription } from '@tradewind/shared-kernel/messaging';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { createTestDatabase, eventually, type TestDatabase } from '@tradewind/shared-kernel/testing';
import { AttemptMarks } from '../src/messaging/attempt-marks';
import { LaneDelivery } from '../src/messaging/lane-delivery';
import { STEP } from '../src/messaging/lanes';
import { lanesWithHoles } from '../src/messaging/metrics';
import { type DurableSubscription, Subscriptions } from '../src/messaging/subscription';
import { Counter, counterId, startProcess, type TestProcess, Ticked, Tocked } from './event-log-app';

let failing = new Set<string>();

/** Writes what it handled into a table, in the transaction that moves its cursor. */
@EventsHandler(Ticked)
@Subscription('testing.record-ticks')
class RecordTicks {
  constructor(private readonly unitOfWork: UnitOfWork) {}
  async handle(event: Delivered<Ticked>): Promise<void> {
    await this.unitOfWork.query('INSERT INTO handled (subscription, aggregate_id, version) VALUES ($1, $2, $3)', [
      'ticks',
      event.aggregateId,
      event.aggregateVersion,
    ]);
    if (failing.has(event.aggregateId)) throw new Error('poison');
  }
}
Reflect.defineMetadata('design:paramtypes', [UnitOfWork], RecordTicks);

@EventsHandler(Ticked, Tocked)
@Subscription('testing.record-batches')
class RecordBatches {
  constructor(private readonly unitOfWork: UnitOfWork) {}
  async handleBatch(events: Delivered<Ticked | Tocked>[]): Promise<void> {
    await this.unitOfWork.query(
      `INSERT INTO handled (subscription, aggregate_id, version)
       SELECT 'batches', a, v FROM unnest($1::text[], $2::int[]) AS e(a, v)`,
      [events.map((event) => event.aggregateId), events.map((event) => event.aggregateVersion)],
    );
  }
}

describe('the event log', () => {
  let database: TestDatabase;
  const processes: TestProcess[] = [];
  const start = async (...args: Parameters<typeof startProcess> extends [string, ...infer Rest] ? Rest : never) => {
    const started = await startProcess(database.url, ...args);
    processes.push(started);
    return started;
  };
  const handled = async (unitOfWork: UnitOfWork, subscription: string, id?: string) =>
    unitOfWork.query<{ aggregate_id: string; version: number }>(
      'SELECT aggregate_id, version FROM handled WHERE subscription = $1 AND ($2::text IS NULL OR aggregate_id = $2) ORDER BY seq',
      [subscription, id ?? null],
    );

  beforeEach(async () => {
    failing = new Set();
    lanesWithHoles.reset();
    database = await createTestDatabase([messagingPersistence]);
    const setUp = await startProcess(database.url, [], { deliver: false });
    await setUp.unitOfWork.query(
      `CREATE TABLE handled (seq bigserial, subscription text, aggregate_id text, version int,
                             UNIQUE (subscription, aggregate_id, version))`,
    );
    await setUp.stop();
  });
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((started) => started.stop()));
    await database.drop();
  });

  it('refuses to publish outside a unit of work', async () => {
    const { eventBus } = await start([]);
    expect(() => eventBus.publishAll(new Counter(counterId(1)).tick().takeEvents())).toThrow('unit of work');
  });

  it('keeps nothing of a unit of work that rolls back', async () => {
    const { unitOfWork, eventBus, app } = await start([RecordTicks]);
    const failed = unitOfWork.run(async () => {
      await eventBus.publishAll(new Counter(counterId(1)).tick().takeEvents());
      throw new Error('changed my mind');
    });
    await expect(failed).rejects.toThrow('changed my mind');
    expect(await app.get(EventLog).history(counterId(1))).toEqual([]);
  });

  it('does not take a swallowed SQL error for a commit', async () => {
    const { unitOfWork } = await start([]);
    const swallowed = unitOfWork.run(async () => {
      await unitOfWork.query('SELECT 1 / 0').catch(() => undefined);
    });
    await expect(swallowed).rejects.toThrow('a statement failed');
  });

  it('delivers to every subscriber once, in the order of each aggregate', async () => {
    const { publish, unitOfWork } = await start([RecordTicks, RecordBatches]);
    for (let n = 0; n < 40; n++) await publish(new Counter(counterId(n)).tick().tick().tick());
    for (const subscription of ['ticks', 'batches']) {
      const rows = await eventually(async () => {
        const all = await handled(unitOfWork, subscription);
        return all.length === 120 && all;
      });
      for (let n = 0; n < 40; n++) {
        const versions = rows.filter((row) => row.aggregate_id === counterId(n)).map((row) => row.version);
        expect(versions).toEqual([1, 2, 3]);
      }
    }
  });

  it('tells a handler what caused its event', async () => {
    const seen: Delivered<Ticked>[] = [];
    @EventsHandler(Ticked)
    @Subscription('testing.answer')
    class Answer {
      handle(event: Delivered<Ticked>): Promise<void> {
        seen.push(event);
        return Promise.resolve();
      }
    }
    const { publish } = await start([Answer]);
    await publish(new Counter(counterId(3)).tick());
    const event = await eventually(() => seen[0]);
    expect(event).toBeInstanceOf(Ticked);
    expect(event.data).toEqual({ counterId: counterId(3), n: 1 });
    expect(event.meta).toMatchObject({ aggregateVersion: 1, correlationId: counterId(3), causationId: null });
  });

  it('parks only the aggregate of a poison event and replays it after the fix', async () => {
    failing.add(counterId(1));
    const { publish, unitOfWork, app } = await start([RecordTicks], { maxAttempts: 3 });
    await publish(new Counter(counterId(1)).tick().tick(), new Counter(counterId(17)).tick());
    expect(laneOf(counterId(1))).toBe(laneOf(counterId(17)));
    await eventually(async () => (await handled(unitOfWork, 'ticks', counterId(17))).length === 1);

    const parked = app.get(ParkedEvents);
    const list = await eventually(async () => {
      const rows = await parked.list(10);
      return rows.some((row) => row.status === 'parked') && rows;
    });
    expect(list).toMatchObject([
      {
        subscription: 'testing.record-ticks',
        aggregateId: counterId(1),
        status: 'parked',
        attempts: 3,
        lastError: 'Error: poison',
      },
      { subscription: 'testing.record-ticks', aggregateId: counterId(1), status: 'behind' },
    ]);
    await publish(new Counter(counterId(1), 2).tick(), new Counter(counterId(33)).tick());
    await eventually(async () => (await handled(unitOfWork, 'ticks', counterId(33))).length === 1);
    expect(await handled(unitOfWork, 'ticks', counterId(1))).toEqual([]);

    failing.clear();
    expect(await parked.replay('testing.record-ticks')).toBe(1);
    const rows = await eventually(async () => {
      const all = await handled(unitOfWork, 'ticks', counterId(1));
      return all.length === 3 && all;
    });
    expect(rows.map((row) => row.version)).toEqual([1, 2, 3]);
    expect(await parked.list(10)).toEqual([]);
  });

  it('delivers an event once whose first attempt died with its process a while ago', async () => {
    const dying = await startProcess(database.url, [RecordTicks]);
    await dying.stop();
    const writer = await start([], { deliver: false });
    await writer.publish(new Counter(counterId(3)).tick());
    const name = 'testing.record-ticks';
    await dyingAttempt(writer.unitOfWork, name);
    const { unitOfWork, app } = await start([RecordTicks], { pollMs: { busy: 10, idle: 20 } });
    await eventually(async () => {
      const [cursor] = await unitOfWork.query(
        'SELECT FROM messaging.subscription_cursor WHERE subscription = $1 AND lane = 3 AND position = 1',
        [name],
      );
      return cursor && (await app.get(ParkedEvents).list(1)).length === 0;
    });
    expect(await handled(unitOfWork, 'ticks')).toEqual([{ aggregate_id: counterId(3), version: 1 }]);

    /** The marks that outlive a process which died in the careful attempt at the first event of lane 3. */
    async function dyingAttempt(unitOfWork: UnitOfWork, subscription: string): Promise<void> {
      await unitOfWork.query('UPDATE messaging.batch_begun SET position = 1 WHERE subscription = $1 AND lane = 3', [
        subscription,
      ]);
      await unitOfWork.query(
        `INSERT INTO messaging.parked_event (subscription, lane, position, aggregate_id, type, status, attempts)
         SELECT $1, lane, position, aggregate_id, type, 'retrying', 1 FROM messaging.event_log`,
        [subscription],
      );
    }
  });

  it('takes the late mark of a process that lost its lane for no reason to deliver again', async () => {
    const { publish, unitOfWork, app } = await start([RecordTicks]);
    await publish(new Counter(counterId(3)).tick());
    await eventually(async () => (await handled(unitOfWork, 'ticks')).length === 1);
    const event = { lane: 3, position: 1n, aggregateId: counterId(3), type: Ticked.type };
    await app.get(AttemptMarks).firstAttempted('testing.record-ticks', event);
    await app.get(AttemptMarks).failed('testing.record-ticks', 3, 1n, new Error('the connection was lost'));
    expect(await app.get(ParkedEvents).list(1)).toEqual([]);

    const [subscription] = app.get(Subscriptions).all() as [DurableSubscription];
    expect(await app.get(LaneDelivery).retry(subscription, 3)).toBe('done');
    await publish(new Counter(counterId(3), 1).tick());
    const rows = await eventually(async () => {
      const all = await handled(unitOfWork, 'ticks');
      return all.length === 2 && all;
    });
    expect(rows.map((row) => row.version)).toEqual([1, 2]);
    expect(await unitOfWork.query('SELECT FROM messaging.parked_event')).toEqual([]);
  });

  it('lets cursors pass what their subscriptions do not take', async () => {
    const { publish, unitOfWork } = await start([RecordTicks], { pollMs: { busy: 10, idle: 20 } });
    await publish(...Array.from({ length: 20 }, (_, n) => new Counter(counterId(n)).tock().tock()));
    await eventually(async () => {
      const [row] = await unitOfWork.query<{ lag: bigint }>(
        'SELECT sum(l.head - c.position)::bigint AS lag FROM messaging.lane l JOIN messaging.subscription_cursor c USING (lane)',
      );
      return row?.lag === 0n;
    });
    await publish(new Counter(counterId(3), 2).tick());
    await eventually(async () => (await handled(unitOfWork, 'ticks')).length === 1);
  });

  it('passes long stretches of what a subscription does not take at once', async () => {
    const writer = await start([], { deliver: false });
    const counter = new Counter(counterId(3));
    for (let n = 0; n < 2 * STEP + 500; n++) counter.tock();
    await writer.publish(counter.tick());
    const { unitOfWork } = await start([RecordTicks], { pollMs: { busy: 10, idle: 3_600_000 } });
    await eventually(async () => (await handled(unitOfWork, 'ticks')).length === 1);
  });

  it('leaves to another version of a process what only that version takes', async () => {
    const seen: string[] = [];
    const remember = (process: string, event: ContractEvent) => {
      seen.push(`${process}: ${(event.constructor as typeof Ticked).type} ${event.aggregateVersion}`);
      return Promise.resolve();
    };
    @EventsHandler(Ticked)
    @Subscription('testing.rolling')
    class Older {
      handle = (event: Delivered<Ticked>) => remember('older', event);
    }
    @EventsHandler(Ticked, Tocked)
    @Subscription('testing.rolling')
    class Newer {
      handle = (event: Delivered<Ticked | Tocked>) => remember('newer', event);
    }
    const pollMs = { busy: 10, idle: 20 };
    const older = await start([Older], { pollMs });
    const newer = await startProcess(database.url, [Newer], { pollMs });
    await newer.stop();
    await older.publish(new Counter(counterId(3)).tick().tock().tick());
    await eventually(() => seen.length === 1);
    await older.app.get(AttemptMarks).stepOver(older.app.get(Subscriptions).all());
    await older.publish(new Counter(counterId(4)).tick());
    await eventually(() => seen.length === 2);
    const [cursor] = await older.unitOfWork.query('SELECT position FROM messaging.subscription_cursor WHERE lane = 3');
    expect(cursor).toEqual({ position: 1n });

    await start([Newer], { pollMs });
    await eventually(() => seen.length === 4);
    expect(seen.slice(0, 3)).toEqual([
      'older: testing.ticked.v1 1',
      'older: testing.ticked.v1 1',
      'newer: testing.tocked.v1 2',
    ]);
    expect(seen[3]).toContain('testing.ticked.v1 3');
  });

  it('leaves to another version what failed there and is due again', async () => {
    @EventsHandler(Ticked, Tocked)
    @Subscription('testing.record-ticks')
    class Newer {
      handle = () => Promise.reject(new Error('not yet'));
    }
    const newer = await startProcess(database.url, [Newer], { backoffMs: 60_000, maxBackoffMs: 60_000 });
    await newer.publish(new Counter(counterId(3)).tock());
    await eventually(async () => (await newer.app.get(ParkedEvents).list(1)).some((event) => event.lastError));
    await newer.stop();
    const { unitOfWork, app } = await start([RecordTicks], { pollMs: { busy: 10, idle: 20 } });
    await unitOfWork.query('UPDATE messaging.parked_event SET due_at = now()');
    const [subscription] = app.get(Subscriptions).all() as [DurableSubscription];
    expect(await app.get(LaneDelivery).retry(subscription, 3)).toBe('done');
    expect(await app.get(ParkedEvents).list(1)).toMatchObject([{ status: 'retrying', attempts: 1 }]);
  });

  it('goes on past the events of a type that was given up', async () => {
    const newer = await start([RecordBatches]);
    await newer.stop();
    processes.length = 0;
    @EventsHandler(Ticked)
    @Subscription('testing.record-batches')
    class WithoutTocks extends RecordBatches {}
    const { publish, unitOfWork } = await start([WithoutTocks], { pollMs: { busy: 10, idle: 20 } });
    await publish(new Counter(counterId(3)).tock().tick());
    await unitOfWork.query(
      `UPDATE messaging.subscription SET types = array_remove(types, 'testing.tocked.v1')
        WHERE name = 'testing.record-batches'`,
    );
    await eventually(async () => (await handled(unitOfWork, 'batches')).length === 1);
    expect(await handled(unitOfWork, 'batches')).toMatchObject([{ version: 2 }]);
  });

  it('says so when a hole is met on the way past what a subscription does not take', async () => {
    const writer = await start([], { deliver: false });
    await writer.publish(new Counter(counterId(3)).tock().tock().tock());
    await writer.unitOfWork.query('DELETE FROM messaging.event_log WHERE lane = 3 AND position = 2');
    const { unitOfWork } = await start([RecordTicks], { pollMs: { busy: 10, idle: 20 } });
    await eventually(async () => (await lanesWithHoles.get()).values.some(({ value }) => value > 0));
    const [cursor] = await unitOfWork.query('SELECT position FROM messaging.subscription_cursor WHERE lane = 3');
    expect(cursor).toEqual({ position: 1n });
  });

  it('stops at a hole, and says so, instead of passing over events that were removed undelivered', async () => {
    const writer = await start([], { deliver: false });
    await writer.publish(new Counter(counterId(3)).tick(), new Counter(counterId(4)).tick());
    await writer.publish(new Counter(counterId(3), 1).tick());
    await writer.unitOfWork.query('DELETE FROM messaging.event_log WHERE lane = 3 AND position = 1');
    const { unitOfWork } = await start([RecordTicks], { pollMs: { busy: 10, idle: 20 } });
    await eventually(async () => (await lanesWithHoles.get()).values.some(({ value }) => value > 0));
    await eventually(async () => (await handled(unitOfWork, 'ticks', counterId(4))).length === 1);
    expect(await handled(unitOfWork, 'ticks', counterId(3))).toEqual([]);
  });

  it('takes events of a month that nobody prepared, and moves them when it is', async () => {
    const { publish, unitOfWork } = await start([RecordTicks]);
    await publish(new Counter(counterId(1)).tick());
    await unitOfWork.query("UPDATE messaging.event_log SET occurred_at = '2031-05-15T00:00:00Z'");
    const inDefault = async () => (await unitOfWork.query('SELECT FROM messaging.event_log_default')).length;
    expect(await inDefault()).toBe(1);
    await unitOfWork.query("SELECT messaging.ensure_partitions('2031-05-01', 2)");
    expect(await inDefault()).toBe(0);
    expect(await unitOfWork.query('SELECT FROM messaging.event_log_203105')).toHaveLength(1);
  });

  it('delivers events in the order of their commits, whatever the clock said', async () => {
    const { publish, unitOfWork, app } = await start([RecordTicks], { pollMs: { busy: 10, idle: 20 } });
    const counter = new Counter(counterId(3));
    for (const at of ['2026-01-10', '2020-02-01', '2039-03-01', '2026-01-11', '2020-02-01']) {
      Object.assign(app.get(EventLog), { clock: new ManualClock(at) });
      await publish(counter.tick().tick());
    }
    const rows = await eventually(async () => {
      const all = await handled(unitOfWork, 'ticks');
      return all.length === 10 && all;
    });
    expect(rows.map((row) => row.version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect((await lanesWithHoles.get()).values).toEqual([]);
  });

  it('fails the boot on a handler without a name, two with one name, and an event without a contract', async () => {
    @EventsHandler(Ticked)
    class Nameless {
      handle(): void {}
    }
    @EventsHandler(Ticked)
    @Subscription('testing.record-ticks')
    class Twin {
      handle(): void {}
    }
    class Homemade {}
    @EventsHandler(Homemade)
    @Subscription('testing.homemade')
    class TakesHomemade {
      handle(): void {}
    }
    await expect(startProcess(database.url, [Nameless])).rejects.toThrow(
      'Nameless handles events but has no @Subscription',
    );
    await expect(startProcess(database.url, [RecordTicks, Twin])).rejects.toThrow(
      "two handlers are named @Subscription('testing.record-ticks')",
    );
    await expect(startProcess(database.url, [TakesHomemade])).rejects.toThrow(
      'TakesHomemade handles Homemade, which has no contract name',
    );
  });
});
