import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventually } from '@tradewind/shared-kernel/testing';
import type { Json } from '../world';
import { lastingPort, type Run, Site, type StartOptions, STOP_WITHIN_MS } from './site';

jest.setTimeout(240_000);

const GONE = { code: 0, signal: null };
const has = (site: Site, what: RegExp) => site.processes().some(({ command }) => what.test(command));

/** It ends by itself, with one line on standard error that an operator can act upon. */
async function complaintOf(site: Site, options: StartOptions): Promise<string> {
  const run = site.start(options);
  const { code, signal } = await run.ended();
  expect({ code, signal, stdout: run.stdout() }).toEqual({ code: 1, signal: null, stdout: '' });
  expect(run.stderr()).toMatch(/^tradewind: [^\n]+\n$/);
  expect(run.stderr()).not.toMatch(/\bat .*:\d+:\d+/);
  return run.stderr();
}

/** It has ended well and in time, nothing that it started is left, and nobody listens any more. */
async function expectStopped(site: Site, run: Run): Promise<void> {
  const ended = await run.ended();
  const left = site.processes();
  expect({ ...ended, left, stderr: run.stderr() }).toMatchObject({ ...GONE, left: [] });
  expect(ended.afterMs).toBeLessThan(STOP_WITHIN_MS);
  await expect(fetch(`${site.url}/health/live`)).rejects.toThrow('fetch failed');
  await expect(fetch(`${site.sandboxUrl}/health`)).rejects.toThrow('fetch failed');
}

