import { costs, CpuMeter, limitOf, percents, postgresCpu, processCpu } from './cpu.mjs';
import { sleep, startHelper, startPlatforms } from './processes.mjs';

const SECRETS = { gateway: 'bench-gateway-secret', sf: 'bench-sf-secret' };
/** What arrives, as shares of what the closed loop made; the search ends with the first that is too much. */
const STEPS = [0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1];
/** A rate is sustained when orders under way grow by no more than this share of it, and the last is told so soon. */
const SUSTAINED = { growth: 0.05, drainMs: 2000 };
const PATIENCE_MS = 120_000;

/** Orders from checkout to the third message written, with a process of ours as buyers, gateway and carrier. */
export async function measureJourney(bench) {
  const { quick, note } = bench;
  note('journey: platform');
  const site = await openSite(bench, 'journey', bench.replicas);
  const run = quick ? { warmUpMs: 1500, measureMs: 3000 } : { warmUpMs: 3000, measureMs: 8000 };
  const rows = [];
  const measure = async (name, load) => {
    note(`journey: ${name}`);
    const row = { name, ...(await site.play({ ...run, ...load })) };
    rows.push(row);
    return row;
  };

  let most = 0;
  for (const inFlight of quick ? [64] : [128, 256]) {
    const { rate } = await measure(`${inFlight} under way all the time`, { inFlight });
    most = Math.max(most, rate);
  }
  let sustained;
  for (const step of quick ? [0.7] : STEPS) {
    const row = await measure(`arriving at ${step.toFixed(1)} of the best above`, { perSecond: most * step });
    if (quick) break; // too short to tell a backlog that grows from chance
    const { growth, drainMs, arriving } = row;
    row.sustained = growth <= SUSTAINED.growth * arriving && drainMs <= SUSTAINED.drainMs ? 'yes' : 'no';
    if (row.sustained === 'no') break;
    sustained = row;
  }
  if (sustained) rows.push({ ...sustained, name: 'most that was sustained' });
  await auditJourney(bench, site);
  await site.close();

  for (const row of rows) if (bench.checkoutRate) row.ratio = `${(row.rate / bench.checkoutRate).toFixed(2)} ×`;
  return {
    title:
      'Whole journey: checkout, paid by signed callback, waybill booked, scans 50 and 80, delivered, three messages written',
    main: { key: 'rate', better: 'higher' },
    columns: {
      name: 'orders',
      rate: 'orders/s',
      p50: 'p50 ms',
      p99: 'p99 ms',
      atEnd: 'under way at end',
      drainMs: 'last told after ms',
      unsent: 'unsent',
      sustained: 'sustained',
      ratio: 'to checkout',
      each: 'CPU ms each app / PG',
      cores: 'CPU % app / PG / outside',
      limit: 'limit',
    },
    rows,
  };
}

/** So many platforms on one database with the world around them. */
export async function openSite(bench, database, replicas) {
  const { postgres } = bench;
  const db = await postgres.createDatabase(database);
  const outside = startHelper('./outside.mjs');
  const port = await outside.call('listen', { secrets: SECRETS });
  const env = {
    SANDBOX_URL: `http://127.0.0.1:${port}`,
    SANDBOX_GATEWAY_SECRET: SECRETS.gateway,
    SANDBOX_SF_SECRET: SECRETS.sf,
  };
  const platforms = await startPlatforms(replicas, postgres, database, { nodeArgs: bench.nodeArgs, env });
  await outside.call('connect', { ports: platforms.ports, url: postgres.url(database) });
  const meter = new CpuMeter({
    platform: processCpu(...platforms.pids),
    postgres: postgresCpu(bench.backendPid),
    outside: processCpu(outside.pid),
  });
  const site = { db, placed: 0, runs: 0 };

  /** One run, and the wait until nothing is left of it. */
  site.play = async (load) => {
    await db.query('CHECKPOINT');
    let cpu;
    let unsent;
    const heard = {
      measuring: () => meter.start(),
      measured: async () => {
        cpu = meter.stop();
        unsent = messagesToSend(db);
      },
    };
    const result = await outside.call('play', { run: `${database}-${site.runs++}`, ...load }, (phase) =>
      heard[phase](),
    );
    site.placed += result.placed;
    for (const [status, { count, body }] of Object.entries(result.unexpected)) {
      bench.failures.push(`journey: ${count} answers ${status} ${body}`);
    }
    const left = { unsent: await unsent };
    const begin = performance.now();
    while ((await messagesToSend(db)) > 0) {
      if (performance.now() - begin > PATIENCE_MS) throw new Error('messages are not sent');
      await sleep(50);
    }
    return {
      ...result,
      ...left,
      arriving: load.perSecond,
      sentAfterMs: performance.now() - begin,
      cpu,
      each: costs(cpu, result.rate, ['platform', 'postgres']),
      cores: percents(cpu, ['platform', 'postgres', 'outside']),
      limit: limitOf(cpu, replicas),
    };
  };
  site.close = async () => {
    await outside.stop();
    await platforms.stop();
  };
  return site;
}

async function messagesToSend(db) {
  const { rows } = await db.query('SELECT count(*)::int AS count FROM notification.delivery WHERE due_at IS NOT NULL');
  return rows[0].count;
}

export async function auditJourney({ checks }, { db, placed }) {
  const { rows } = await db.query(`
    SELECT (SELECT count(*) FROM trading.orders WHERE status = 'delivered')::int AS delivered,
           (SELECT sum(reserved) FROM trading.stock_item)::int AS reserved,
           (SELECT 1000 * 1000000 - sum(on_hand) FROM trading.stock_item)::int AS gone,
           (SELECT sum(captured) - (SELECT sum(total) FROM trading.orders) FROM trading.payment)::int AS unpaid,
           (SELECT count(*) FROM logistics.waybill)::int AS waybills,
           (SELECT count(*) FROM notification.delivery WHERE state = 'succeeded')::int AS messages,
           (SELECT count(*) FROM messaging.parked_event)::int AS parked`);
  const { delivered, reserved, gone, unpaid, waybills, messages, parked } = rows[0];
  checks.push(
    { what: 'journey: orders delivered', expected: placed, found: delivered },
    { what: 'journey: no stock held any more', expected: 0, found: reserved },
    { what: 'journey: units gone = orders', expected: placed, found: gone },
    { what: 'journey: captured = total of orders', expected: 0, found: unpaid },
    { what: 'journey: waybills = orders', expected: placed, found: waybills },
    { what: 'journey: messages = 3 for each order', expected: 3 * placed, found: messages },
    { what: 'journey: no event set aside', expected: 0, found: parked },
  );
}
