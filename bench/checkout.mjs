import { costs, CpuMeter, limitOf, percents, postgresCpu, processCpu } from './cpu.mjs';
import { sleep } from './processes.mjs';
import { median, spread } from './statistics.mjs';
import { prepareYardstick } from './yardstick.mjs';

const SHAPES = [
  { name: 'uniform', skus: 1000 },
  { name: 'hot SKU', skus: 1 },
];

/** Checkouts beside the yardstick, in turns, so that both meet the same machine. */
export async function measureCheckout(bench) {
  const { quick, platform, generator, db, note } = bench;
  const levels = quick ? [1, 32] : [1, 8, 32, 128];
  const rounds = quick ? 1 : 3;
  const seconds = quick ? 1 : 4;
  const yardstick = await prepareYardstick(bench);
  const meter = new CpuMeter({
    platform: processCpu(platform.pid),
    postgres: postgresCpu(bench.backendPid),
    generator: processCpu(generator.pid),
  });

  const checkouts = async (connections, skus, measureMs, warmUpMs = 500) => {
    let cpu;
    const heard = { measuring: () => meter.start(), measured: () => (cpu = meter.stop()) };
    const result = await bench.load(
      { kind: 'checkout', connections, skus, measureMs, warmUpMs, expect: 201 },
      (phase) => heard[phase](),
    );
    return { ...result, cpu, backlog: await delivered(db) };
  };

  note('checkout: warm-up');
  await checkouts(32, 1000, 0, quick ? 2000 : 5000);
  const measured = [];
  for (const shape of SHAPES) {
    for (const connections of levels) {
      note(`checkout: ${shape.name}, ${connections} connections`);
      await db.query('CHECKPOINT');
      const ours = [];
      const theirs = [];
      for (let round = 0; round < rounds; round++) {
        ours.push(await checkouts(connections, shape.skus, seconds * 1000));
        theirs.push(await yardstick.run({ clients: connections, skus: shape.skus, seconds }));
      }
      bench.yardstickCommitted += theirs.reduce((total, { committed }) => total + committed, 0);
      measured.push({ shape: shape.name, connections, ours: combine(ours), theirs: combine(theirs) });
    }
  }

  bench.checkoutRate = Math.max(...measured.filter(({ shape }) => shape === 'uniform').map(({ ours }) => ours.rate));
  const best = (shape) => Math.max(...measured.filter((row) => row.shape === shape).map(({ theirs }) => theirs.rate));
  return {
    title: `Checkout: order with stock held, one line each (yardstick: ${yardstick.name}, one transaction per order)`,
    main: { key: 'rate', better: 'higher' },
    columns: {
      name: 'SKUs, connections',
      rate: 'checkouts/s',
      p50: 'p50 ms',
      p99: 'p99 ms',
      spread: 'spread',
      yardstick: 'yardstick/s',
      ratio: 'ratio',
      ratioToBest: 'to its best',
      each: 'CPU ms each app / PG',
      cores: 'CPU % app / PG / gen',
      limit: 'limit',
    },
    rows: measured.map(({ shape, connections, ours, theirs }) => ({
      name: `${shape}, ${connections}`,
      ...ours,
      yardstick: theirs.rate,
      yardstickP50: theirs.p50,
      yardstickRounds: theirs.rounds,
      yardstickCpu: theirs.cpu,
      ratio: times(ours.rate / theirs.rate),
      ratioToBest: times(ours.rate / best(shape)),
      cores: percents(ours.cpu, ['platform', 'postgres', 'generator']),
      limit: limitOf(ours.cpu),
    })),
  };
}

const times = (ratio) => `${ratio.toFixed(2)} ×`;

/** Medians over the rounds; processor shares of the round with the median rate. */
export function combine(rounds) {
  const rate = median(rounds.map((round) => round.rate));
  const typical = rounds.toSorted((a, b) => Math.abs(a.rate - rate) - Math.abs(b.rate - rate))[0];
  return {
    rate,
    p50: median(rounds.map((round) => round.p50)),
    p99: median(rounds.map((round) => round.p99)),
    spread: rounds.length > 1 ? `${Math.round(spread(rounds.map((round) => round.rate)) * 100)} %` : '',
    rounds: rounds.map((round) => round.rate),
    cpu: typical.cpu,
    each: costs(typical.cpu, typical.rate, ['platform', 'postgres']),
    ...(rounds.some((round) => round.backlog !== undefined) && { backlog: Math.max(...rounds.map((r) => r.backlog)) }),
  };
}

/** Waits until every subscription is up to date, so that no round pays for the one before; returns how far behind it was. */
async function delivered(db) {
  const behind = async () => {
    const { rows } = await db.query(
      `SELECT coalesce(sum(l.head - c.position), 0)::int AS behind
         FROM messaging.subscription_cursor c JOIN messaging.lane l USING (lane)`,
    );
    return rows[0].behind;
  };
  const backlog = await behind();
  for (let waited = 0; waited < 30_000 && (await behind()) > 0; waited += 50) await sleep(50);
  return backlog;
}

/** What was answered is what is stored: orders, lines, events, stock. */
export async function auditCheckout({ db, created, yardstickCommitted }) {
  const { rows } = await db.query(`
    SELECT (SELECT count(*) FROM trading.orders)::int AS orders,
           (SELECT count(*) FROM trading.payment)::int AS payments,
           (SELECT coalesce(sum(quantity), 0) FROM trading.order_line)::int AS units,
           (SELECT sum(reserved) FROM trading.stock_item)::int AS reserved,
           (SELECT count(*) FROM http.idempotency_key)::int AS kept,
           (SELECT count(*) FROM messaging.event_log WHERE type = 'trading.order-placed.v1')::int AS events,
           (SELECT sum(head) FROM messaging.lane)::int AS positions,
           (SELECT count(*) FROM messaging.event_log)::int AS logged`);
  const { orders, payments, units, reserved, kept, events, positions, logged } = rows[0];
  const checks = [
    { what: 'orders stored = answers 201', expected: created, found: orders },
    { what: 'payments = orders', expected: created, found: payments },
    { what: 'units on order lines = answers 201', expected: created, found: units },
    { what: 'stock reserved = units on order lines', expected: units, found: reserved },
    { what: 'answers kept by key = answers 201', expected: created, found: kept },
    { what: 'order-placed events = orders', expected: created, found: events },
    { what: 'lanes have no hole', expected: positions, found: logged },
  ];
  if (yardstickCommitted > 0) {
    const { rows: theirs } = await db.query(
      'SELECT (SELECT sum(reserved) FROM yardstick.stock_item)::int AS reserved, (SELECT count(*) FROM yardstick.event_log)::int AS events',
    );
    checks.push(
      { what: 'yardstick: stock reserved = transactions', expected: yardstickCommitted, found: theirs[0].reserved },
      { what: 'yardstick: events = transactions', expected: yardstickCommitted, found: theirs[0].events },
    );
  }
  return checks;
}
