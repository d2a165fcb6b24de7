import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { crashPoint } from '../core/crash-points';
import { dataSourceOptions } from './data-source';
import type { DatabaseSettings, Persistence } from './data-source';

/** Any number that nothing else in the database uses as an advisory lock. */
const MIGRATION_LOCK = 7_391_204_561;

/** Brings the database up to date. Processes that start together take turns; the second finds nothing to do. */
export async function migrate(settings: DatabaseSettings, parts: Persistence[]): Promise<string[]> {
  const dataSource = await new DataSource({
    ...dataSourceOptions({ ...settings, poolSize: 2 }, parts),
    migrations: parts.flatMap((part) => part.migrations.map(withCrashPoints)),
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

/** The same migration, under the same name, with the places where a process may die. */
function withCrashPoints(migration: new () => MigrationInterface): new () => MigrationInterface {
  const marked = class extends migration {
    override async up(runner: QueryRunner): Promise<void> {
      crashPoint('migration.between');
      await super.up(runner);
      crashPoint('migration.before-commit');
    }
  };
  return Object.defineProperty(marked, 'name', { value: migration.name });
}
