// What a run works on: PostgreSQL for all of it, and for each epoch an empty database with two platforms, a sandbox and
// the proxies through which the run comes between them.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { atEnd, freePort, ROOT, scratchFolder, sleep, start, startHelper } from '../bench/processes.mjs';
import { Proxy } from './proxy.mjs';

const PRELOAD = path.join(ROOT, 'chaos/preload.cjs');
const PLATFORM = path.join(ROOT, 'dist/apps/platform/src/main.js');
const SANDBOX = path.join(ROOT, 'dist/apps/sandbox/src/main.js');
const READY_WITHIN_MS = 60_000;

/**
 * Short waits, so that what a fault delayed comes to its end within the run; a small pool, so that it can be exhausted; no
 * limits for single buyers, as few buyers do everything.
 */
const SETTINGS = {
  ASK_PAYMENT_SECONDS: '2',
  CARRIER_POLL_SECONDS: '2',
  DATABASE_POOL_SIZE: '8',
  BUYER_CHECKOUTS_PER_MINUTE: '0',
  BUYER_COUPON_ATTEMPTS_PER_MINUTE: '0',
  LOG_LEVEL: 'error',
};

export async function until(what, withinMs, look) {
  const begin = performance.now();
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() - begin > withinMs) throw new Error(`${what}: not within ${Math.round(withinMs / 1000)} s`);
    await sleep(25);
  }
}

/** The server of the run. It changes its port with each restart; databases are reached through proxies. */
export class Server {
  #process = startHelper('../chaos/postgres-process.mjs');
  /** Megabytes of the disk that can be filled; null where there is none, undefined until it is asked for. */
  #smallDisk;

  async start() {
    this.url = new URL(await this.#process.call('start'));
  }

  async restartImmediately() {
    this.url = new URL(await this.#process.call('restartImmediately'));
  }

  async smallDisk() {
    this.#smallDisk ??= (await this.#process.call('mountSmallDisk', { megabytes: 16 })) ?? 'none';
    return this.#smallDisk === 'none' ? undefined : this.#smallDisk;
  }

  get port() {
    return Number(this.url.port);
  }

  urlOf(database, port = this.port) {
    const url = new URL(this.url);
    url.pathname = `/${database}`;
    url.port = port;
    return url.toString();
  }
}

/** One place where a platform runs. Whoever kills it need not start it again. */
class Platform {
  /** Ready since it was started last. */
  isUp = false;
  starts = 0;
  /** The end of the present process is the run's doing. */
  mayEnd = false;
  /** So is the end of each process that runs here. */
  isExpendable = false;
  /** Not started again. */
  isRetired = false;

  constructor(world, name, env) {
    Object.assign(this, { world, name, env });
  }

  get pid() {
    return this.running.pid;
  }
  get port() {
    return Number(this.env.PORT);
  }

  start(more = {}) {
    this.starts += 1;
    this.mayEnd = false;
    const folder = path.join(scratchFolder(), `platform-${this.env.PORT}`);
    mkdirSync(folder, { recursive: true });
    const running = start(process.execPath, ['--require', PRELOAD, PLATFORM], {
      cwd: folder,
      env: { ...process.env, ...this.env, ...more },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.running = running;
    void this.#watch(running);
    void this.#awaitReady(running);
    return running;
  }

  async #watch(running) {
    const code = await running.exited.catch((error) => error.message);
    const wasUp = this.isUp;
    this.isUp = false;
    if (code === 'SIGKILL') this.world.kills += 1;
    if (wasUp && !this.mayEnd && !this.isExpendable)
      this.world.surprises.push(`${this.name} ended with ${code}: ${running.said()}`);
    if (this.isRetired) return;
    if (!wasUp) await sleep(300); // the database may be away
    if (!this.isRetired) this.start();
  }

  async #awaitReady(running) {
    while (running === this.running && running.child.exitCode === null && running.child.signalCode === null) {
      const answer = await fetch(`http://127.0.0.1:${this.port}/health/ready`).catch(() => undefined);
      await answer?.arrayBuffer().catch(() => undefined);
      if (answer?.status === 200 && running === this.running) {
        this.isUp = true;
        return;
      }
      await sleep(40);
    }
  }

  /** Resolves when the present process has gone. */
  kill(signal = 'SIGKILL') {
    this.mayEnd = true;
    const { running } = this;
    running.child.kill(signal);
    return running.exited;
  }

  tell(message) {
    const { child } = this.running;
    return new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.send(message, (error) => error && reject(error));
    });
  }

  up() {
    return until(`${this.name} is ready`, READY_WITHIN_MS, () => this.isUp);
  }

  async retire() {
    this.isRetired = true;
    this.mayEnd = true;
    await this.running.stop();
  }
}

export class World {
  /** Ends of processes that nobody had asked for. */
  surprises = [];
  /** Processes that died by `kill -9`, by their own or another hand. */
  kills = 0;

