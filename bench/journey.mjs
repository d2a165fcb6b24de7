import { CpuMeter, limitOf, percents, postgresCpu, processCpu } from './cpu.mjs';
import { startHelper, startPlatform } from './processes.mjs';
import { percentile } from './statistics.mjs';

const CONCURRENCY = 32;
const STATIONS = ['placed', 'booked', 'delivered', 'told'];

/** Orders from checkout to the third message, with the sandbox as gateway and carrier. */
export async function measureJourney(bench) {
  const { quick, postgres, note } = bench;
  const orders = quick ? 60 : 300;
  note('journey: a platform with its sandbox');
  const db = await postgres.createDatabase('journey');
  const platform = await startPlatform(postgres, 'journey', { sandbox: true, nodeArgs: bench.nodeArgs });
  const driver = startHelper('./journey-process.mjs');
  const meter = new CpuMeter({
    platform: processCpu(platform.pid),
    postgres: postgresCpu(bench.backendPid),
    generator: processCpu(driver.pid),
  });
  const play = (count, run) =>
    driver.call('play', {
      port: platform.port,
      sandboxPort: platform.sandboxPort,
      orders: count,
      concurrency: CONCURRENCY,
      run,
    });

  const warmUp = CONCURRENCY;
  let result = await play(warmUp, 'warm-up');
  let cpu;
  if (!result.failure) {
    note(`journey: ${orders} orders`);
    meter.start();
    result = await play(orders, 'journey');
    cpu = meter.stop();
  }
  const name = `${orders} orders, ${CONCURRENCY} at a time`;
  const rows = [];
  if (result.failure) {
    bench.failures.push(`journey: ${result.failure}${platform.said() && `; the platform said:\n${platform.said()}`}`);
    rows.push({ name, limit: `NOT COMPLETED: ${result.failure}` });
  } else {
    await audit(bench, db, orders + warmUp);
    const stations = Object.fromEntries(
      STATIONS.map((station) => [station, percentile(column(result.journeys, station), 50)]),
    );
    rows.push({
      name,
      rate: (orders * 1000) / result.elapsedMs,
      ...stations,
      p99: percentile(column(result.journeys, 'told'), 99),
      cpu,
      cores: percents(cpu, ['platform', 'postgres', 'generator']),
      limit: limitOf(cpu),
    });
  }
  await driver.stop();
  await platform.stop();
  return {
    title:
      'Whole journey: checkout, paid by signed callback, waybill booked, scans 50 and 80, delivered, three messages sent',
    main: { key: 'rate', better: 'higher' },
    columns: {
      name: 'what',
      rate: 'orders/s',
      placed: 'placed ms',
      booked: 'booked',
      delivered: 'delivered',
      told: 'told',
      p99: 'told p99',
      cores: 'CPU % app / PG / gen',
      limit: 'limit',
    },
    rows,
  };
}

const column = (journeys, station) => journeys.map((at) => at[station]).toSorted((a, b) => a - b);

async function audit({ checks }, db, orders) {
  const { rows } = await db.query(`
    SELECT (SELECT count(*) FROM trading.orders WHERE status = 'delivered')::int AS delivered,
           (SELECT sum(reserved) FROM trading.stock_item)::int AS reserved,
           (SELECT 1000 * 1000000 - sum(on_hand) FROM trading.stock_item)::int AS gone,
           (SELECT count(*) FROM logistics.waybill)::int AS waybills,
           (SELECT count(*) FROM notification.delivery WHERE state = 'succeeded')::int AS messages`);
  const { delivered, reserved, gone, waybills, messages } = rows[0];
  checks.push(
    { what: 'journey: orders delivered', expected: orders, found: delivered },
    { what: 'journey: no stock held any more', expected: 0, found: reserved },
    { what: 'journey: units gone = orders', expected: orders, found: gone },
    { what: 'journey: waybills = orders', expected: orders, found: waybills },
    { what: 'journey: messages = 3 for each order', expected: 3 * orders, found: messages },
  );
}