describe('Tradewind on an empty data folder', () => {
  let site: Site;
  let run: Run;
  let order: Json;
  beforeAll(async () => {
    site = await Site.create();
    run = await site.startReady();
  });
  afterAll(() => site.remove());

  it('says in one line where it is, and is ready with the demo catalogue', async () => {
    expect(run.stdout()).toBe(
      `Tradewind is ready: ${site.url} · reference ${site.url}/docs · gRPC 127.0.0.1:${site.grpcPort} · mailbox ${site.url}/dev/mailbox · sandbox ${site.sandboxUrl}\n`,
    );
    expect(await site.call('GET', '/health/ready')).toMatchObject({ status: 200, body: { status: 'ok' } });
    for (const page of [`${site.url}/docs`, `${site.url}/dev/mailbox`, site.sandboxUrl]) {
      expect((await site.call('GET', page)).status).toBe(200);
    }
    for (const sku of ['SKU-1', 'SKU-1000']) {
      const { body } = await site.call('GET', `/v1/skus/${sku}`);
      expect(body).toMatchObject({ sku, onHand: 1_000_000, reserved: 0, price: { currency: 'CNY' } });
    }
    const answer = await site.checkout({ sku: 'SKU-1', quantity: 3 });
    expect(answer.status).toBe(201);
    order = answer.body.order;
  });

  it('keeps a second start away from its folder and goes on', async () => {
    const [port, sandboxPort] = [String(await lastingPort()), String(await lastingPort())];
    const complaint = await complaintOf(site, { env: { PORT: port, SANDBOX_PORT: sandboxPort } });
    expect(complaint).toContain(site.folder);
    expect(complaint).toContain('in use by another Tradewind');
    expect(await site.call('GET', `/v1/orders/${order.id}`)).toMatchObject({ status: 200, body: { id: order.id } });
    expect((await site.checkout({ sku: 'SKU-2', quantity: 1 })).status).toBe(201);
  });

  it('stops at SIGTERM and leaves nothing behind', async () => {
    expect(has(site, /postgres -D|postgres.*-p \d/)).toBe(true);
    expect(has(site, /sandbox\/src\/main\.js/)).toBe(true);
    run.signal('SIGTERM');
    await expectStopped(site, run);
    expect(run.stdout().split('\n')).toHaveLength(2);
  });

  it('finds its data again, and stops at Ctrl-C too', async () => {
    run = await site.startReady();
    const { body } = await site.call('GET', `/v1/orders/${order.id}`);
    expect(body).toMatchObject({ id: order.id, status: 'created', total: order.total, placedAt: order.placedAt });
    expect((await site.call('GET', '/v1/skus/SKU-1')).body).toMatchObject({ reserved: 3 });
    run.signalGroup('SIGINT');
    await expectStopped(site, run);
  });

  it('ends as one with npm: a SIGTERM to `npm start` alone', async () => {
    run = await site.startReady({ throughNpm: true });
    run.signal('SIGTERM');
    await expectStopped(site, run);
  });

  it('ends as one with npm: Ctrl-C on the terminal of `npm start`', async () => {
    run = await site.startReady({ throughNpm: true });
    run.signalGroup('SIGINT');
    await expectStopped(site, run);
  });

  it('waits neither for a client that never finishes asking nor for a carrier that never answers', async () => {
    run = await site.startReady();
    const hangs = [{ target: 'carrier.book', kind: 'timeout-before', times: 1 }];
    expect((await site.call('PUT', `${site.sandboxUrl}/faults`, hangs)).status).toBe(200);
    const { payment } = (await site.checkout({ sku: 'SKU-4', quantity: 1 })).body;
    await site.call('POST', payment.redirectUrl, { outcome: 'paid' });
    await eventually(async () => (await site.call('GET', `${site.sandboxUrl}/faults`)).body.length === 0);
    const client = connect(site.port, '127.0.0.1').on('error', () => undefined);
    client.write(
      'POST /v1/checkout HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
    );
    await once(client, 'connect');
    run.signal('SIGTERM');
    await expectStopped(site, run);
    client.destroy();
  });

  it('keeps every order that it acknowledged while it was told to stop', async () => {
    run = await site.startReady({ env: { LOG_LEVEL: 'warn' } });
    const acknowledged = new Set<string>();
    let refusedConnections = 0;
    const buyer = async () => {
      while (!run.hasEnded()) {
        const answer = await site.checkout({ sku: 'SKU-3', quantity: 1 }).catch(() => undefined);
        if (answer?.status === 201) acknowledged.add(answer.body.order.id);
        if (!answer) refusedConnections += 1;
        // A platform that is gone is asked again now and then, until its process has ended.
        if (!answer) await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const buyers = Array.from({ length: 16 }, buyer);
    await eventually(() => acknowledged.size >= 100, 60_000);
    const before = acknowledged.size;
    run.signal('SIGTERM');
    await expectStopped(site, run);
    await Promise.all(buyers);
    expect(refusedConnections).toBeGreaterThan(0);

    run = await site.startReady();
    const kept = new Set((await site.orders()).map(({ id }) => id));
    expect([...acknowledged].filter((id) => !kept.has(id))).toEqual([]);
    expect(acknowledged.size).toBeGreaterThanOrEqual(before);
    run.signal('SIGTERM');
    await expectStopped(site, run);
  });
});

describe('Tradewind whose PostgreSQL was killed', () => {
  let site: Site;
  beforeAll(async () => void (site = await Site.create()));
  afterAll(() => site.remove());

  it('says so, still stops well, and has its data at the next start', async () => {
    let run = await site.startReady({ env: { LOG_LEVEL: 'silent' } });
    const { order } = (await site.checkout({ sku: 'SKU-1', quantity: 1 })).body;
    await site.killEverything(/postgres/);
    const { status, body } = await site.call('GET', '/health/ready');
    expect({ status, body }).toEqual({
      status: 503,
      body: { status: 'failing', failing: { database: 'cannot be reached' } },
    });
    expect((await site.call('GET', '/health/live')).status).toBe(200);
    run.signal('SIGTERM');
    await expectStopped(site, run);

    run = await site.startReady();
    expect((await site.call('GET', `/v1/orders/${order.id}`)).status).toBe(200);
    run.signal('SIGTERM');
    await expectStopped(site, run);
  });
});

describe('a start that is told to stop', () => {
  let site: Site;
  beforeAll(async () => void (site = await Site.create()));
  afterEach(() => site.killEverything());
  afterAll(() => site.remove());

  const inFolder = (name: string) => existsSync(path.join(site.folder, name));
  const isListening = () =>
    fetch(`${site.url}/health/live`).then(
      () => true,
      () => false,
    );

  // In the order of a start, on one folder: each one goes on where the one before was broken off.
  it.each<[string, 'signal' | 'signalGroup', NodeJS.Signals, () => boolean | Promise<boolean>]>([
    ['while PostgreSQL is set up', 'signal', 'SIGTERM', () => inFolder('pg.new/PG_VERSION')],
    ['while PostgreSQL starts', 'signalGroup', 'SIGINT', () => inFolder('pg/postmaster.pid')],
    ['while the tables are made', 'signal', 'SIGTERM', () => inFolder('pg/postmaster.pid')],
    ['when it listens', 'signal', 'SIGTERM', isListening],
    ['when the sandbox starts', 'signalGroup', 'SIGINT', () => has(site, /sandbox\/src\/main\.js/)],
  ])('ends well: %s', async (_when, send, signal, moment) => {
    const run = site.start();
    await eventually(async () => run.hasEnded() || moment(), 60_000);
    run[send](signal);
    await expectStopped(site, run);
    expect(run.stdout()).toBe('');
  });

  // Ctrl-C goes to the programs too that a start runs, and their failure is not what it ends with. Only root looks for a
  // user: PostgreSQL refuses to run as root.
  const itAsRoot = process.getuid?.() === 0 ? it : it.skip;
  itAsRoot('ends well: while it looks for the user of PostgreSQL', async () => {
    const programs = mkdtempSync(path.join(tmpdir(), 'tradewind-programs-'));
    writeFileSync(path.join(programs, 'id'), '#!/bin/sh\nkill -INT 0\n', { mode: 0o755 });
    try {
      await expectStopped(site, site.start({ env: { PATH: `${programs}:${process.env.PATH}` } }));
    } finally {
      rmSync(programs, { recursive: true });
    }
  });

  it('leaves a folder on which the next start succeeds', async () => {
    const run = await site.startReady();
    expect((await site.checkout({ sku: 'SKU-1000', quantity: 1 })).status).toBe(201);
    run.signal('SIGTERM');
    await expectStopped(site, run);
  });
});

describe('a start that cannot succeed', () => {
  let site: Site;
  beforeAll(async () => void (site = await Site.create()));
  afterEach(() => expect(site.processes()).toEqual([]));
  afterAll(() => site.remove());

  it.each([
    ['PORT', () => site.port],
    ['SANDBOX_PORT', () => site.sandboxPort],
    ['GRPC_PORT', () => site.grpcPort],
  ])('names %s when it is taken', async (variable, port) => {
    const squatter = await listenOn(port());
    const complaint = await complaintOf(site, {});
    expect(complaint).toBe(`tradewind: port ${port()} on 127.0.0.1 is in use; set ${variable} to another one\n`);
    await new Promise((resolve) => squatter.close(resolve));
  });

  it('lists everything that is wrong with its configuration, and tells no secret', async () => {
    const complaint = await complaintOf(site, {
      env: {
        PORT: 'eighty',
        LOG_LEVEL: 'loud',
        HOLD_SECONDS: '0',
        TRADEWIND_SEED: 'some',
        DATABASE_URL: 'mysql://tradewind:hunter2@db/tradewind',
        SMTP_URL: 'mail.example.com?password=hunter2',
        CARRIER_URL: 'ftp://carriers.example',
      },
    });
    for (const name of [
      'PORT',
      'LOG_LEVEL',
      'HOLD_SECONDS',
      'TRADEWIND_SEED',
      'DATABASE_URL',
      'SMTP_URL',
      'CARRIER_URL',
    ]) {
      expect(complaint).toMatch(new RegExp(`\\b${name} must be `));
    }
    expect(complaint).toContain('not "eighty"');
    expect(complaint).not.toContain('hunter2');
  });

  it('says what is wrong with a password that is not encoded, and not the password', async () => {
    const complaint = await complaintOf(site, { env: { DATABASE_URL: 'postgres://shop:hunter2%@127.0.0.1/shop' } });
    expect(complaint).toContain('written %25');
    expect(complaint).not.toContain('hunter2');
  });

  it.each<[string, (server: URL) => Promise<void> | void, RegExp]>([
    [
      'is not there',
      async (url) => void Object.assign(url, { port: String(await lastingPort()), password: 'hunter2' }),
      /ECONNREFUSED|no answer/,
    ],
    ['has another password', (url) => void (url.password = 'hunter2'), /refuses the user or password/],
    ['has no such database', (url) => void (url.pathname = '/atlantis'), /no such database/],
    ['has no address', (url) => void (url.hostname = 'database.invalid'), /ENOTFOUND|EAI_AGAIN/],
  ])('says why it cannot use a database that %s', async (_what, spoil, why) => {
    const url = new URL(process.env.TEST_DATABASE_URL ?? '');
    await spoil(url);
    const complaint = await complaintOf(site, { env: { DATABASE_URL: url.toString() } });
    expect(complaint).toMatch(why);
    expect(complaint).toContain(`${url.hostname}:${url.port}`);
    expect(complaint).not.toContain(url.password === 'hunter2' ? 'hunter2' : `:${url.password}@`);
  });
});

function listenOn(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
