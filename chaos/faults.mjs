// Every kind of fault, as data: `inject` does it and returns what heals it, if anything must. `longest` is how long it may
// last, milliseconds; one that `lasts` stays until the end of its epoch. `kills`: a process dies, another one is alive.
// `slow`: not in a quick run. Kills, and what is marked so, wait until all processes are up.
import { createHmac, randomBytes } from 'node:crypto';
import { sleep } from '../bench/processes.mjs';
import { databaseFaults } from './faults-database.mjs';
import { eventFaults } from './faults-events.mjs';
import { until } from './world.mjs';

const HOUR_MS = 3_600_000;

/** Crash point → how often it is passed before it kills, at most. */
const CRASH_POINTS = {
  'transaction.statement': 40,
  'transaction.before-commit': 10,
  'transaction.after-commit': 10,
  'group-commit.before-batch': 4,
  'group-commit.after-batch': 4,
  'delivery.before-claim': 20,
  'delivery.after-claim': 10,
  'delivery.before-handler': 10,
  'delivery.after-handler': 10,
  'effect.before-claim': 6,
  'effect.before-call': 4,
  'effect.after-call': 4,
  'effect.after-record': 4,
};
const CRASH_WITHIN_MS = 20_000;

const crashes = Object.entries(CRASH_POINTS).map(([point, most]) => ({
  name: `kill -9 at ${point}`,
  kills: true,
  async inject({ world, random, killed }) {
    const victim = random.pick(world.platforms);
    const { running } = victim;
    victim.mayEnd = true;
    await victim.tell({ crashPoint: point, nth: random.between(1, most) });
    await endsBy(running, 'SIGKILL', CRASH_WITHIN_MS);
    killed();
  },
}));

const crashesOfStop = ['stop.begun', 'stop.workers-ended'].map((point) => ({
  name: `kill -9 at ${point}`,
  kills: true,
  async inject({ world, random, killed }) {
    const victim = random.pick(world.platforms);
    const { running } = victim;
    await victim.tell({ crashPoint: point, nth: 1 });
    await victim.kill('SIGTERM');
    await endsBy(running, 'SIGKILL', 1000);
    killed();
  },
}));

/** On an empty database: one process dies in the middle, then two start at once and finish it. */
const crashesOfMigrations = ['migration.between', 'migration.before-commit'].map((point) => ({
  name: `kill -9 at ${point}`,
  slow: true,
  async inject({ world, random }) {
    await onEmptyDatabase(world, async (one, two) => {
      const nth = random.between(point === 'migration.between' ? 2 : 1, 5);
      const dying = one.start({ CRASH_POINT: `${point}:${nth}` });
      await endsBy(dying, 'SIGKILL', CRASH_WITHIN_MS);
      one.start();
      two.start();
      await Promise.all([one.up(), two.up()]);
    });
  },
}));

