import { auditCheckout, combine, delivered } from './checkout.mjs';
import { openShop } from './shop.mjs';
import { median } from './statistics.mjs';

const LOADS = [
  { name: 'uniform, 32', skus: 1000, connections: 32 },
  { name: 'uniform, 128', skus: 1000, connections: 128 },
  { name: 'hot SKU, 32', skus: 1, connections: 32 },
  { name: 'hot SKU, 128', skus: 1, connections: 128 },
];

/**
 * Checkouts of this build and of the one in another folder in turns, each on a database of its own, so that both meet the
 * same machine: it changes more from run to run than most changes give.
 */
export async function measureBeside(bench) {
  const { quick, postgres, note, beside } = bench;
  const pairs = quick ? 1 : 6;
  const open = async (database, root) => {
    await postgres.createDatabase(database);
    return openShop(bench, database, { root });
  };
  const shops = { before: await open('shop_before', beside), now: await open('shop_now') };
  const checkouts = async (shop, { skus, connections }, measureMs = quick ? 1000 : 3000) => {
    const result = await shop.load({ kind: 'checkout', skus, connections, expect: 201, warmUpMs: 500, measureMs });
    await delivered(shop.db);
    return result;
  };

  const rows = [];
  for (const load of LOADS) {
    const measured = { before: [], now: [] };
    for (const shop of Object.values(shops)) await checkouts(shop, load);
    for (let pair = 0; pair < pairs; pair++) {
      note(`${load.name}: pair ${pair + 1} of ${pairs}`);
      for (const which of pair % 2 ? ['now', 'before'] : ['before', 'now']) {
        measured[which].push(await checkouts(shops[which], load));
      }
    }
    const ratios = measured.now.map(({ rate }, pair) => rate / measured.before[pair].rate);
    const [before, now] = [combine(measured.before), combine(measured.now)];
    rows.push({
      ...now,
      name: load.name,
      before: before.rate,
      ratio: `${median(ratios).toFixed(2)} ×`,
      from: `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`,
      beforeEach: before.each,
    });
  }
  bench.checks.push(...(await auditCheckout(shops.now, 0)));
  for (const shop of Object.values(shops)) await shop.close();
  return {
    title: `Checkout beside the build in ${beside}, in turns`,
    main: { key: 'rate', better: 'higher' },
    columns: {
      name: 'SKUs, connections',
      before: 'there: orders/s',
      rate: 'here: orders/s',
      ratio: 'median of pairs',
      from: 'pairs',
      beforeEach: 'there: CPU ms each app / PG',
      each: 'here: CPU ms each app / PG',
    },
    rows,
  };
}
