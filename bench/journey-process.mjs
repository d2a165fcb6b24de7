// Buyers and a carrier: plays whole journeys through HTTP alone, so many at a time.
import { basket } from './basket.mjs';
import { Connection } from './connection.mjs';
import { serve, sleep } from './processes.mjs';

const PATIENCE_MS = 30_000;
const POLL_MS = { first: 20, most: 160 };

async function play({ port, sandboxPort, orders, concurrency, run }) {
  const journeys = [];
  let next = 0;
  let failure;
  const begin = performance.now();
  const worker = async () => {
    const platform = await Connection.open(port);
    const sandbox = await Connection.open(sandboxPort);
    while (next < orders && !failure) {
      const number = next++;
      try {
        journeys.push(await journey(platform, sandbox, `${run}-${number}`, number));
      } catch (error) {
        failure ??= error.message;
      }
    }
    platform.close();
    sandbox.close();
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return { journeys, failure, elapsedMs: performance.now() - begin };
}

/** Resolves with the milliseconds from the start to each station. */
async function journey(platform, sandbox, key, number) {
  const begin = performance.now();
  const at = {};
  const reached = (station) => (at[station] = performance.now() - begin);

  const sku = `SKU-${1 + (number % 1000)}`;
  const { order, payment } = await expect(
    201,
    platform.ask('POST', '/v1/checkout', basket(sku), `idempotency-key: ${key}\r\n`),
  );
  reached('placed');
  const page = new URL(payment.redirectUrl);
  await expect(200, sandbox.ask('POST', page.pathname + page.search, { outcome: 'paid' }));
  const waybill = await until('the waybill has a number', async () => {
    const { data } = await expect(200, platform.ask('GET', `/v1/orders/${order.id}/waybills`));
    return data.find((candidate) => candidate.number);
  });
  reached('booked');
  for (const code of ['50', '80']) {
    const scans = `/carriers/${waybill.carrier}/waybills/${waybill.number}/scans`;
    await expect(202, sandbox.ask('POST', scans, { code, place: '深圳市', text: '快件状态更新' }));
  }
  await until('the order is delivered', async () => {
    const { status } = await expect(200, platform.ask('GET', `/v1/orders/${order.id}`));
    return status === 'delivered';
  });
  reached('delivered');
  await until('three messages were sent', async () => {
    const { data } = await expect(200, platform.ask('GET', `/v1/notifications?orderId=${order.id}`));
    return data.length === 3 && data.every((message) => message.status === 'sent');
  });
  reached('told');
  return at;
}

async function expect(status, asked) {
  const answer = await asked;
  if (answer.status !== status)
    throw new Error(`expected ${status}, got ${answer.status}: ${answer.text.slice(0, 200)}`);
  return answer.json();
}

async function until(what, look) {
  const end = performance.now() + PATIENCE_MS;
  for (let wait = POLL_MS.first; ; wait = Math.min(wait * 1.5, POLL_MS.most)) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end) throw new Error(`waited ${PATIENCE_MS / 1000} s in vain until ${what}`);
    await sleep(wait);
  }
}

serve({ play });
