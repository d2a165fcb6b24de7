// The PostgreSQL of a run, in a process of its own that ends it whatever becomes of the run. Durable: fsync is on.
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const { startEmbeddedPostgres } = await import(
  new URL('../dist/apps/platform/src/start/embedded-postgres.js', import.meta.url).href
);

const folder = mkdtempSync(path.join(tmpdir(), 'tradewind-chaos-pg-'));
chmodSync(folder, 0o755); // its user must be able to pass when we are root
const smallDisk = path.join(folder, 'small-disk');
let server;

async function start() {
  server = await startEmbeddedPostgres(folder, ['log_min_messages=panic', 'max_wal_size=2GB']);
  return server.url;
}

/** What `pg_ctl restart -m immediate` does: nothing is written any more, and the start recovers from the log. */
async function restartImmediately() {
  const [pid] = readFileSync(path.join(folder, 'pg/postmaster.pid'), 'utf8').split('\n');
  process.kill(Number(pid), 'SIGQUIT');
  while (existsSync(`/proc/${pid}`)) await new Promise((resolve) => setTimeout(resolve, 5));
  return start();
}

/** A disk that is soon full, for a tablespace; null where mounting is not allowed. */
function mountSmallDisk({ megabytes }) {
  mkdirSync(smallDisk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', smallDisk], { stdio: 'ignore' });
  } catch {
    rmSync(smallDisk, { recursive: true });
    return null;
  }
  const space = path.join(smallDisk, 'space');
  mkdirSync(space, { mode: 0o700 });
  const { uid, gid } = statSync(path.join(folder, 'pg'));
  chownSync(space, uid, gid);
  return space;
}

async function end() {
  await server?.stop();
  if (existsSync(smallDisk)) execFileSync('umount', ['--lazy', smallDisk], { stdio: 'ignore' });
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
}

const tasks = { start, restartImmediately, mountSmallDisk };
process.on('message', async ({ task, args }) => {
  try {
    process.send({ result: await tasks[task](args) });
  } catch (error) {
    process.send({ error: error.stack });
  }
});
process.on('disconnect', end);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined); // the run decides
