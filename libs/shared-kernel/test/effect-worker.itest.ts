import { Logger } from '@nestjs/common';
import {
  type EffectOutcome,
  type EffectRow,
  EffectTable,
  EffectWorker,
  type NetworkEffect,
  type Settled,
  type SettledAttempt,
} from '@tradewind/shared-kernel/effects';
import { messagingPersistence } from '@tradewind/shared-kernel/messaging';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { createTestDatabase, eventually, type TestDatabase } from '@tradewind/shared-kernel/testing';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../src/persistence/data-source';
import { startProcess, type TestProcess } from './event-log-app';

interface Row extends EffectRow {
  state: string;
  due_at: Date | null;
  last_error: string | null;
}

/** An outside that does what the test tells it, and counts. */
class Outside implements NetworkEffect<Row, string> {
  readonly name = 'testing.effect';
  readonly askAfterMs = [1, 1, 1];
  calls = 0;
  asks = 0;
  settled: Settled<string>[] = [];
  onSettle: (attempts: readonly SettledAttempt<Row, string>[]) => Promise<void> = () => Promise.resolve();
  onCall: (row: Row) => Promise<EffectOutcome<string>> = () => Promise.resolve({ kind: 'succeeded', result: 'done' });
  onAsk: (row: Row) => Promise<EffectOutcome<string>> = () =>
    Promise.resolve({ kind: 'succeeded', result: 'was done' });

  call(row: Row): Promise<EffectOutcome<string>> {
    this.calls += 1;
    return this.onCall(row);
  }
  ask(row: Row): Promise<EffectOutcome<string>> {
    this.asks += 1;
    return this.onAsk(row);
  }
  settle(attempts: readonly SettledAttempt<Row, string>[]): Promise<void> {
    this.settled.push(...attempts.map(({ outcome }) => outcome));
    return this.onSettle(attempts);
  }
}

