// Everything a run starts, and the certainty that it ends: processes of their own, a temporary PostgreSQL, platforms.
import { fork, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** The built platform in a folder of the project. */
export const PLATFORM = 'dist/apps/platform/src/main.js';
const STOP_WITHIN_MS = 10_000;

const undo = [];
/** Set once a stop has begun: children that end then are not a failure. */
let stopping;
let onBreakdown = () => undefined;

/** Registers what hears that a platform ended by itself. */
export const atBreakdown = (listener) => void (onBreakdown = listener);

/** Registers what ends something; the last one runs first. */
export const atEnd = (step) => void undo.push(step);

export function stopAll() {
  stopping ??= (async () => {
    for (const step of undo.splice(0).reverse())
      await step().catch((error) => console.error(`bench: ${error.message}`));
  })();
  return stopping;
}

let scratch;
/** A folder that goes with the run. */
export function scratchFolder() {
  if (!scratch) {
    scratch = mkdtempSync(path.join(tmpdir(), 'tradewind-bench-'));
    const folder = scratch;
    atEnd(async () => rmSync(folder, { recursive: true, force: true }));
  }
  return scratch;
}

export const freePort = () =>
  new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Starts a program in a process group of its own, so that Ctrl-C reaches the run alone, which then ends its children in
 * order. `exited` resolves with the exit code; `said()` is the end of what it wrote to standard error.
 */
export function start(command, args, options = {}) {
  const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let text = '';
  child.stderr.on('data', (chunk) => (text = (text + chunk).slice(-4000)));
  const exited = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? signal));
  });
  exited.catch(() => undefined);
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    child.kill('SIGTERM');
    const impatient = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await exited;
    clearTimeout(impatient);
  };
  atEnd(stop);
  return { child, pid: child.pid, exited, stop, said: () => text };
}

/** A durable PostgreSQL (fsync on) that lives as long as the run. */
export async function startPostgres() {
  const script = path.join(ROOT, 'tools/temporary-postgres.mjs');
  const child = spawn(process.execPath, [script, '--durable'], { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  atEnd(async () => {
    child.stdin.end();
    await exited;
  });
  const url = await new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) resolve(text.trim());
    });
    void exited.then(() => reject(new Error('PostgreSQL did not start')));
  });
  return new Postgres(url);
}

class Postgres {
  #server;

  constructor(url) {
    this.#server = url;
  }

  url(database) {
    return Object.assign(new URL(this.#server), { pathname: `/${database}` }).toString();
  }

  /** A client on an empty database of that name. */
  async createDatabase(name) {
    const admin = await connect(this.#server);
    await admin.query(`CREATE DATABASE ${name}`);
    await admin.end();
    return this.connect(name);
  }

  async connect(name = 'postgres') {
    const client = await connect(this.url(name));
    atEnd(() => client.end());
    return client;
  }
}

async function connect(url) {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/**
 * The platform as its users start it, ready after `readyMs`. Nobody answers at its sandbox's address unless `env` names
 * another one; `root` is the folder of another build.
 */
export async function startPlatform(postgres, database, { nodeArgs = [], env = {}, root = ROOT } = {}) {
  const port = await freePort();
  const folder = scratchFolder();
  const begin = performance.now();
  const running = start(process.execPath, [...nodeArgs, path.join(root, PLATFORM)], {
    cwd: folder,
    env: {
      ...process.env,
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      GRPC_PORT: String(await freePort()),
      DATABASE_URL: postgres.url(database),
      SANDBOX_URL: 'http://127.0.0.1:9',
      TRADEWIND_DATA_DIR: path.join(folder, database),
      LOG_LEVEL: 'warn',
      ...env,
    },
  });
  running.child.stdout.resume();
  const ended = running.exited.then((code) => {
    const error = new Error(`the platform ended with ${code}:\n${running.said()}`);
    if (code !== 0 && !stopping) onBreakdown(error);
    throw error;
  });
  ended.catch(() => undefined);
  const ready = async () => {
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => undefined);
      if (answer?.status === 200) return;
      await sleep(20);
    }
  };
  await Promise.race([
    ready(),
    ended,
    sleep(60_000).then(() => Promise.reject(new Error('the platform is not ready'))),
  ]);
  return { ...running, port, readyMs: performance.now() - begin };
}

/** So many platforms on one database, one after the other: the first sets it up. */
export async function startPlatforms(count, postgres, database, options) {
  const platforms = [];
  while (platforms.length < count) platforms.push(await startPlatform(postgres, database, options));
  return {
    ports: platforms.map(({ port }) => port),
    pids: platforms.map(({ pid }) => pid),
    said: () => platforms.map(({ said }) => said()).join(''),
    stop: async () => {
      for (const platform of platforms) await platform.stop();
    },
  };
}

/**
 * One of this folder's files as a process: `call(task, args)` runs a task that it serves. It ends with this process,
 * however that ends. `onPhase` hears what the task tells on its way.
 */
export function startHelper(file) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [], { detached: true });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  let waiting;
  child.on('message', ({ phase, error, result }) => {
    if (phase) return waiting?.onPhase(phase);
    if (error) waiting?.reject(new Error(error));
    else waiting?.resolve(result);
  });
  void exited.then((code) => waiting?.reject(new Error(`${file} ended with ${code}`)));
  const stop = async () => {
    if (child.connected) child.disconnect();
    await exited;
  };
  atEnd(stop);
  return {
    pid: child.pid,
    stop,
    call: (task, args = {}, onPhase = () => undefined) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject, onPhase };
        child.send({ task, args });
      }),
  };
}

/** Tells when measuring begins and ends; a task waits for it, so that no phase is told after its result. */
export async function tellPhases(tell, warmUpMs, measureMs) {
  await sleep(warmUpMs);
  tell('measuring');
  await sleep(measureMs);
  tell('measured');
}

/** The other side of `startHelper`: serves named tasks, one at a time. */
export function serve(tasks) {
  process.on('disconnect', () => process.exit(0));
  process.on('message', async ({ task, args }) => {
    try {
      process.send({ result: await tasks[task](args, (phase) => process.send({ phase })) });
    } catch (error) {
      process.send({ error: error.stack });
    }
  });
}
