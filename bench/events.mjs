import { CpuMeter, limitOf, percents, postgresCpu, processCpu } from './cpu.mjs';
import { startHelper } from './processes.mjs';
import { median, percentile, spread } from './statistics.mjs';

const PER_SECOND = 200;

/** The event log alone: how soon a committed event is handled, and how fast a backlog goes. */
export async function measureEvents(bench) {
  const { quick, note } = bench;
  const seconds = quick ? 2 : 15;
  const backlog = quick ? 5000 : 20_000;
  const rounds = quick ? 1 : 3;
  const rows = [];
  for (const [name, processes] of [
    ['commit to handler, one process', 1],
    ['commit to handler, across two processes', 2],
  ]) {
    note(`events: ${name}`);
    rows.push({ name: `${name}, ${PER_SECOND}/s`, ...(await latency(bench, processes, seconds)) });
  }
  for (const [name, handler] of [
    ['backlog one by one', 'OneByOne'],
    ['backlog in batches', 'InBatches'],
  ]) {
    note(`events: ${name}`);
    const measured = [];
    for (let round = 0; round < rounds; round++) measured.push(await throughput(bench, handler, backlog));
    const rates = measured.map(({ rate }) => rate);
    rows.push({
      name: `${name}, ${backlog} events`,
      main: { key: 'rate', better: 'higher' },
      rate: median(rates),
      rounds: rates,
      spread: rounds > 1 ? `${Math.round(spread(rates) * 100)} %` : '',
      cpu: measured[0].cpu,
      cores: percents(measured[0].cpu, ['process', 'postgres']),
      limit: limitOf(measured[0].cpu),
    });
  }
  return {
    title:
      'Events: durable delivery; a handler of the backlog inserts a row for each event, alone or for the whole batch',
    main: { key: 'p50', better: 'lower' },
    columns: {
      name: 'what',
      rate: 'events/s',
      p50: 'p50 ms',
      p99: 'p99 ms',
      spread: 'spread',
      cores: 'CPU % app / PG',
      limit: 'limit',
    },
    rows,
  };
}

/** A database for the event log alone, with a table for the effects of its handlers. */
export async function openEventDatabase({ postgres }) {
  const database = `events_${(openEventDatabase.count = (openEventDatabase.count ?? 0) + 1)}`;
  const db = await postgres.createDatabase(database);
  await db.query('CREATE TABLE public.effect (n int PRIMARY KEY)');
  return { db, url: postgres.url(database) };
}

async function latency(bench, processes, seconds) {
  const { url } = await openEventDatabase(bench);
  const subscriber = startHelper('./event-process.mjs');
  await subscriber.call('open', { url, handler: 'NoteTheTime' });
  await subscriber.call('deliver');
  const publisher = processes === 2 ? startHelper('./event-process.mjs') : subscriber;
  if (processes === 2) await publisher.call('open', { url });
  const commits = new Map(await publisher.call('publish', { perSecond: PER_SECOND, seconds }));
  const starts = await subscriber.call('handled', { count: commits.size });
  for (const helper of new Set([subscriber, publisher])) await end(helper);
  // The first second warms up.
  const waits = starts.filter(([n]) => n >= PER_SECOND).map(([n, at]) => at - commits.get(n));
  const sorted = waits.toSorted((a, b) => a - b);
  return { rate: PER_SECOND, p50: percentile(sorted, 50), p99: percentile(sorted, 99), events: sorted.length };
}

async function throughput(bench, handler, count) {
  const { db, url } = await openEventDatabase(bench);
  const helper = startHelper('./event-process.mjs');
  await helper.call('open', { url, handler });
  await helper.call('append', { count });
  const meter = new CpuMeter({ process: processCpu(helper.pid), postgres: postgresCpu(bench.backendPid) });
  meter.start();
  const took = await helper.call('drain', { count });
  const cpu = meter.stop();
  await end(helper);
  const { rows } = await db.query('SELECT count(*)::int AS effects FROM public.effect');
  bench.checks.push({ what: `events: effects of ${handler} = events`, expected: count, found: rows[0].effects });
  return { rate: (count * 1000) / took, cpu };
}

async function end(helper) {
  await helper.call('close');
  await helper.stop();
}
