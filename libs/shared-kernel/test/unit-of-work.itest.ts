import { DataSource } from 'typeorm';
import { httpPersistence } from '../src/http/http.module';
import { answered, IdempotencyKeys } from '../src/http/idempotency';
import { dataSourceOptions } from '../src/persistence/data-source';
import { isUniqueViolation } from '../src/persistence/postgres-errors';
import { UnitOfWork } from '../src/persistence/unit-of-work';
import { jsonSequence } from '../src/persistence/statement';
import { createTestDatabase, type TestDatabase } from '../src/testing';

const ID = '01890a5d-ac96-774b-bcce-b302099a8057';

describe('a unit of work', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let work: UnitOfWork;
  const kept = async () => (await work.query<{ n: number }>('SELECT n FROM public.kept ORDER BY n')).map(({ n }) => n);
  const keep = (n: number) => work.query('INSERT INTO public.kept VALUES ($1)', [n]);

  beforeAll(async () => {
    database = await createTestDatabase([httpPersistence]);
    // One connection, so that what one transaction leaves behind is what the next one meets.
    dataSource = await new DataSource(dataSourceOptions({ url: database.url, poolSize: 1 }, [])).initialize();
    work = new UnitOfWork(dataSource);
    await work.query('CREATE TABLE public.kept (n int PRIMARY KEY)');
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });
  beforeEach(() => work.query('DELETE FROM public.kept'));

  it('sends what is registered for its end after its own statements, in the order of registration', async () => {
    await work.run(async () => {
      work.beforeCommit(() => work.query('UPDATE public.kept SET n = n * 10'));
      work.beforeCommit(() => keep(3));
      await keep(1);
    });
    expect(await kept()).toEqual([3, 10]);
  });

  it('undoes everything and throws the first cause when a statement at its end fails', async () => {
    const failed = work.run(async () => {
      work.beforeCommit(() => Promise.all([keep(1), keep(1), keep(2)]));
      await keep(3);
    });
    expect(isUniqueViolation(await failed.catch((error: unknown) => error), 'kept_pkey')).toBe(true);
    expect(await kept()).toEqual([]);
  });

  it('undoes everything and leaves a usable connection when statements sent together fail midway', async () => {
    const failed = work.run(() => Promise.all([keep(1), work.query('SELECT 1 / 0'), keep(2)]));
    await expect(failed).rejects.toThrow('division by zero');
    await work.run(() => keep(4));
    expect(await kept()).toEqual([4]);
  });

  it('commits nothing when a step at its end throws before it sends anything', async () => {
    const failed = work.run(async () => {
      await keep(1);
      work.beforeCommit(() => keep(2));
      work.beforeCommit(() => {
        JSON.stringify({ a: 1n });
        return keep(3);
      });
    });
    await expect(failed).rejects.toThrow('BigInt');
    expect(await kept()).toEqual([]);
  });

  it('takes no swallowed failure for success', async () => {
    const failed = work.run(async () => {
      await keep(1);
      await work.query('SELECT 1 / 0').catch(() => undefined);
    });
    await expect(failed).rejects.toThrow('a statement failed inside the unit of work');
    expect(await kept()).toEqual([]);
  });

  it('undoes what it did when the work throws with statements still under way', async () => {
    const failed = work.run(async () => {
      void keep(1);
      await Promise.resolve();
      throw new Error('changed my mind');
    });
    await expect(failed).rejects.toThrow('changed my mind');
    expect(await kept()).toEqual([]);
  });

  it('goes on by keys when a table has grown since its statements were prepared', async () => {
    const keys = new IdempotencyKeys(work);
    const wanted = Array.from({ length: 32 }, (_, n) => {
      return { scope: 'anonymous POST /v1/checkout', key: `key-${n}`, fingerprint: '', keepHours: 1 };
    });
    for (let times = 0; times < 10; times++) await keys.lookUp(wanted); // planned for an empty table, and kept
    await work.query(
      `INSERT INTO http.idempotency_key (scope, key, fingerprint, status, body, expires_at)
       SELECT 'anonymous POST /v1/checkout', 'key-' || n, '', 201, '{}', now() + interval '1 hour' FROM generate_series(1, 5000) AS n`,
    );
    const scans = async () => {
      await work.query('SELECT pg_stat_force_next_flush()');
      const [row] = await work.query<{ seq_scan: bigint }>(
        "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'idempotency_key'",
      );
      return row?.seq_scan;
    };
    const before = await scans();
    expect((await keys.lookUp(wanted)).filter(Boolean)).toHaveLength(31);
    expect(await scans()).toBe(before);
  });

  it('plans a statement once for all values', async () => {
    const text = 'SELECT n FROM public.kept WHERE n = ANY($1::int[])';
    for (const values of [[1], [1, 2], [3]]) await work.run(() => work.query(text, [values]));
    expect(
      await work.query('SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = $1', [text]),
    ).toEqual([{ generic_plans: 3n, custom_plans: 0n }]);
  });

  it('hands arrays to PostgreSQL as they are, whatever is in them', async () => {
    const texts = ['', ' ', 'NULL', '{a,b}', 'a"b', "a'b", 'a\\b', '\\"', '南山区', 'a\nb\t', null];
    const times = [new Date('2026-02-28T23:59:59.999Z'), null, new Date('0099-01-01T00:00:00Z')];
    const bytes = [Buffer.from([0, 1, 92, 34, 255]), Buffer.alloc(0)];
    const [row] = await work.query(
      `SELECT $1::text[] AS texts, $2::timestamptz[] AS times, $3::bytea[] AS bytes, $4::bigint[] AS counts,
              $5::boolean[] AS flags, $6::float8[] AS numbers, $7::uuid[] AS ids, $8::int[] AS none`,
      [texts, times, bytes, [9007199254740993n, null], [true, false, undefined], [1.5, -0.1, 1e300], [ID], []],
    );
    expect(row).toEqual({
      texts,
      times,
      bytes,
      counts: ['9007199254740993', null], // arrays are read as text
      flags: [true, false, null],
      numbers: [1.5, -0.1, 1e300],
      ids: [ID],
      none: [],
    });
  });

  it('reads a sequence of JSON texts as it was', async () => {
    const texts = [{ text: 'a"b\\c\u001e\n' }, [], 'x', null].map((value) => JSON.stringify(value));
    const read = await work.query('SELECT text FROM unnest(string_to_array($1, chr(30))) AS text', [
      jsonSequence(texts),
    ]);
    expect(read.map(({ text }) => text)).toEqual(texts);
    expect(await work.query('SELECT FROM unnest(string_to_array($1, chr(30)))', [jsonSequence([])])).toEqual([]);
  });

  it('frees a key whose time is over', async () => {
    const keys = new IdempotencyKeys(work);
    const request = { scope: 'anonymous POST /v1/refunds', key: 'key-1', fingerprint: 'a', keepHours: 1 };
    const ask = (fingerprint: string) =>
      keys.once({ ...request, fingerprint }, async () => answered(201, { fingerprint }));
    expect(await ask('a')).toMatchObject({ json: '{"fingerprint":"a"}', replayed: false });
    await expect(ask('b')).rejects.toMatchObject({ code: 'idempotency-key-reused' });
    await work.query("UPDATE http.idempotency_key SET expires_at = now() WHERE key = 'key-1'");
    expect(await ask('b')).toMatchObject({ json: '{"fingerprint":"b"}', replayed: false });
    expect(await ask('b')).toMatchObject({ json: '{"fingerprint":"b"}', replayed: true });
  });
});
