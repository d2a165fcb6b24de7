import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import { DataSource } from 'typeorm';
import { DomainError } from '../src/core/errors';
import { httpPersistence } from '../src/http/http.module';
import { networkOf } from '../src/http/rate-limits/limit-requests';
import { type RateLimit, RateLimits } from '../src/http/rate-limits/rate-limits';
import { dataSourceOptions } from '../src/persistence/data-source';
import { UnitOfWork } from '../src/persistence/unit-of-work';
import { createTestDatabase, type TestDatabase } from '../src/testing';

describe('rate limits', () => {
  let database: TestDatabase;
  const sources: DataSource[] = [];

  /** What one process of the platform has of them. */
  const aProcess = async () => {
    const source = await new DataSource(dataSourceOptions({ url: database.url, poolSize: 2 }, [])).initialize();
    sources.push(source);
    const unitOfWork = new UnitOfWork(source);
    return { limits: new RateLimits(unitOfWork), unitOfWork, statements: jest.spyOn(unitOfWork, 'query') };
  };
  /** Undefined when it passed, otherwise the refusal. */
  const attempt = async (limits: RateLimits, limit: RateLimit, key: string): Promise<DomainError | undefined> =>
    limits.spend(limit, key).then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof DomainError && error.code === 'rate-limited') return error;
        throw error;
      },
    );
  const passed = (attempts: (DomainError | undefined)[]) => attempts.filter((refused) => !refused).length;
  /** How many may have come back meanwhile. */
  const refilled = ({ perMinute }: RateLimit, since: number) =>
    Math.ceil(((performance.now() - since) * perMinute) / 60_000);

  beforeAll(async () => {
    database = await createTestDatabase([httpPersistence]);
  });
  afterAll(async () => {
    await Promise.all(sources.map((source) => source.destroy()));
    await database.drop();
  });

  it('let exactly the limit pass, however many ask two processes at once', async () => {
    const [one, two] = [await aProcess(), await aProcess()];
    const limit = { name: 'test', perMinute: 60 };
    for (let round = 0; round < 20; round++) {
      const key = randomUUID();
      const since = performance.now();
      const attempts = await Promise.all(
        Array.from({ length: 200 }, (_, index) => attempt((index % 2 ? one : two).limits, limit, key)),
      );
      expect(passed(attempts)).toBeGreaterThanOrEqual(60);
      expect(passed(attempts)).toBeLessThanOrEqual(60 + refilled(limit, since));
    }
  });

  it('hold while two processes spend as fast as they can, and take tokens ahead', async () => {
    const [one, two] = [await aProcess(), await aProcess()];
    const limit = { name: 'test', perMinute: 600 };
    const key = randomUUID();
    const since = performance.now();
    let count = 0;
    const spendOn = async (limits: RateLimits) => {
      for (let n = 0; n < 1500; n++) if (!(await attempt(limits, limit, key))) count += 1;
    };
    await Promise.all([one, one, two, two].map(({ limits }) => spendOn(limits)));
    expect(count).toBeGreaterThan(500); // some that were taken ahead stay unspent
    expect(count).toBeLessThanOrEqual(600 + refilled(limit, since));
  });

  it('ask the database seldom for a key that comes often', async () => {
    const { limits, statements } = await aProcess();
    const limit = { name: 'test', perMinute: 6000 };
    const key = randomUUID();
    for (let n = 0; n < 1000; n++) expect(await attempt(limits, limit, key)).toBeUndefined();
    expect(statements.mock.calls.length).toBeLessThan(100);
  });

  it('ask the database once for all keys that come together, and not at all while a bucket is known to be empty', async () => {
    const { limits, statements } = await aProcess();
    const limit = { name: 'test', perMinute: 1 };
    const keys = Array.from({ length: 50 }, () => randomUUID());
    expect(passed(await Promise.all(keys.map((key) => attempt(limits, limit, key))))).toBe(50);
    expect(statements).toHaveBeenCalledTimes(1);
    expect(passed(await Promise.all(keys.map((key) => attempt(limits, limit, key))))).toBe(0);
    expect(statements).toHaveBeenCalledTimes(2);
    expect(passed(await Promise.all(keys.map((key) => attempt(limits, limit, key))))).toBe(0);
    expect(statements).toHaveBeenCalledTimes(2);
  });

  it('tell honestly when to come again', async () => {
    const [one, two] = [await aProcess(), await aProcess()];
    const limit = { name: 'test', perMinute: 50 };
    const key = randomUUID();
    let refused: DomainError | undefined;
    while (!refused) refused = await attempt(one.limits, limit, key);
    const { retryAfterSeconds } = refused.members as { retryAfterSeconds: number };
    expect(retryAfterSeconds).toBeGreaterThanOrEqual(1);
    expect(await attempt(two.limits, limit, key)).toBeDefined();
    await wait(retryAfterSeconds * 1000);
    expect(await attempt(one.limits, limit, key)).toBeUndefined();
  });

  it('are not multiplied by a process that dies with tokens it took ahead', async () => {
    const limit = { name: 'test', perMinute: 100 };
    const key = randomUUID();
    const since = performance.now();
    let count = 0;
    for (let life = 0; life < 10; life++) {
      const { limits } = await aProcess();
      for (let n = 0; n < 15; n++) if (!(await attempt(limits, limit, key))) count += 1;
    }
    expect(count).toBeLessThanOrEqual(100 + refilled(limit, since));
  });

  it('let no more than the limit pass in any stretch of time, whenever tokens taken ahead are spent', async () => {
    const { unitOfWork } = await aProcess();
    const [burst, spacingMs, keepsMs] = [20, 1000, 1000];
    const step = fc.record({ pauseMs: fc.nat(4000), wanted: fc.nat(15), ahead: fc.nat(10), late: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        let at = 0;
        let fullAt = 0;
        const spentAt: number[] = [];
        for (const { pauseMs, wanted, ahead, late } of steps) {
          at += pauseMs;
          const [row] = await unitOfWork.query<{ fullAt: number; granted: number }>(
            `SELECT extract(epoch FROM new_full_at)::float8 * 1000 AS "fullAt", granted
               FROM http.take_tokens(to_timestamp($1::float8 / 1000), to_timestamp($2::float8 / 1000),
                                     $3 * interval '1 millisecond', $4, $5, $6, $7 * interval '1 millisecond')`,
            [fullAt, at, spacingMs, burst, wanted, ahead, keepsMs],
          );
          if (!row) throw new Error('no row');
          fullAt = row.fullAt;
          const now = Math.min(row.granted, wanted);
          spentAt.push(
            ...Array<number>(now).fill(at),
            ...Array<number>(row.granted - now).fill(late ? at + keepsMs : at),
          );
        }
        spentAt.sort((a, b) => a - b);
        for (let from = 0; from < spentAt.length; from++) {
          for (let to = from; to < spentAt.length; to++) {
            const stretch = (spentAt[to] as number) - (spentAt[from] as number);
            expect(to - from + 1).toBeLessThanOrEqual(burst + stretch / spacingMs);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('forget buckets that are full', async () => {
    const { limits, unitOfWork } = await aProcess();
    await attempt(limits, { name: 'swept', perMinute: 1_000_000 }, 'a');
    await attempt(limits, { name: 'kept', perMinute: 1 }, 'a');
    await limits.sweep();
    const rows = await unitOfWork.query<{ key: string }>(
      "SELECT split_part(key, ' ', 1) AS key FROM http.rate_bucket WHERE key ~ '^(swept|kept) '",
    );
    expect(rows).toEqual([{ key: 'kept' }]);
  });

  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('know %s as a caller at %s', (ip, network) => {
    expect(networkOf(ip)).toBe(network);
  });
});
