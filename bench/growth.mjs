import { combine } from './checkout.mjs';
import { fill } from './filling.mjs';
import { openShop } from './shop.mjs';
import { startPlatforms } from './processes.mjs';

const READ = 2000;
const MILLION = 1_000_000;

/** Checkouts and reads with few and with many orders in the database, in turns. */
export async function measureGrowth(bench) {
  const { quick, full, note } = bench;
  const sizes = quick ? [10_000, 100_000] : [10_000, MILLION, ...(full ? [5 * MILLION] : [])];
  const rounds = quick ? 1 : 3;
  const measureMs = quick ? 1000 : 3000;
  const places = [];
  for (const size of sizes) places.push(await openPlace(bench, size));

  const loads = [
    ['checkout, 32 connections', { kind: 'checkout', skus: 1000, connections: 32, expect: 201 }],
    ['checkout, 128 connections', { kind: 'checkout', skus: 1000, connections: 128, expect: 201 }],
    ['GET /v1/orders/{id} of any age', { kind: 'get', connections: 32, expect: 200 }],
    ['GET /v1/orders, 20 of them', { kind: 'get', connections: 32, expect: 200, paths: ['/v1/orders?limit=20'] }],
  ];
  const rows = [];
  for (const [name, job] of loads) {
    const measured = places.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [index, { shop, paths, size }] of places.entries()) {
        note(`growth: ${name}, ${size} orders`);
        await shop.db.query('CHECKPOINT');
        const warmUpMs = round === 0 ? 3000 : 700;
        measured[index].push(await shop.load({ paths, ...job, warmUpMs, measureMs }));
      }
    }
    const results = measured.map(combine);
    rows.push(
      ...results.map((result, index) => ({
        name: `${name}: ${sizes[index].toLocaleString('en')} orders`,
        ...result,
        ratio: `${(result.rate / results[0].rate).toFixed(2)} ×`,
      })),
    );
  }
  for (const { shop, size } of places) {
    const { rows: found } = await shop.db.query('SELECT count(*)::int AS orders FROM trading.orders');
    const expected = size + shop.placed;
    bench.checks.push({ what: 'growth: orders = filled and placed', expected, found: found[0].orders });
    await shop.close();
  }
  return {
    title: `Growth: the same with more orders in the database (filled in ${places.map(({ seconds }) => Math.round(seconds)).join(', ')} s)`,
    main: { key: 'rate', better: 'higher' },
    columns: {
      name: 'what',
      rate: 'answers/s',
      p50: 'p50 ms',
      p99: 'p99 ms',
      spread: 'spread',
      ratio: 'to the fewest',
      each: 'CPU ms each app / PG',
      cores: 'CPU % app / PG / gen',
      limit: 'limit',
    },
    rows,
  };
}

/** A shop that has so many orders. The platform sets its database up and is away while it is filled. */
async function openPlace(bench, size) {
  const { postgres, note } = bench;
  const database = `growth_${size}`;
  note(`growth: filling in ${size} orders`);
  await postgres.createDatabase(database);
  const first = await startPlatforms(1, postgres, database);
  await first.stop();
  const begin = performance.now();
  const ids = await fill(postgres, database, size, READ);
  const seconds = (performance.now() - begin) / 1000;
  const shop = await openShop(bench, database);
  return { size, seconds, shop, paths: ids.map((id) => `/v1/orders/${id}`) };
}