  static async open(server, name) {
    const world = new World();
    world.server = server;
    world.database = name;
    await world.sqlOnServer(`CREATE DATABASE ${name}`);
    world.sqlProxy = new Proxy(() => [server.port]);
    const sqlPort = await world.sqlProxy.listen();
    await world.sql(`
      CREATE SCHEMA chaos;
      -- What reached the recording subscriptions; seq is the order of their commits within a lane.
      CREATE TABLE chaos.delivery (subscription text, event_id text, seq bigint GENERATED ALWAYS AS IDENTITY);
      CREATE TABLE chaos.poison (aggregate_id text PRIMARY KEY, kills boolean NOT NULL);
      CREATE SEQUENCE chaos.raised;
      CREATE FUNCTION chaos.fail() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF random() < TG_ARGV[1]::float THEN
          PERFORM nextval('chaos.raised'); -- not undone by the failure
          RAISE EXCEPTION 'asked for by the chaos run' USING ERRCODE = TG_ARGV[0];
        END IF;
        RETURN NULL;
      END $$;`);

    world.sandboxPort = await freePort();
    world.folder = path.join(scratchFolder(), name);
    world.front = new Proxy(() => world.#livePorts());
    world.frontPort = await world.front.listen();
    world.startSandbox();
    const env = {
      ...SETTINGS,
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      GRPC_PORT: '0',
      DATABASE_URL: server.urlOf(name, sqlPort),
      SANDBOX_URL: `http://127.0.0.1:${world.sandboxPort}`,
      TRADEWIND_DATA_DIR: world.folder,
    };
    world.env = env;
    world.platforms = [];
    for (const letter of ['A', 'B']) {
      world.platforms.push(new Platform(world, letter, { ...env, PORT: String(await freePort()) }));
    }
    atEnd(() => world.close());
    return world;
  }

  /** A platform of its own on another database, which nobody starts again. */
  async aside(name, database) {
    const env = { ...this.env, DATABASE_URL: this.server.urlOf(database), PORT: String(await freePort()) };
    const platform = new Platform(this, name, env);
    platform.isRetired = platform.isExpendable = true;
    return platform;
  }

  #turn = 0;
  #livePorts() {
    this.#turn += 1;
    const { up } = this;
    return up.map((_, index) => up[(index + this.#turn) % up.length].port);
  }

  startSandbox() {
    this.sandbox = start(process.execPath, [SANDBOX], {
      env: {
        ...process.env,
        HOST: '127.0.0.1',
        SANDBOX_PORT: String(this.sandboxPort),
        PLATFORM_URL: `http://127.0.0.1:${this.frontPort}`,
        TRADEWIND_DATA_DIR: this.folder,
      },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
  }

  /** Killed or told to stop, and started again at once on the same ledger. */
  async restartSandbox(signal) {
    this.sandbox.child.kill(signal);
    if ((await this.sandbox.exited) === 'SIGKILL') this.kills += 1;
    this.startSandbox();
    await this.sandboxUp();
  }

  sandboxUp() {
    return until('the sandbox answers', READY_WITHIN_MS, async () => {
      const answer = await fetch(`http://127.0.0.1:${this.sandboxPort}/faults`).catch(() => undefined);
      await answer?.arrayBuffer();
      return answer?.status === 200;
    });
  }

  async sandboxFaults(plan) {
    await this.sandboxUp();
    const url = `http://127.0.0.1:${this.sandboxPort}/faults`;
    const answer = plan
      ? await fetch(url, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(plan) })
      : await fetch(url, { method: 'DELETE' });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`the sandbox refused the faults: ${text}`);
    return text && JSON.parse(text);
  }

  async sandboxFaultsLeft() {
    const answer = await fetch(`http://127.0.0.1:${this.sandboxPort}/faults`);
    return answer.json();
  }

  async allUp() {
    await Promise.all(this.platforms.map((platform) => platform.up()));
    await this.sandboxUp();
  }

  /** Whether all platforms say so now. */
  async isReady() {
    const answers = this.platforms.map(async ({ port }) => {
      const answer = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(1000) });
      await answer.arrayBuffer();
      return answer.ok;
    });
    return (await Promise.all(answers).catch(() => [false])).every(Boolean);
  }

  get up() {
    return this.platforms.filter(({ isUp }) => isUp);
  }

  /** SQL of the run itself, past the proxy. */
  async sql(text, values) {
    const client = await this.session();
    try {
      return (await client.query(text, values)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** What `work(sql)` reads is of one moment, however long it reads. */
  async snapshot(work) {
    const client = await this.session();
    try {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      return await work(async (text, values) => (await client.query(text, values)).rows);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async sqlOnServer(text) {
    const client = await this.session('postgres');
    await client.query(text).finally(() => client.end());
  }

  /** A foreign session, which may hold locks as long as it likes. */
  async session(database = this.database) {
    const client = new pg.Client({
      connectionString: this.server.urlOf(database),
      application_name: 'chaos',
      types: {
        getTypeParser: (oid, format) => (oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)),
      },
    });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  async close() {
    if (this.closed) return;
    this.closed = true;
    await Promise.all(this.platforms.map((platform) => platform.running && platform.retire()));
    await this.sandbox.stop();
    await this.front.close();
    await this.sqlProxy.close();
  }
}
