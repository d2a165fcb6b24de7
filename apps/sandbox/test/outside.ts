import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSandbox } from '../src/sandbox';

export const SECRET = 'sandbox-gateway-secret';

export interface Heard {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What the platform answers to the nth callback (from 1). */
export type Answers = (heard: Heard, nth: number) => { status: number; body: string };

const ACKNOWLEDGED = '{"return_code":"0000","return_msg":"成功","status":true}';

/** A platform that only writes down what it is told. */
export async function fakePlatform() {
  const heard: Heard[] = [];
  let answers: Answers = () => ({ status: 200, body: ACKNOWLEDGED });
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const callback = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() };
      heard.push(callback);
      const { status, body } = answers(callback, heard.length);
      response.writeHead(status).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    answer: (next: Answers) => void (answers = next),
    /** The first `count` callbacks, as soon as they are there. */
    hears: async (count: number): Promise<Heard[]> => {
      await until(() => heard.length >= count);
      return heard.slice(0, count);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A sandbox in a directory of its own, a platform it calls back, and a client. */
export async function outside() {
  const platform = await fakePlatform();
  const dataDir = await mkdtemp(path.join(tmpdir(), 'sandbox-'));
  const start = (directory = dataDir) => startSandbox({ port: 0, platformUrl: platform.url, dataDir: directory });
  let sandbox = await start();

  const call = async (method: string, where: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(sandbox.url + where, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
  };
  const asMerchant = { authorization: `Bearer ${SECRET}` };

  return {
    platform,
    dataDir,
    start,
    url: () => sandbox.url,
    call,
    faults: (plan: unknown) => call('PUT', '/faults', plan),
    decide: (payment: string, outcome: string, amount = 12990) =>
      call('POST', payAddress(payment, amount), { outcome }),
    payment: (reference: string) => call('GET', `/gateway/payments/${reference}`, undefined, asMerchant),
    refund: (body: object, key: string) =>
      call('POST', '/gateway/refunds', body, { ...asMerchant, 'idempotency-key': key }),
    refundOf: (reference: string) => call('GET', `/gateway/refunds/${reference}`, undefined, asMerchant),
    ledger: () => call('GET', '/gateway/ledger', undefined, asMerchant),
    book: (carrier: string, orderId: string) =>
      call('POST', `/carriers/${carrier}/waybills`, booking(orderId), { 'idempotency-key': orderId }),
    scan: (carrier: string, number: string, body: object) =>
      call('POST', `/carriers/${carrier}/waybills/${number}/scans`, body),
    restart: async () => {
      await sandbox.close();
      sandbox = await start();
    },
    close: async () => {
      await sandbox.close();
      await platform.close();
      await rm(dataDir, { recursive: true });
    },
  };
}

export type Outside = Awaited<ReturnType<typeof outside>>;

export function payAddress(payment: string, amount = 12990, currency = 'CNY', orderId = 'ord_1'): string {
  const sig = hmac(`${payment}|${amount}|${currency}|${orderId}`);
  return `/pay/${payment}?amount=${amount}&currency=${currency}&orderId=${orderId}&sig=${sig}`;
}

export function booking(orderId: string) {
  return { orderId, recipient: { name: '王小明', phone: '13800000000' }, parcels: [{ weightGrams: 500 }] };
}

export function hmac(text: string): string {
  return createHmac('sha256', SECRET).update(text).digest('hex');
}

/** Waits for a condition; fails when it has not come true in time. */
export async function until(condition: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${String(condition)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
