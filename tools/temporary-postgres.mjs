// A real PostgreSQL in a temporary folder on a free port, for tests and measurements. Prints its URL as one line and runs
// until standard input closes, so it never outlives what started it. `--durable` keeps fsync on. Needs `npm run build`.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const built = new URL('../dist/apps/platform/src/start/embedded-postgres.js', import.meta.url);
if (!existsSync(built)) {
  console.error('the platform is not built yet: run "npm run build" first');
  process.exit(1);
}
const { startEmbeddedPostgres } = await import(built.href);

const folder = mkdtempSync(path.join(tmpdir(), 'tradewind-pg-'));
// What is not durable dies with the run: no need to wait for the disk.
const server = await startEmbeddedPostgres(folder, process.argv.includes('--durable') ? [] : ['fsync=off']);
console.log(server.url);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined); // the one who started it decides
process.stdin.resume().once('close', async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
});
