import { createHash, randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { migrate } from './persistence/migrate';
import type { Persistence } from './persistence/data-source';

const TEMPLATE_LOCK = 7_391_204_563;

/** A database of its own for one suite, copied from a migrated template; `drop` removes it. */
export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

/**
 * Needs TEST_DATABASE_URL: a server where databases may be created. The integration tests' global set-up provides one.
 * The template is made once for each set of migrations, by whichever suite comes first.
 */
export async function createTestDatabase(parts: Persistence[]): Promise<TestDatabase> {
  const server = process.env.TEST_DATABASE_URL;
  if (!server) throw new Error('TEST_DATABASE_URL is not set: run this suite in the integration project');
  const migrations = parts.flatMap((part) => part.migrations.map((migration) => migration.toString()));
  const template = `template_${createHash('sha256').update(migrations.join()).digest('hex').slice(0, 12)}`;
  const name = `suite_${randomBytes(6).toString('hex')}`;
  const urlOf = (database: string) => Object.assign(new URL(server), { pathname: `/${database}` }).toString();

  await administer(server, async (admin) => {
    await admin.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [template]);
    if (!rowCount) {
      await admin.query(`CREATE DATABASE ${template}`);
      await migrate({ url: urlOf(template), poolSize: 2 }, parts);
    }
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  });
  return {
    url: urlOf(name),
    drop: () => administer(server, async (admin) => void (await admin.query(`DROP DATABASE ${name} WITH (FORCE)`))),
  };
}

async function administer(url: string, work: (admin: Client) => Promise<void>): Promise<void> {
  const admin = new Client(url);
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}

/** Waits for a condition, not for a time; the limit only bounds a failing test. */
export async function eventually<T>(
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  limitMs = 20_000,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not true within ${limitMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}
