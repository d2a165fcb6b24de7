// One order from checkout to door against a running platform, through HTTP alone, with its timeline at the end.
// PLATFORM_URL and SANDBOX_URL name other addresses than the default ones.
import { randomUUID } from 'node:crypto';
import { styleText } from 'node:util';

const platform = process.env.PLATFORM_URL ?? `http://127.0.0.1:${process.env.PORT ?? 8080}`;
const sandbox = process.env.SANDBOX_URL ?? `http://127.0.0.1:${process.env.SANDBOX_PORT ?? 8081}`;
const PATIENCE_MS = 20_000;

const colour = (format, text) => (process.stdout.isTTY && !process.env.NO_COLOR ? styleText(format, text) : text);
const step = (text, detail = '') => console.log(`${colour('green', '✔')} ${text} ${colour('gray', detail)}`);

async function call(method, url, body, headers = {}) {
  let response;
  try {
    response = await fetch(url, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new Error(`nothing answers at ${new URL(url).origin}: start the platform first with "npm start"`);
  }
  const answer = await response.json();
  if (!response.ok)
    throw new Error(`${method} ${url}: ${response.status} ${answer.code ?? answer.error}: ${answer.detail ?? ''}`);
  return answer;
}

async function until(what, look) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = await look();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${PATIENCE_MS / 1000} s in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function main() {
  const basket = {
    lines: [
      { sku: 'SKU-1', quantity: 2 },
      { sku: 'SKU-42', quantity: 1 },
    ],
    shippingAddress: {
      name: '王小明',
      phone: '+86 138 0000 0000',
      country: 'CN',
      province: '广东省',
      city: '深圳市',
      district: '南山区',
      line1: '科技园南路 1 号',
      postcode: '518057',
    },
    email: 'wang@example.com',
    paymentMethod: 'sandbox',
    carrier: 'SF',
    locale: 'zh-CN',
  };
  const { order, payment } = await call('POST', `${platform}/v1/checkout`, basket, { 'idempotency-key': randomUUID() });
  step('checked out', `${order.id}, ${order.total.amount / 100} ${order.total.currency}, stock held`);

  await call('POST', payment.redirectUrl, { outcome: 'paid' });
  const read = () => call('GET', `${platform}/v1/orders/${order.id}`);
  await until('the order is paid', async () => (await read()).status === 'paid');
  step('paid', payment.id);

  const waybill = await until('the waybill has a number', async () => {
    const { data } = await call('GET', `${platform}/v1/orders/${order.id}/waybills`);
    return data.find((candidate) => candidate.number);
  });
  step('booked with the carrier', `${waybill.carrier} ${waybill.number}`);

  const scan = (code, place, text) =>
    call('POST', `${sandbox}/carriers/${waybill.carrier}/waybills/${waybill.number}/scans`, { code, place, text });
  await scan('50', '深圳市', '顺丰速运 已收取快件');
  await until('the order is shipped', async () => (await read()).status === 'shipped');
  step('picked up', 'order shipped');
  await scan('204', '深圳市', '快件交给快递员，正在派送途中');
  await scan('80', '深圳市', '已签收');
  await until('the order is delivered', async () => (await read()).status === 'delivered');
  step('signed for', 'order delivered');

  const messages = await until('three messages were sent', async () => {
    const { data } = await call('GET', `${platform}/v1/notifications?orderId=${order.id}`);
    return data.length >= 3 && data.every((message) => message.status === 'sent') && data;
  });
  step(
    'told the buyer',
    messages
      .map((message) => message.template)
      .toReversed()
      .join(', '),
  );

  const { data: timeline } = await call('GET', `${platform}/v1/orders/${order.id}/timeline`);
  console.log(`\n${colour('bold', `Timeline of ${order.id}`)}`);
  const start = Date.parse(timeline[0].at);
  const context = { trading: 'cyan', logistics: 'yellow', notification: 'magenta' };
  for (const { at, type, actor, summary } of timeline) {
    const owner = type.split('.')[0];
    const offset = `+${Date.parse(at) - start} ms`.padStart(10);
    console.log(
      `${colour('gray', offset)}  ${colour(context[owner] ?? 'white', owner.padEnd(12))}  ${summary.padEnd(46)}  ${colour('gray', actor)}`,
    );
  }
}

main().catch((error) => {
  console.error(`${colour('red', '✘')} ${error.message}`);
  process.exitCode = 1;
});
