import type { Socket } from 'node:net';
import { DataSource } from 'typeorm';
import type { Pool, PoolClient } from 'pg';
import { isUnavailable, UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { createTestDatabase, type TestDatabase } from '@tradewind/shared-kernel/testing';
import { dataSourceOptions } from '../src/persistence/data-source';

/** As PostgreSQL says it to each of its clients when an administrator ends them. */
const terminated = () =>
  Object.assign(new Error('terminating connection due to administrator command'), { code: '57P01' });

type Held = PoolClient & { connection: NodeJS.EventEmitter & { stream: Socket } };

describe('a connection to PostgreSQL', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let unitOfWork: UnitOfWork;
  let pool: Pool;

  beforeAll(async () => {
    database = await createTestDatabase([]);
    dataSource = await new DataSource(dataSourceOptions({ url: database.url, poolSize: 1 }, [])).initialize();
    unitOfWork = new UnitOfWork(dataSource);
    pool = (dataSource.driver as unknown as { master: Pool }).master;
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  it('that ends as it is handed out fails the one who got it, and nobody else', async () => {
    const held = (await pool.connect()) as Held;
    const waiting = unitOfWork.run(() => unitOfWork.query('SELECT 1 AS one')).catch((error: unknown) => error);
    await new Promise(setImmediate);
    expect(pool.waitingCount).toBe(1);

    // The end of the last answer and the news of the end were read from the network together.
    held.release();
    held.connection.emit('errorMessage', terminated());

    expect(isUnavailable(await waiting)).toBe(true);
    expect(await unitOfWork.run(() => unitOfWork.query('SELECT 2 AS two'))).toEqual([{ two: 2 }]);
  });

  it('that says nothing for longer than a statement may take is given up', async () => {
    const held = (await pool.connect()) as Held;
    const { stream } = held.connection;
    const asked = held.query('SELECT pg_sleep(60)').catch((error: unknown) => error);
    expect(stream.timeout).toBeGreaterThan(30_000);
    stream.emit('timeout');
    expect(isUnavailable(await asked)).toBe(true);
    held.release();
    expect(await unitOfWork.run(() => unitOfWork.query('SELECT 3 AS three'))).toEqual([{ three: 3 }]);
  });
});
