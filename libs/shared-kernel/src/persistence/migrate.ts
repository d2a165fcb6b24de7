import { DataSource } from 'typeorm';
import { dataSourceOptions } from './data-source';
import type { DatabaseSettings, Persistence } from './data-source';

/** Any number that nothing else in the database uses as an advisory lock. */
const MIGRATION_LOCK = 7_391_204_561;

/** Brings the database up to date. Processes that start together take turns; the second finds nothing to do. */
export async function migrate(settings: DatabaseSettings, parts: Persistence[]): Promise<string[]> {
  const dataSource = await new DataSource({
    ...dataSourceOptions({ ...settings, poolSize: 2 }, parts),
    // A migration may take longer than a request.
    extra: { statement_timeout: 0, lock_timeout: 0 },
  }).initialize();
  const lock = dataSource.createQueryRunner();
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    try {
      await lock.query('CREATE SCHEMA IF NOT EXISTS tradewind');
      return (await dataSource.runMigrations()).map((migration) => migration.name);
    } finally {
      await lock.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    }
  } finally {
    await lock.release();
    await dataSource.destroy();
  }
}
