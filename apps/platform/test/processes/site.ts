import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt, randomUUID } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventually } from '@tradewind/shared-kernel/testing';
import type { Json, Reply } from '../world';

const ROOT = path.join(__dirname, '../../../..');
const MAIN = path.join(ROOT, 'dist/apps/platform/src/main.js');

/** Generous: a start on a busy machine, with `initdb` or crash recovery. */
export const START_WITHIN_MS = 90_000;
/** What an operator is promised of SIGTERM and Ctrl-C. */
export const STOP_WITHIN_MS = 10_000;

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  afterMs: number;
}

/** One start of the built platform, until its process ends. */
export interface Run {
  pid: number;
  /** Complete once the run has ended. */
  stdout(): string;
  stderr(): string;
  hasEnded(): boolean;
  /** Of the process that was started, seen from the signal or, without one, from the start. */
  ended(): Promise<Ended>;
  signal(name: NodeJS.Signals): void;
  /** As Ctrl-C on a terminal does: to the process and all that it started in its foreground group. */
  signalGroup(name: NodeJS.Signals): void;
}

export interface StartOptions {
  env?: Record<string, string>;
  /** Through `npm start`, without the build before it: other suites run from `dist` at the same time. */
  throughNpm?: boolean;
}

/** A data folder and three ports, kept from run to run, with everything that runs there. */
export class Site {
  readonly #root = passableFolder();
  readonly folder = path.join(this.#root, 'data');
  #runs = 0;

  private constructor(
    readonly port: number,
    readonly sandboxPort: number,
    readonly grpcPort: number,
  ) {}

  static async create(): Promise<Site> {
    if (process.platform !== 'linux') throw new Error('these tests look for processes in /proc, which is Linux only');
    if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run "npm run build" first (npm test does)`);
    return new Site(await lastingPort(), await lastingPort(), await lastingPort());
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get sandboxUrl(): string {
    return `http://127.0.0.1:${this.sandboxPort}`;
  }

  /** Starts and does not wait. Output goes to files, which nobody has to read for the processes to go on. */
  start({ env = {}, throughNpm = false }: StartOptions = {}): Run {
    const begun = Date.now();
    this.#runs += 1;
    const files = ['out', 'err'].map((kind) => path.join(this.#root, `run-${this.#runs}.${kind}`));
    const [out, err] = files.map((file) => openSync(file, 'w'));
    const [command, args] = throughNpm
      ? ['npm', ['start', '--silent', '--ignore-scripts']]
      : [process.execPath, [MAIN]];
    const child = spawn(command, args, {
      cwd: throughNpm ? ROOT : this.#root,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        npm_config_update_notifier: 'false',
        PORT: String(this.port),
        SANDBOX_PORT: String(this.sandboxPort),
        GRPC_PORT: String(this.grpcPort),
        TRADEWIND_DATA_DIR: this.folder,
        ...env,
      },
      stdio: ['ignore', out, err],
      detached: true,
    });
    for (const file of [out, err]) if (file !== undefined) closeSync(file);
    return runOf(child, files, begun);
  }

  /** Starts and waits until it can take work; says what the process said when it ends instead. */
  async startReady(options: StartOptions = {}): Promise<Run & { readyAfterMs: number }> {
    const begun = Date.now();
    const run = this.start(options);
    await eventually(async () => {
      if (run.hasEnded()) throw new Error(`the start failed: ${run.stderr().slice(-2000)}`);
      return (await this.isReady()) && run.stdout().includes('\n');
    }, START_WITHIN_MS);
    return Object.assign(run, { readyAfterMs: Date.now() - begun });
  }

  async isReady(): Promise<boolean> {
    return (await this.call('GET', '/health/ready').catch(() => undefined))?.status === 200;
  }

  async call(
    method: string,
    target: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply<Json>> {
    const response = await fetch(target.startsWith('http') ? target : `${this.url}${target}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(15_000),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json');
    return { status: response.status, headers: response.headers, body: json && text ? JSON.parse(text) : text };
  }

  checkout(line: { sku: string; quantity: number }, key: string = randomUUID()): Promise<Reply<Json>> {
    return this.call('POST', '/v1/checkout', { ...BASKET, lines: [line] }, { 'idempotency-key': key });
  }

  /** Every order of the platform. */
  async orders(): Promise<Json[]> {
    const orders: Json[] = [];
    let cursor: string | null = null;
    do {
      const page: Reply<Json> = await this.call('GET', `/v1/orders?limit=100${cursor ? `&cursor=${cursor}` : ''}`);
      orders.push(...page.body.data);
      cursor = page.body.nextCursor;
    } while (cursor);
    return orders;
  }

  /** The processes that belong to this data folder: platform, sandbox, PostgreSQL, npm, and what they started. */
  processes(): { pid: number; command: string }[] {
    const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
    const owned = new Set(all.filter((pid) => this.#owns(pid)));
    for (let size = -1; size !== owned.size;) {
      size = owned.size;
      for (const pid of all) if (owned.has(parentOf(pid))) owned.add(pid);
    }
    return [...owned].map((pid) => ({ pid: Number(pid), command: commandOf(pid) }));
  }

  /** `kill -9` of everything that runs here, or of what has such a command line, in no particular order. */
  async killEverything(which = /(?:)/): Promise<void> {
    await eventually(() => {
      const found = this.processes().filter(({ command }) => which.test(command));
      for (const { pid } of found) kill(pid, 'SIGKILL');
      return found.length === 0;
    });
  }

  async remove(): Promise<void> {
    await this.killEverything();
    rmSync(this.#root, { recursive: true, force: true });
  }

  /** Known by the folder's name in its command line or environment, or, as a worker of PostgreSQL, by where it works. */
  #owns(pid: string): boolean {
    if (commandOf(pid).includes(`${this.folder}/`)) return true;
    try {
      if (readlinkSync(`/proc/${pid}/cwd`).startsWith(`${this.folder}/`)) return true;
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`TRADEWIND_DATA_DIR=${this.folder}`);
    } catch {
      return false; // it has just ended, or is somebody else's
    }
  }
}

const BASKET = {
  shippingAddress: {
    name: '王小明',
    phone: '+86 138 0000 0000',
    country: 'CN',
    province: '广东省',
    city: '深圳市',
    line1: '科技园南路 1 号',
  },
  email: 'wang@example.com',
  paymentMethod: 'sandbox',
};

/** As root PostgreSQL runs as a user of its own, who has to get through to the data. */
function passableFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'tradewind-site-'));
  chmodSync(folder, 0o755);
  return folder;
}

function runOf(child: ChildProcess, [out, err]: string[], begun: number): Run {
  let since = begun;
  let ended: Ended | undefined;
  let failure: Error | undefined;
  child.once('exit', (code, signal) => (ended = { code, signal, afterMs: Date.now() - since }));
  child.once('error', (error) => (failure = error));
  const pid = child.pid ?? 0;
  const send = (target: number, name: NodeJS.Signals) => {
    since = Date.now();
    kill(target, name);
  };
  return {
    pid,
    stdout: () => readFileSync(out ?? '', 'utf8'),
    stderr: () => readFileSync(err ?? '', 'utf8'),
    hasEnded: () => ended !== undefined || failure !== undefined,
    ended: () =>
      eventually(() => {
        if (failure) throw failure;
        return ended;
      }, START_WITHIN_MS),
    signal: (name) => send(pid, name),
    signalGroup: (name) => send(-pid, name),
  };
}

function kill(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function parentOf(pid: string): string {
  try {
    return /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
  } catch {
    return '';
  }
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

/**
 * A free port that stays free while nothing listens on it: below the range from which the system takes ports for outgoing
 * connections, where a client that knocks at a stopped platform could be given its very port.
 */
export async function lastingPort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const isFree = await new Promise<boolean>((resolve) => {
      const probe = createServer().once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
