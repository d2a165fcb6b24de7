import { auditCheckout, combine } from './checkout.mjs';
import { auditJourney, openSite } from './journey.mjs';
import { openShop } from './shop.mjs';

/** The same load on one process and on two, each on a database of its own. */
export async function measureReplicas(bench) {
  const { quick, postgres, note } = bench;
  const run = quick ? { warmUpMs: 2000, measureMs: 2000 } : { warmUpMs: 5000, measureMs: 8000 };
  const rows = [];
  const add = (count, name, result) => {
    const alone = rows.find((row) => row.load === name);
    const ratio = alone && `${(result.rate / alone.rate).toFixed(2)} ×`;
    rows.push({ name: `${name}, ${count} ${count === 1 ? 'process' : 'processes'}`, load: name, ratio, ...result });
  };
  for (const count of [1, 2]) {
    note(`replicas: checkouts on ${count}`);
    const database = `shop_of_${count}`;
    await postgres.createDatabase(database);
    const shop = await openShop(bench, database, { replicas: count });
    const job = { kind: 'checkout', connections: 128, skus: 1000, expect: 201 };
    add(count, 'checkouts, 128 connections', combine([await shop.load({ ...job, ...run })]));
    bench.checks.push(...(await auditCheckout(shop, 0)));
    await shop.close();

    note(`replicas: journeys on ${count}`);
    const site = await openSite(bench, `journey_of_${count}`, count);
    const inFlight = quick ? 64 : 256;
    add(count, `journeys, ${inFlight} under way`, await site.play({ inFlight, ...run }));
    await auditJourney(bench, site);
    await site.close();
  }
  return {
    title: 'Several processes on one database',
    main: { key: 'rate', better: 'higher' },
    columns: {
      name: 'what',
      rate: 'orders/s',
      p50: 'p50 ms',
      p99: 'p99 ms',
      ratio: 'to one process',
      each: 'CPU ms each app / PG',
      cores: 'CPU % app / PG / load',
      limit: 'limit',
    },
    rows,
  };
}