describe('a network effect', () => {
  let database: TestDatabase;
  let process: TestProcess;
  let outside: Outside;
  const workers: EffectWorker<Row, string>[] = [];

  const request = (state = 'requested') =>
    process.unitOfWork.query(`INSERT INTO effect (id, state, due_at) VALUES (gen_random_uuid(), $1, now())`, [state]);
  const work = (settings = {}, unitOfWork = process.unitOfWork) => {
    const worker = new EffectWorker(outside, new EffectTable(unitOfWork, 'effect'), {
      pollMs: 10,
      timeoutMs: 1000,
      backoffMs: { first: 1, most: 2 },
      ...settings,
    });
    workers.push(worker);
    worker.start();
    return worker;
  };
  const row = async () => (await process.unitOfWork.queryUnprepared<Row>('SELECT * FROM effect'))[0] as Row;
  const inState = (state: string) => eventually(async () => (await row()).state === state && (await row()));

  beforeAll(async () => {
    database = await createTestDatabase([messagingPersistence]);
    process = await startProcess(database.url, [], { deliver: false });
    await process.unitOfWork.query(`
      CREATE TABLE effect (id uuid PRIMARY KEY, state text NOT NULL, attempts int NOT NULL DEFAULT 0, asks int NOT NULL DEFAULT 0,
                           fence int NOT NULL DEFAULT 0, due_at timestamptz, last_error text)`);
  });
  beforeEach(() => {
    outside = new Outside();
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));
    await process.unitOfWork.query('DELETE FROM effect');
  });
  afterAll(async () => {
    await process.stop();
    await database.drop();
  });

  it('is called once when the outside answers, though three workers look for it', async () => {
    await request();
    work();
    work();
    work();
    expect(await inState('succeeded')).toMatchObject({ attempts: 1, due_at: null, last_error: null });
    expect(outside).toMatchObject({ calls: 1, asks: 0, settled: [{ kind: 'succeeded', result: 'done' }] });
  });

  it('is called again while it certainly was not done', async () => {
    outside.onCall = () =>
      Promise.resolve(outside.calls < 4 ? { kind: 'not-done', reason: 'busy' } : { kind: 'succeeded', result: 'done' });
    await request();
    work();
    expect(await inState('succeeded')).toMatchObject({ attempts: 4 });
    expect(outside).toMatchObject({ calls: 4, asks: 0 });
    expect(outside.settled).toHaveLength(1);
  });

  it('is asked about, and never called again, once its outcome is unknown', async () => {
    outside.onCall = () => Promise.reject(new Error('connection reset'));
    await request();
    work();
    await inState('succeeded');
    expect(outside).toMatchObject({ calls: 1, asks: 1, settled: [{ kind: 'succeeded', result: 'was done' }] });
  });

  it('is called again when the outside, being asked, has never heard of it', async () => {
    outside.onCall = () =>
      Promise.resolve(
        outside.calls === 1 ? { kind: 'unknown', reason: 'time-out' } : { kind: 'succeeded', result: 'done' },
      );
    outside.onAsk = () => Promise.resolve({ kind: 'not-done', reason: 'never heard of it' });
    await request();
    work();
    await inState('succeeded');
    expect(outside).toMatchObject({ calls: 2, asks: 1 });
  });

  it('is asked about after its worker died in the middle of the call', async () => {
    await request('sent'); // as a dead worker leaves it, once its claim has run out
    work();
    await inState('succeeded');
    expect(outside).toMatchObject({ calls: 0, asks: 1 });
  });

  it('waits for a person when the outside never tells', async () => {
    outside.onCall = () => Promise.resolve({ kind: 'unknown', reason: 'time-out' });
    outside.onAsk = () => Promise.resolve({ kind: 'unknown', reason: 'time-out' });
    await request();
    work();
    expect(await inState('stuck')).toMatchObject({ asks: 3, due_at: null, last_error: 'time-out' });
    expect(outside.calls).toBe(1);
    expect(outside.settled).toEqual([]);
  });

  it('waits for a person when its outcome can never be recorded', async () => {
    outside.onSettle = () => Promise.reject(new TypeError('no such order'));
    await request();
    work();
    expect(await inState('stuck')).toMatchObject({ asks: 3, due_at: null, last_error: 'not recorded: TypeError' });
    expect(outside).toMatchObject({ calls: 1, asks: 3 });
  });

  it('is recorded with what ended beside it, and alone when one of these cannot be', async () => {
    await Promise.all(Array.from({ length: 5 }, () => request()));
    const ids = (await process.unitOfWork.query<{ id: string }>('SELECT id FROM effect ORDER BY id')).map(
      ({ id }) => id,
    );
    const [bad, overtaken] = ids;
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    outside.onCall = async () => {
      if (outside.calls === ids.length) {
        await process.unitOfWork.query('UPDATE effect SET fence = fence + 1 WHERE id = $1', [overtaken]);
        answer();
      }
      await answered;
      return { kind: 'succeeded', result: 'done' };
    };
    const together: number[] = [];
    outside.onSettle = (attempts) => {
      together.push(attempts.length);
      return attempts.some(({ row: { id } }) => id === bad) ? Promise.reject(new Error('no')) : Promise.resolve();
    };
    work();
    const states = () =>
      process.unitOfWork.query<{ id: string; state: string }>('SELECT id, state FROM effect ORDER BY id');
    await eventually(async () => (await states())[0]?.state === 'stuck');
    expect((await states()).map(({ state }) => state)).toEqual([
      'stuck',
      'sent',
      'succeeded',
      'succeeded',
      'succeeded',
    ]);
    expect(Math.max(...together)).toBe(ids.length);
    expect(outside.calls).toBe(ids.length);
  });

  it('goes on while a migration adds a column to its table', async () => {
    // One connection, so that the statement after the migration meets the plan from before it.
    const dataSource = await new DataSource(dataSourceOptions({ url: database.url, poolSize: 1 }, [])).initialize();
    const warned = jest.spyOn(Logger.prototype, 'warn');
    await request();
    const worker = work({}, new UnitOfWork(dataSource));
    await inState('succeeded');
    await process.unitOfWork.query('ALTER TABLE effect ADD COLUMN note text');
    await process.unitOfWork.query('DELETE FROM effect');
    await request();
    await inState('succeeded');
    await worker.stop();
    await dataSource.destroy();
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
  });

  it('counts questions only, however long the outside was away before', async () => {
    outside.onCall = () =>
      Promise.resolve(
        outside.calls < 8 ? { kind: 'not-done', reason: 'away' } : { kind: 'unknown', reason: 'time-out' },
      );
    await request();
    work();
    await inState('succeeded');
    expect(outside).toMatchObject({ calls: 8, asks: 1 });
  });

  it('goes on after it was woken while every place was taken', async () => {
    const answers: (() => void)[] = [];
    outside.onCall = () => new Promise((resolve) => answers.push(() => resolve({ kind: 'succeeded', result: 'done' })));
    await request();
    const worker = work({ concurrency: 1, pollMs: 3_600_000 });
    await eventually(() => answers.length === 1);
    worker.wake();
    await request();
    answers[0]?.();
    await eventually(() => answers.length === 2);
    answers[1]?.();
    await eventually(async () => {
      const rows = await process.unitOfWork.query<Row>("SELECT * FROM effect WHERE state = 'succeeded'");
      return rows.length === 2;
    });
  });

  it('takes no outcome from a worker whose claim was overtaken', async () => {
    let answer: (outcome: EffectOutcome<string>) => void = () => undefined;
    outside.onCall = () => new Promise((resolve) => (answer = resolve));
    await request();
    const slow = work();
    await eventually(() => outside.calls === 1);
    await process.unitOfWork.query('UPDATE effect SET fence = fence + 1'); // another worker claimed it meanwhile
    answer({ kind: 'failed', reason: 'old news' });
    await slow.stop();
    expect(await row()).toMatchObject({ state: 'sent', last_error: null });
  });

  it('lets the call under way end, and begins none, when its worker stops', async () => {
    let answer: (outcome: EffectOutcome<string>) => void = () => undefined;
    outside.onCall = () => new Promise((resolve) => (answer = resolve));
    await request();
    // One look only, so that none is under way when the second row comes.
    const worker = work({ pollMs: 3_600_000 });
    await eventually(() => outside.calls === 1);
    const stopped = worker.stop();
    await request();
    answer({ kind: 'succeeded', result: 'done' });
    await stopped;
    const states = await process.unitOfWork.query<{ state: string }>('SELECT state FROM effect ORDER BY state');
    expect(states.map(({ state }) => state)).toEqual(['requested', 'succeeded']);
  });
});