const processFaults = [
  ...crashes,
  ...crashesOfStop,
  ...crashesOfMigrations,
  {
    name: 'kill -9 at any instant',
    kills: true,
    async inject({ world, random, killed }) {
      await sleep(random.between(0, 300));
      const victim = random.pick(world.platforms);
      await victim.kill();
      killed();
    },
  },
  {
    name: 'kill -9 while starting',
    kills: true,
    async inject({ world, random, killed }) {
      const victim = random.pick(world.platforms);
      await victim.kill();
      killed();
      await sleep(random.between(100, 1500));
      if (victim.isUp) return;
      await victim.kill();
    },
  },
  {
    name: 'kill -9 of both processes',
    whenAllUp: true,
    async inject({ world }) {
      await Promise.all(world.platforms.map((platform) => platform.kill()));
    },
  },
  {
    name: 'SIGTERM under load',
    whenAllUp: true,
    async inject({ world, random, history }) {
      const victim = random.pick(world.platforms);
      const code = await victim.kill('SIGTERM');
      if (code !== 0)
        history.surprises.push(`${victim.name} ended with ${code} after SIGTERM: ${victim.running.said()}`);
    },
  },
  {
    name: 'event loop stalls',
    longest: 2500,
    async inject({ world, random }) {
      const { child } = random.pick(world.up).running;
      child.kill('SIGSTOP');
      return () => void child.kill('SIGCONT');
    },
  },
  {
    name: 'process stands still for longer than locks are waited for',
    slow: true,
    async inject({ world, random }) {
      const { child } = random.pick(world.up).running;
      child.kill('SIGSTOP');
      await sleep(17_000);
      return () => void child.kill('SIGCONT');
    },
  },
  ...[HOUR_MS, -HOUR_MS].map((clockMs) => ({
    name: `clock jumps by ${clockMs / HOUR_MS > 0 ? '+' : '−'}1 h`,
    longest: 3000,
    async inject({ world, random }) {
      const victim = random.pick(world.up);
      await victim.tell({ clockMs });
      return () => victim.tell({ clockMs: 0 }).catch(() => undefined);
    },
  })),
  {
    name: 'kill -9 of the sandbox',
    async inject({ world }) {
      await world.restartSandbox('SIGKILL');
    },
  },
];

/** Target → kind → milliseconds, for those that take time. */
const OUTSIDE = {
  'gateway.callback': { duplicate: 0, delay: 1500, lose: 0, reorder: 0, garbage: 0, 'bad-signature': 0 },
  'gateway.capture': { 'timeout-after-success': 6000, 'timeout-before': 6000, error: 0, fail: 0 },
  'gateway.void': { 'timeout-after-success': 6000, 'timeout-before': 6000, error: 0, fail: 0 },
  'gateway.refund': { 'timeout-after-success': 6000, 'timeout-before': 6000, error: 0, fail: 0, 'fail-later': 800 },
  'carrier.book': { 'timeout-after-success': 6000, 'timeout-before': 6000, error: 0, 'no-number': 0 },
  'carrier.callback': { duplicate: 0, delay: 1500, lose: 0, reorder: 0, 'unknown-code': 0, garbage: 0 },
};

const outsideFaults = Object.entries(OUTSIDE).flatMap(([target, kinds]) =>
  Object.entries(kinds).map(([kind, ms]) => ({
    name: `${target}: ${kind}`,
    async inject({ world, random, shop }) {
      const times = random.between(1, 3);
      await world.sandboxFaults([{ target, kind, times, ...(ms && { ms }) }]);
      const struck = async () =>
        (await world.sandboxFaultsLeft().catch(() => [])).every(({ times: left }) => left < times);
      await Promise.all([
        provoke(shop, target),
        until('the fault strikes', 15_000, struck), // the load meets it, if our own order does not
      ]);
      return () => world.sandboxFaults();
    },
  })),
);

/** An order that comes by where the fault waits. */
async function provoke(shop, target) {
  const instruction = { 'gateway.capture': 'capture', 'gateway.void': 'void' }[target];
  const more = instruction && { capture: 'manual' };
  const placed = (await shop.checkout([{ sku: 'SKU-10', quantity: 1 }], { more })).answers[0]?.body;
  if (!placed) return;
  await shop.pay(placed, 'paid');
  if (instruction) {
    await shop.isAuthorized(placed);
    return void (await shop[instruction](placed));
  }
  const waybill = await shop.booked(placed.order.id);
  if (waybill && target === 'carrier.callback') await shop.scan(waybill, '50').then(() => shop.scan(waybill, '80'));
  if (target === 'gateway.refund') await shop.refund(placed.order.id);
}

