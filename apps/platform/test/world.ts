import { createHmac, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Workers } from '@tradewind/shared-kernel/messaging';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { createTestDatabase, eventually } from '@tradewind/shared-kernel/testing';
import { seedDemoBuyer, seedDemoCatalogue, seedDemoPromotion } from '@tradewind/trading';
import { startSandbox } from '../../sandbox/src/sandbox';
import { createApp } from '../src/create-app';
import { Readiness } from '../src/http/readiness';
import { persistence } from '../src/platform.module';
import { freePort } from '../src/start/ports';
import { loadSettings } from '../src/start/load-settings';

export const GATEWAY_SECRET = 'sandbox-gateway-secret';

export interface Reply<Body = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: Body;
}

// Answers are looked into field by field; their shapes are the API's, checked by the assertions.
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any;

/** The platform and the sandbox in this process, over real HTTP, on a database of their own. */
export async function startWorld(env: Record<string, string> = {}) {
  const [port, sandboxPort] = [await freePort(), await freePort()];
  const folder = mkdtempSync(path.join(tmpdir(), 'tradewind-world-'));
  const database = await createTestDatabase(persistence);
  const url = `http://127.0.0.1:${port}`;
  const settings = loadSettings({
    PORT: String(port),
    SANDBOX_PORT: String(sandboxPort),
    TRADEWIND_DATA_DIR: folder,
    LOG_LEVEL: 'silent',
    TIME_BUDGET_MS: '10000',
    ...env,
  });
  const sandbox = await startSandbox({
    host: '127.0.0.1',
    port: sandboxPort,
    platformUrl: url,
    dataDir: folder,
    gatewaySecret: GATEWAY_SECRET,
    sfSecret: settings.sfSecret,
    ztoKey: settings.ztoKey,
  });
  const app = await createApp(settings, database.url);
  await seedDemoCatalogue(app.get(UnitOfWork));
  await seedDemoBuyer(app.get(UnitOfWork));
  await seedDemoPromotion(app.get(UnitOfWork));
  await app.listen(port, '127.0.0.1');
  await app.get(Workers).start();
  app.get(Readiness).serving = true;

  const call = async (
    method: string,
    target: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply<Json>> => {
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(target.startsWith('http') ? target : `${url}${target}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : raw ? (body as string) : JSON.stringify(body),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json');
    return { status: response.status, headers: response.headers, body: json && text ? JSON.parse(text) : text };
  };
  const order = async (id: string) => (await call('GET', `/v1/orders/${id}`)).body;

  const world = {
    url,
    settings,
    databaseUrl: database.url,
    sandboxUrl: sandbox.url,
    app,
    unitOfWork: app.get(UnitOfWork),
    call,
    order,
    checkout: (basket: object = {}, key: string = randomUUID()) =>
      call('POST', '/v1/checkout', { ...aBasket(), ...basket }, { 'idempotency-key': key }),
    /** Checks out and pays; resolves once the order is paid. */
    aPaidOrder: async (basket: object = {}): Promise<Json> => {
      const { body } = await world.checkout(basket);
      await call('POST', body.payment.redirectUrl, { outcome: 'paid' });
      await eventually(async () => (await order(body.order.id)).status === 'paid');
      return body;
    },
    waybillOf: (orderId: string): Promise<Json> =>
      eventually(async () => {
        const { body } = await call('GET', `/v1/orders/${orderId}/waybills`);
        return body.data.find((waybill: Json) => waybill.number);
      }),
    scan: (waybill: Json, scan: object) =>
      call('POST', `${sandbox.url}/carriers/${waybill.carrier}/waybills/${waybill.number}/scans`, scan),
    faults: (...faults: object[]) => call('PUT', `${sandbox.url}/faults`, faults),
    callback: (
      message: object | string,
      { secret = GATEWAY_SECRET, at = Math.floor(Date.now() / 1000), to = url } = {},
    ) => {
      const body = typeof message === 'string' ? message : JSON.stringify(message);
      const v1 = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
      return call('POST', `${to}/v1/payments/callbacks/sandbox`, body, { 'sandbox-signature': `t=${at},v1=${v1}` });
    },
    stop: async () => {
      await app.getHttpAdapter().close();
      await app.get(Workers).stop();
      await app.close();
      await sandbox.close();
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return world;
}

/** A second platform on the database of the first, as another replica. */
export async function startSecondProcess(world: World) {
  const port = await freePort();
  const app = await createApp({ ...world.settings, port }, world.databaseUrl);
  await app.listen(port, '127.0.0.1');
  await app.get(Workers).start();
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      await app.getHttpAdapter().close();
      await app.get(Workers).stop();
      await app.close();
    },
  };
}

export type World = Awaited<ReturnType<typeof startWorld>>;

export const aBasket = () => ({
  lines: [{ sku: 'SKU-1', quantity: 1 }],
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
});
