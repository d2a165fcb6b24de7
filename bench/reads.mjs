import { combine } from './checkout.mjs';
import { costs, CpuMeter, limitOf, percents, postgresCpu, processCpu } from './cpu.mjs';
import { startHelper } from './processes.mjs';

const CONNECTIONS = 32;

/** Reading orders, beside a bare Fastify that answers the same bytes from memory. */
export async function measureReads(bench) {
  const { quick, platform, generator, note } = bench;
  const rounds = quick ? 1 : 3;
  const measureMs = quick ? 1000 : 3000;
  note('reads: orders to read');
  await bench.load({ kind: 'checkout', connections: 32, skus: 1000, warmUpMs: 0, measureMs: 1000, expect: 201 });
  const paths = await orderPaths(platform.port, 500);
  const list = '/v1/orders?limit=20';
  const bare = startHelper('./bare-server.mjs');
  const answer = async (path) => (await fetch(`http://127.0.0.1:${platform.port}${path}`)).text();
  const barePort = await bare.call('listen', { order: await answer(paths[0]), list: await answer(list) });

  const round = async (server, kindOfPaths) => {
    const meter = new CpuMeter({
      [server.name]: processCpu(server.pid),
      postgres: postgresCpu(bench.backendPid),
      generator: processCpu(generator.pid),
    });
    let cpu;
    const heard = { measuring: () => meter.start(), measured: () => (cpu = meter.stop()) };
    const job = { kind: 'get', port: server.port, paths: kindOfPaths, connections: CONNECTIONS, expect: 200 };
    const result = await bench.load({ ...job, warmUpMs: 700, measureMs }, (phase) => heard[phase]());
    return { ...result, cpu };
  };
  const servers = {
    platform: { name: 'platform', pid: platform.pid, port: platform.port },
    bare: { name: 'fastify', pid: bare.pid, port: barePort },
  };
  const rows = [];
  for (const [name, wanted] of [
    ['GET /v1/orders/{id}', paths],
    ['GET /v1/orders, 20 of them', [list]],
  ]) {
    note(`reads: ${name}`);
    const ours = [];
    const theirs = [];
    for (let index = 0; index < rounds; index++) {
      ours.push(await round(servers.platform, wanted));
      theirs.push(await round(servers.bare, wanted));
    }
    const [our, their] = [combine(ours), combine(theirs)];
    rows.push({
      name,
      ...our,
      bare: their.rate,
      bareP50: their.p50,
      bareCpu: their.cpu,
      ratio: `${(our.rate / their.rate).toFixed(2)} ×`,
      cores: percents(our.cpu, ['platform', 'postgres', 'generator']),
      limit: limitOf(our.cpu),
    });
  }
  await bare.stop();
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
