import { CpuMeter, limitOf, percents, postgresCpu, processCpu } from './cpu.mjs';
import { openEventDatabase } from './events.mjs';
import { withMemory } from './memory.mjs';
import { startHelper } from './processes.mjs';

/** Evenly over the 16 lanes: the last character of an aggregate's id names its lane. */
const FILL = `
  INSERT INTO messaging.event_log (lane, position, id, type, aggregate_id, aggregate_version, payload, correlation_id, actor,
                                   occurred_at)
  SELECT n % 16, n / 16 + 1, uuidv7(), 'bench.happened.v1', id, 1, jsonb_build_object('id', id, 'n', n), id, 'bench', now()
    FROM (SELECT n, 'bnc_' || lpad(n::text, 25, '0') || substr('0123456789abcdef', 1 + n % 16, 1) AS id
            FROM generate_series(0, $1 - 1) AS n) AS numbered`;
const HEADS = `
  UPDATE messaging.lane l SET head = newest
    FROM (SELECT lane, max(position) AS newest FROM messaging.event_log GROUP BY lane) AS e WHERE e.lane = l.lane`;

/** A log that nobody has read yet: how fast it goes and what memory that takes. */
export async function measureBacklog(bench) {
  const events = bench.quick ? 50_000 : 1_000_000;
  const kinds = { OneByOne: 'one by one', InBatches: 'in batches' };
  const rows = [];
  // One by one takes minutes, and a quick run or a default one says enough of it by the smaller backlog of the events.
  for (const handler of bench.full ? ['OneByOne', 'InBatches'] : ['InBatches']) {
    bench.note(`backlog: ${kinds[handler]}`);
    rows.push({
      name: `${events.toLocaleString('en')} events ${kinds[handler]}`,
      ...(await drain(bench, handler, events)),
    });
  }
  return {
    title: 'Backlog: a process that starts behind; its handler inserts a row for each event',
    main: { key: 'rate', better: 'higher' },
    columns: {
      name: 'what',
      rate: 'events/s',
      before: 'MiB before',
      most: 'MiB at most',
      grown: 'growth MiB',
      cores: 'CPU % app / PG',
      limit: 'limit',
    },
    rows,
  };
}

async function drain(bench, handler, events) {
  const { db, url } = await openEventDatabase(bench);
  const helper = startHelper('./event-process.mjs');
  await helper.call('open', { url, handler });
  await db.query(FILL, [events]);
  await db.query(HEADS);
  await db.query('VACUUM ANALYZE messaging.event_log');
  await db.query('CHECKPOINT');
  const meter = new CpuMeter({ process: processCpu(helper.pid), postgres: postgresCpu(bench.backendPid) });
  meter.start();
  const { result: took, before, most } = await withMemory(helper.pid, () => helper.call('drain', { count: events }));
  const cpu = meter.stop();
  await helper.call('close');
  await helper.stop();
  const { rows } = await db.query('SELECT count(*)::int AS effects FROM public.effect');
  bench.checks.push({ what: `backlog: effects of ${handler} = events`, expected: events, found: rows[0].effects });
  return {
    rate: (events * 1000) / took,
    before,
    most,
    grown: most - before,
    cpu,
    cores: percents(cpu, ['process', 'postgres']),
    limit: limitOf(cpu),
  };
}