const inputFaults = [
  {
    name: 'malformed, oversized and forged requests',
    whenAllUp: true,
    async inject({ world, history }) {
      for (const { port } of world.platforms) {
        for (const [what, target, body, headers] of badRequests()) {
          const init = { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } };
          const answer = await fetch(`http://127.0.0.1:${port}${target}`, init).catch(() => undefined);
          const text = await answer?.text();
          history.refusedInput += 1;
          if (answer && (answer.status < 400 || answer.status >= 500)) {
            history.surprises.push(`${what} was answered with ${answer.status} ${text.slice(0, 200)}`);
          }
        }
      }
    },
  },
  {
    name: 'the same requests at once in two processes',
    whenAllUp: true,
    async inject({ world, shop }) {
      const ports = world.platforms.flatMap(({ port }) => [port, port, port]);
      await Promise.all(
        Array.from({ length: 5 }, async () => {
          const command = await shop.checkout([{ sku: 'SKU-11', quantity: 1 }], { ports });
          const { order } = command.answers[0].body;
          await Promise.all([shop.cancel(order.id, { ports }), shop.repeat(command)]);
        }),
      );
    },
  },
];

function* badRequests() {
  const key = { 'idempotency-key': `bad-${randomBytes(6).toString('hex')}` };
  const callback = JSON.stringify({
    id: 'evt_x',
    type: 'payment.paid',
    reference: 'pay_x',
    amount: 1,
    currency: 'CNY',
  });
  const at = Math.floor(Date.now() / 1000);
  const forged = createHmac('sha256', 'not the secret').update(`${at}.${callback}`).digest('hex');
  yield ['a checkout that is no JSON', '/v1/checkout', '{"lines":', key];
  yield ['a checkout without lines', '/v1/checkout', '{}', key];
  yield ['a checkout without a key', '/v1/checkout', '{}', {}];
  yield ['a checkout of a megabyte', '/v1/checkout', JSON.stringify({ email: 'x'.repeat(2 ** 20) }), key];
  yield ['a refund of an order that is none', '/v1/refunds', '{"orderId":"ord_1","reason":"x"}', key];
  yield [
    'a forged callback',
    '/v1/payments/callbacks/sandbox',
    callback,
    { 'sandbox-signature': `t=${at},v1=${forged}` },
  ];
  yield ['an unsigned callback', '/v1/payments/callbacks/sandbox', callback, {}];
  yield ['a callback of a megabyte', '/v1/payments/callbacks/sandbox', 'x'.repeat(2 ** 20), {}];
  yield ['a carrier message that is none', '/v1/carriers/SF/callbacks/sandbox-sf-secret', '{"Body":7}', {}];
  yield [
    'a carrier message with a wrong secret',
    '/v1/carriers/SF/callbacks/guess',
    '{"Body":{"WaybillRoute":[]}}',
    {},
  ];
  yield ['a carrier message of a megabyte', '/v1/carriers/SF/callbacks/sandbox-sf-secret', 'x'.repeat(2 ** 20), {}];
}

export const FAULTS = [...processFaults, ...databaseFaults, ...eventFaults, ...outsideFaults, ...inputFaults];

async function endsBy(running, signal, withinMs) {
  const end = await Promise.race([running.exited, sleep(withinMs).then(() => 'not at all')]);
  if (end !== signal) throw new Error(`the process ended with ${end}: ${running.said().slice(-500)}`);
}

let databases = 0;
/** Two platforms that may start on a database of their own; both must stop cleanly in the end, all migrations must have run once. */
async function onEmptyDatabase(world, work) {
  const name = `aside_${(databases += 1)}`;
  await world.sqlOnServer(`CREATE DATABASE ${name}`);
  const pair = [await world.aside('one', name), await world.aside('two', name)];
  try {
    await work(...pair);
    const session = await world.session(name);
    const { rows } = await session.query('SELECT name, count(*) AS times FROM tradewind.migration GROUP BY name');
    await session.end();
    if (rows.length < 5 || rows.some(({ times }) => times !== 1))
      throw new Error(`migrations ran as ${JSON.stringify(rows)}`);
  } finally {
    for (const platform of pair) if (platform.running) await platform.retire();
    await world.sqlOnServer(`DROP DATABASE ${name} WITH (FORCE)`);
  }
}
