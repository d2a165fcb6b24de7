import { costs, limitOf, percents } from './cpu.mjs';
import { sleep } from './processes.mjs';
import { median, spread } from './statistics.mjs';
import { prepareYardstick } from './yardstick.mjs';

/** `clients` of the yardstick: around the count at which it does best, which is lower where all wait for one row. */
const SHAPES = [
  { name: 'uniform', skus: 1000, clients: { quick: [16, 32], full: [8, 16, 32, 64] } },
  { name: 'hot SKU', skus: 1, clients: { quick: [4, 8], full: [4, 8, 16, 32] } },
];

/** Checkouts beside the yardstick, in turns, so that both meet the same machine. */
export async function measureCheckout(bench, shop) {
  const { quick, note } = bench;
  const levels = quick ? [1, 32] : [1, 8, 32, 128];
  const rounds = quick ? 1 : 3;
  const seconds = quick ? 1 : 3;
  const yardstick = await prepareYardstick(bench, shop);

  const checkouts = async (skus, load) => ({
    ...(await shop.load({ kind: 'checkout', skus, expect: 201, warmUpMs: 500, ...load })),
    backlog: await delivered(shop.db),
  });
  const theirs = async (options) => {
    const result = await yardstick.run({ seconds, ...options });
    bench.yardstickCommitted += result.committed;
    return result;
  };
  const measureMs = seconds * 1000;

  note('checkout: warm-up');
  await checkouts(1000, { connections: 32, measureMs: 0, warmUpMs: quick ? 2000 : 5000 });
  const rows = [];
  for (const { name: shape, skus, clients } of SHAPES) {
    const turns = (runners) => takeTurns(runners, rounds, { note, db: shop.db });
    const measured = await turns([
      ...levels.map((connections) => ({
        name: `${shape}, ${connections}`,
        run: () => checkouts(skus, { connections, measureMs }),
      })),
      ...clients[quick ? 'quick' : 'full'].map((count) => ({
        name: `${shape}, yardstick with ${count}`,
        run: () => theirs({ clients: count, skus }),
      })),
    ]);
    const [ours, plain] = [measured.slice(0, levels.length), measured.slice(levels.length)];
    const [peak, best] = [ours, plain].map((group) => Math.max(...group.map(({ rate }) => rate)));
    const half = await turns([
      {
        name: `${shape}, half of the peak`,
        run: () => checkouts(skus, { connections: 128, perSecond: peak / 2, measureMs }),
      },
    ]);
    for (const row of ours) row.ratio = `${(row.rate / best).toFixed(2)} ×`;
    rows.push(...ours, ...half, ...plain);
    if (shape === 'uniform') bench.checkoutRate = peak;
  }
  return {
    title: `Checkout: order with stock held, one line each (yardstick: ${yardstick.name}, one transaction per order)`,
    main: { key: 'rate', better: 'higher' },
    columns: {
      name: 'SKUs, connections',
      rate: 'orders/s',
      p50: 'p50 ms',
      p99: 'p99 ms',
      spread: 'spread',
      ratio: 'to best yardstick',
      each: 'CPU ms each app / PG',
      cores: 'CPU % app / PG / gen',
      limit: 'limit',
    },
    rows,
  };
}

/** Runs each of them once a round; resolves with a row for each. */
async function takeTurns(runners, rounds, { db, note }) {
  const measured = runners.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, { name, run }] of runners.entries()) {
      note(`checkout: ${name}`);
      await db.query('CHECKPOINT');
      measured[index].push(await run());
    }
  }
  return runners.map(({ name }, index) => ({ name, ...combine(measured[index]) }));
}

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
    cores: percents(typical.cpu, ['platform', 'postgres', 'generator']),
    limit: limitOf(typical.cpu, typical.threads),
    ...(rounds.some((round) => round.backlog !== undefined) && { backlog: Math.max(...rounds.map((r) => r.backlog)) }),
  };
}

/** Waits until every subscription is up to date, so that no round pays for the one before; returns how far behind it was. */
export async function delivered(db) {
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
export async function auditCheckout({ db, placed }, yardstickCommitted) {
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
    { what: 'orders stored = answers 201', expected: placed, found: orders },
    { what: 'payments = orders', expected: placed, found: payments },
    { what: 'units on order lines = answers 201', expected: placed, found: units },
    { what: 'stock reserved = units on order lines', expected: units, found: reserved },
    { what: 'answers kept by key = answers 201', expected: placed, found: kept },
    { what: 'order-placed events = orders', expected: placed, found: events },
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
