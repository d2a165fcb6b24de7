import { combine } from './checkout.mjs';
import { startHelper } from './processes.mjs';

const CONNECTIONS = 32;

/** Reading orders, beside a bare Fastify that answers the same bytes from memory. */
export async function measureReads({ quick, note }, shop) {
  const rounds = quick ? 1 : 3;
  const measureMs = quick ? 1000 : 3000;
  note('reads: orders to read');
  await shop.load({ kind: 'checkout', connections: 32, skus: 1000, warmUpMs: 0, measureMs: 1000, expect: 201 });
  const [port] = shop.ports;
  const paths = await orderPaths(port, 500);
  const list = '/v1/orders?limit=20';
  const answer = async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  const helper = startHelper('./bare-server.mjs');
  const barePort = await helper.call('listen', { order: await answer(paths[0]), list: await answer(list) });
  const bare = { name: 'fastify', pids: [helper.pid], ports: [barePort] };

  const round = (server, kindOfPaths) =>
    shop.load(
      { kind: 'get', paths: kindOfPaths, connections: CONNECTIONS, expect: 200, warmUpMs: 700, measureMs },
      server,
    );
  const rows = [];
  for (const [name, wanted] of [
    ['GET /v1/orders/{id}', paths],
    ['GET /v1/orders, 20 of them', [list]],
  ]) {
    note(`reads: ${name}`);
    const ours = [];
    const theirs = [];
    for (let index = 0; index < rounds; index++) {
      ours.push(await round(shop, wanted));
      theirs.push(await round(bare, wanted));
    }
    const [our, their] = [combine(ours), combine(theirs)];
    rows.push({
      name,
      ...our,
      bare: their.rate,
      bareP50: their.p50,
      bareCpu: their.cpu,
      ratio: `${(our.rate / their.rate).toFixed(2)} ×`,
    });
  }
  await helper.stop();
  return {
    title: `Reads: ${CONNECTIONS} connections, beside a bare Fastify route that answers the same bytes from memory`,
    main: { key: 'rate', better: 'higher' },
    columns: {
      name: 'request',
      rate: 'answers/s',
      p50: 'p50 ms',
      p99: 'p99 ms',
      spread: 'spread',
      bare: 'bare/s',
      ratio: 'ratio',
      each: 'CPU ms each app / PG',
      cores: 'CPU % app / PG / gen',
      limit: 'limit',
    },
    rows,
  };
}

async function orderPaths(port, count) {
  const paths = [];
  let cursor = '';
  while (paths.length < count && cursor !== null) {
    const query = cursor && `&cursor=${cursor}`;
    const page = await (await fetch(`http://127.0.0.1:${port}/v1/orders?limit=100${query}`)).json();
    paths.push(...page.data.map(({ id }) => `/v1/orders/${id}`));
    cursor = page.nextCursor;
  }
  return paths;
}
