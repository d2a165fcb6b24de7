import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { credentials, loadPackageDefinition, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { tradingGrpc } from '@tradewind/trading';
import { protoPath as healthProto } from 'grpc-health-check';
import { createApp } from '../src/create-app';
import { Readiness } from '../src/http/readiness';
import { type GrpcServer, startGrpc } from '../src/start/grpc';
import { freePort } from '../src/start/ports';
import { type Json, startWorld, type World } from './world';

const REFLECTION = path.join(require.resolve('@grpc/reflection'), '../../proto/grpc/reflection/v1/reflection.proto');

describe('api.v1.UserService over gRPC', () => {
  let world: World;
  let grpc: GrpcServer;
  let port: number;
  const clients: Json[] = [];
  beforeAll(async () => {
    world = await startWorld();
    port = await freePort();
    grpc = await startGrpc(world.app, '127.0.0.1', port);
    world.app.get(Readiness).watch('grpc', () => grpc.failing());
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await grpc.stop();
    await world.stop();
  });

  /** A client of a service, made from its `.proto` as any caller makes one. */
  const client = (proto: string, service: string): Json => {
    const loaded = loadPackageDefinition(
      loadSync(proto, { keepCase: true, longs: Number, enums: String, defaults: true }),
    );
    const Service = service.split('.').reduce<Json>((part, name) => part[name], loaded);
    const made = new Service(`127.0.0.1:${port}`, credentials.createInsecure());
    clients.push(made);
    return made;
  };
  const call = (of: Json, method: string, request: object): Promise<Json> =>
    new Promise((resolve, reject) => {
      of[method](request, (error: ServiceError | null, answer: Json) => (error ? reject(error) : resolve(answer)));
    });
  const getUser = (userId?: string) =>
    call(
      client(tradingGrpc.protoPath, 'api.v1.UserService'),
      'GetUser',
      userId === undefined ? {} : { user_id: userId },
    );

  it('GetUser answers code, message and data{id, name, created_at in Unix milliseconds}', async () => {
    const id = randomUUID();
    const profile = { memberNumber: '-7', nickname: '小明 🐉' };
    const { body } = await world.call('PUT', `/v1/buyers/${id}`, profile);
    const answer = { code: 0, message: '', data: { id, name: '小明 🐉', created_at: Date.parse(body.registeredAt) } };
    expect(await getUser(id)).toEqual(answer);
    expect(await getUser(id.toUpperCase())).toEqual(answer);
  });

  it.each([
    ['nothing', undefined],
    ['an empty text', ''],
    ['text', 'ada'],
    ['a TypeID', 'buy_01kc1xv8q1fwer8xv1wbq0z4a8'],
    ['a UUID without hyphens', randomUUID().replaceAll('-', '')],
    ['36 other characters', 'x'.repeat(36)],
    ['a UUID and more', `${randomUUID()}0`],
    ['SQL', "'; DROP TABLE trading.buyer; --"],
    ['a very long text', '9'.repeat(10_000)],
  ])('answers INVALID_ARGUMENT to %s', async (_what, userId) => {
    const answer = await getUser(userId);
    expect(answer).toMatchObject({ code: 3, data: null });
    expect(answer.message).toMatch(/^user_id (is a UUID|has at most 36 characters)$/);
  });

  it('answers NOT_FOUND for a user whom nobody knows', async () => {
    expect(await getUser(randomUUID())).toEqual({ code: 5, message: 'there is no such user', data: null });
  });

  it('tells nothing of what fails inside', async () => {
    await world.unitOfWork.query('ALTER TABLE trading.buyer RENAME COLUMN nickname TO name');
    const answer = await getUser(randomUUID());
    await world.unitOfWork.query('ALTER TABLE trading.buyer RENAME COLUMN name TO nickname');
    expect(answer).toEqual({ code: 13, message: 'the service failed', data: null });
  });

  it('takes no request that is too large', async () => {
    await expect(getUser('9'.repeat(100_000))).rejects.toMatchObject({ code: 8 });
  });

  it('answers many calls at once', async () => {
    const service = client(tradingGrpc.protoPath, 'api.v1.UserService');
    const answers = await Promise.all(
      Array.from({ length: 500 }, () => call(service, 'GetUser', { user_id: randomUUID() })),
    );
    expect(answers.every(({ code }) => code === 5)).toBe(true);
  });

  it('has the standard health service', async () => {
    const health = client(healthProto, 'grpc.health.v1.Health');
    for (const service of ['', 'api.v1.UserService']) {
      expect(await call(health, 'Check', { service })).toEqual({ status: 'SERVING' });
    }
    await expect(call(health, 'Check', { service: 'api.v1.Nothing' })).rejects.toMatchObject({ code: 5 });
  });

  it('has reflection', async () => {
    const stream = client(REFLECTION, 'grpc.reflection.v1.ServerReflection').ServerReflectionInfo();
    const answer = await new Promise<Json>((resolve, reject) => {
      stream.once('data', resolve).once('error', reject);
      stream.write({ list_services: '' });
    });
    stream.end();
    expect(answer.list_services_response.service).toContainEqual({ name: 'api.v1.UserService' });
  });

  it('refuses a second server on its port with what to do', async () => {
    const app = await createApp(world.settings, world.databaseUrl);
    await expect(startGrpc(app, '127.0.0.1', port)).rejects.toThrow('set GRPC_PORT to another one');
    await app.close();
  });

  it('stops although a client watches it, tells so first, and is then named as what fails', async () => {
    expect((await world.call('GET', '/health/ready')).body).toEqual({ status: 'ok', failing: {} });
    const watch = client(healthProto, 'grpc.health.v1.Health').Watch({ service: '' });
    const seen: string[] = [];
    const ended = new Promise((resolve) => watch.on('error', resolve).on('end', resolve));
    const first = new Promise((resolve) => watch.once('data', resolve));
    watch.on('data', ({ status }: Json) => seen.push(status));
    await first;
    await grpc.stop();
    await ended;
    expect(seen).toEqual(['SERVING', 'NOT_SERVING']);
    const ready = await world.call('GET', '/health/ready');
    expect(ready).toMatchObject({ status: 503, body: { failing: { grpc: 'does not listen' } } });
    await expect(getUser(randomUUID())).rejects.toMatchObject({ code: 14 });
  });
});
