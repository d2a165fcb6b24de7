import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { CpuMeter, postgresCpu, processCpu } from './cpu.mjs';
import { scratchFolder, start, startHelper } from './processes.mjs';
import { percentile, sum } from './statistics.mjs';
import { PGBENCH_SCRIPT, SCHEMA } from './yardstick.sql.mjs';

const WARM_UP_SECONDS = 1;

/** Sets up the schema and returns what measures it: pgbench where there is one, else plain `pg` connections. */
export async function prepareYardstick({ postgres, backendPid }, { database, db }) {
  await db.query(SCHEMA);
  await db.query('ANALYZE yardstick.sku, yardstick.stock_item');
  const url = postgres.url(database);
  const pgbench = findPgbench();
  const common = { url, serverCpu: postgresCpu(backendPid) };
  return pgbench
    ? { name: pgbench.version, run: (options) => runPgbench({ ...common, ...options, pgbench: pgbench.file }) }
    : { name: 'pg connections', run: (options) => runClients({ ...common, ...options }) };
}

/** The newest pgbench of this machine; undefined when there is none. */
export function findPgbench() {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian) : [];
  const newestFirst = versions.toSorted((a, b) => Number(b) - Number(a));
  for (const file of ['pgbench', ...newestFirst.map((version) => path.join(debian, version, 'bin/pgbench'))]) {
    try {
      const version = execFileSync(file, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      return { file, version: version.trim().replace('(PostgreSQL) ', '') };
    } catch {
      // not this one
    }
  }
  return undefined;
}

/** Debian keeps pgbench in the package of the server, which also makes a server of its own: it is not used. */
export function installPgbench() {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  execFileSync('apt-get', ['install', '--yes', '--no-install-recommends', 'postgresql'], { stdio: 'inherit', env });
}

/** `clients` at once, each transaction logged; the first second is warm-up. `committed` counts all of them. */
async function runPgbench({ url, serverCpu, pgbench, clients, skus, seconds }) {
  const { hostname, port, username, password, pathname } = new URL(url);
  const folder = scratchFolder();
  const script = path.join(folder, 'yardstick.pgbench');
  writeFileSync(script, PGBENCH_SCRIPT);
  const threads = Math.min(clients, cpus().length);
  const running = start(
    pgbench,
    ['-h', hostname, '-p', port, '-U', username, '-n', '-M', 'prepared', '-D', `skus=${skus}`, '-f', script]
      .concat(['-c', clients, '-j', threads, '-T', WARM_UP_SECONDS + seconds, '-P', 1].map(String))
      .concat(['--log', '--log-prefix=tx', pathname.slice(1)]),
    { cwd: folder, env: { ...process.env, PGPASSWORD: decodeURIComponent(password), PGCLIENTENCODING: 'UTF8' } },
  );
  running.child.stdout.resume();
  const meter = new CpuMeter({ generator: processCpu(running.pid), postgres: serverCpu });
  // The first line of progress comes one second after the last client has connected: just when the warm-up is over.
  // It is read a little before the end, as a process that has ended used nothing.
  let cpu;
  running.child.stderr.once('data', () => {
    meter.start();
    setTimeout(() => (cpu = meter.stop()), seconds * 1000 - 100);
  });
  const code = await running.exited;
  if (code !== 0) throw new Error(`pgbench ended with ${code}:\n${running.said()}`);

  const logs = readdirSync(folder).filter((name) => name.startsWith('tx.'));
  const done = logs.flatMap((name) => transactions(readFileSync(path.join(folder, name), 'utf8')));
  for (const name of logs) rmSync(path.join(folder, name));
  const begin = done.reduce((least, { at }) => Math.min(least, at), Infinity) + WARM_UP_SECONDS * 1e6;
  const measured = done.filter(({ at }) => at >= begin && at < begin + seconds * 1e6);
  const sorted = Float64Array.from(measured, ({ took }) => took / 1000).sort();
  return {
    rate: sorted.length / seconds,
    p50: percentile(sorted, 50),
    p99: percentile(sorted, 99),
    committed: done.length,
    cpu,
  };
}

/** Lines of `client number took script seconds microseconds`, times in microseconds. */
function transactions(log) {
  return log
    .trimEnd()
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [, , took, , seconds, micros] = line.split(' ').map(Number);
      return { took, at: seconds * 1e6 + micros };
    });
}

/** The same with node-postgres, in as many processes as there are cores. */
async function runClients({ url, serverCpu, clients, skus, seconds }) {
  const count = Math.min(clients, cpus().length);
  const helpers = Array.from({ length: count }, () => startHelper('./yardstick-clients.mjs'));
  const pids = helpers.map((helper) => processCpu(helper.pid));
  const meter = new CpuMeter({ generator: () => sum(pids.map((cpu) => cpu())), postgres: serverCpu });
  const share = (index) => Math.floor(clients / count) + (index < clients % count ? 1 : 0);
  const heard = { measuring: () => meter.start(), measured: () => (cpu ??= meter.stop()) };
  let cpu;
  const results = await Promise.all(
    helpers.map((helper, index) =>
      helper.call(
        'run',
        { url, clients: share(index), skus, warmUpMs: WARM_UP_SECONDS * 1000, measureMs: seconds * 1000 },
        (phase) => heard[phase](),
      ),
    ),
  );
  await Promise.all(helpers.map((helper) => helper.stop()));
  const sorted = Float64Array.from(results.flatMap(({ latencies }) => latencies)).sort();
  return {
    rate: sorted.length / seconds,
    p50: percentile(sorted, 50),
    p99: percentile(sorted, 99),
    committed: sum(results.map(({ committed }) => committed)),
    cpu,
  };
}
