import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { createTestDatabase, type TestDatabase } from '@tradewind/shared-kernel/testing';
import { Client } from 'pg';
import { persistence } from '../../src/platform.module';

const MAIN = path.join(__dirname, '../../../../dist/apps/platform/src/main.js');

describe('the command drop-events', () => {
  let database: TestDatabase;
  const run = async (...words: string[]) => {
    const env = { ...process.env, DATABASE_URL: database.url };
    const { stdout, stderr, code } = await promisify(execFile)(process.execPath, [MAIN, ...words], { env }).then(
      (told) => ({ ...told, code: 0 }),
      (error: { stdout: string; stderr: string; code: number }) => error,
    );
    return { stdout, stderr, code };
  };

  beforeAll(async () => {
    database = await createTestDatabase(persistence);
    const client = new Client(database.url);
    await client.connect();
    await client.query("SELECT messaging.ensure_partitions('2025-03-01', 2)");
    await client.query(
      "INSERT INTO messaging.subscription_cursor (subscription, lane, position) VALUES ('reports.add-up', 3, 0)",
    );
    await client.query(`
      INSERT INTO messaging.event_log (lane, position, id, type, aggregate_id, aggregate_version, payload, correlation_id,
                                       actor, occurred_at)
      VALUES (3, 1, gen_random_uuid(), 'testing.ticked.v1', 'a', 1, '{}', 'a', 'test', '2025-04-15')`);
    await client.end();
  });
  afterAll(() => database.drop());

  it('drops nothing before it is told to, and says what it would drop', async () => {
    expect(await run('drop-events', '--before', '2025-04')).toEqual({
      stdout: expect.stringMatching(
        /^2025-03 .* events .* MiB\nnothing is dropped yet: the same with --yes .*\n$/,
      ) as string,
      ...{ stderr: '', code: 0 },
    });
    expect((await run('drop-events', '--before', '2025-04', '--yes')).stdout).toMatch(/^2025-03 .*\ndropped\n$/);
    expect((await run('drop-events', '--before', '2025-04', '--yes')).stdout).toMatch(/^no month before 2025-04 /);
  });

  it('names the subscriptions that are not done', async () => {
    const { stdout, stderr, code } = await run('drop-events', '--before', '2025-05', '--yes');
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
    expect(stderr).toContain('reports.add-up: 1 events to pass, 0 set aside\n');
  });

  it.each([
    [['drop-events'], 'drop-events --before YYYY-MM'],
    [['drop-events', '--before', '2025-13'], 'drop-events --before YYYY-MM'],
    [['drop-events', '--before', '2025-03', '--force'], 'drop-events --before YYYY-MM'],
    [['drop-everything'], 'there is no command drop-everything'],
  ])('complains about %j', async (words, complaint) => {
    const { stderr, code } = await run(...words);
    expect(code).toBe(1);
    expect(stderr).toContain(`tradewind: ${complaint}`);
  });
});
