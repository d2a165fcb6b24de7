// The world around the platform in one process, at little cost: buyers, their payment gateway and their carrier. What the
// platform calls is answered from memory; what it waits for is posted straight to it, in the formats of the sandbox.
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import pg from 'pg';
import { basket } from './basket.mjs';
import { Connections, requestText } from './connection.mjs';
import { arrivals } from './pacing.mjs';
import { ROOT, serve, sleep } from './processes.mjs';
import { percentile } from './statistics.mjs';

const { uuidOf } = createRequire(import.meta.url)(path.join(ROOT, 'dist/libs/shared-kernel/src/index.js'));

const CONNECTIONS = 64;
const SKUS = 1000;
/** No parcel is scanned in the moment of its booking: by then the platform has recorded the waybill's number. */
const SCANNED_AFTER_MS = 100;
const LOOK_MS = 50;
/** So many orders are looked for at a time, the oldest ones. */
const MOST_LOOKED_FOR = 500;
const PATIENCE_MS = 60_000;

let secrets;
let platform;
let db;
let placed = 0;
/** What has gone wrong, by the answer that showed it. */
let unexpected = {};
/** Id of an order → what becomes of it, until its third message is written. */
const underWay = new Map();
/** UUID of an order that was signed for → the order. */
const signedFor = new Map();
const waybills = new Map();

// ---- what the platform calls

async function listen(options) {
  ({ secrets } = options);
  const server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return server.address().port;
}

function answer(request, response) {
  const { method, url, headers } = request;
  request.resume().once('end', () => {
    const reply = (status, body) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const asked = new URL(url, 'http://carrier').searchParams.get('orderId');
    const booked = waybills.get(asked);
    if (method === 'POST' && url === '/carriers/SF/waybills') reply(201, waybillOf(headers['idempotency-key']));
    else if (booked) reply(200, booked);
    else reply(404, { error: 'not known here' });
  });
}

/** The same for the same order, however often it is booked. */
function waybillOf(orderId) {
  const earlier = waybills.get(orderId);
  if (earlier) return earlier;
  const waybill = { carrier: 'SF', number: `SF${String(waybills.size).padStart(13, '0')}`, status: 'booked' };
  waybills.set(orderId, waybill);
  setTimeout(() => void scan(orderId, waybill), SCANNED_AFTER_MS);
  return waybill;
}

// ---- what it waits for

async function connect({ ports, url }) {
  platform = await Connections.open(ports, CONNECTIONS);
  db = new pg.Client({ connectionString: url });
  await db.connect();
}

/** Resolves with the text of the answer; undefined when its status was another one. */
function post(target, json, headers, status) {
  return new Promise((resolve) => {
    platform.send(requestText('POST', target, json, headers), (found, bytes) => {
      const text = bytes.toString('utf8');
      if (found === status) return resolve(text);
      (unexpected[found] ??= { count: 0, body: `${target}: ${text.slice(0, 300)}` }).count += 1;
      resolve(undefined);
    });
  });
}

/** Checks out and pays; the rest follows when the platform books the waybill. `begun` is when the buyer wanted it. */
async function buy(key, begun) {
  underWay.set(key, { begun }); // its id is not known yet
  const headers = `idempotency-key: ${key}\r\n`;
  const answered = await post('/v1/checkout', JSON.stringify(basket(`SKU-${1 + (placed++ % SKUS)}`)), headers, 201);
  underWay.delete(key);
  if (!answered) return;
  const { order, payment } = JSON.parse(answered);
  underWay.set(order.id, { begun });
  const report = JSON.stringify({
    id: `evt_${payment.id}`,
    type: 'payment.paid',
    reference: payment.id,
    gatewayReference: `ch_${payment.id}`,
    ...order.total,
    occurredAt: new Date().toISOString(),
  });
  const t = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', secrets.gateway).update(`${t}.${report}`).digest('hex');
  const signed = await post(
    '/v1/payments/callbacks/sandbox',
    report,
    `sandbox-signature: t=${t},v1=${signature}\r\n`,
    200,
  );
  if (!signed) underWay.delete(order.id);
}

async function scan(orderId, { number }) {
  for (const opCode of ['50', '80']) {
    const route = {
      id: `${number}${opCode}`,
      mailno: number,
      orderid: orderId,
      acceptTime: chinaTime(Date.now()),
      acceptAddress: '深圳市',
      remark: '快件状态更新',
      opCode,
    };
    const push = JSON.stringify({ Body: { WaybillRoute: [route] } });
    if (!(await post(`/v1/carriers/SF/callbacks/${secrets.sf}`, push, '', 200))) {
      underWay.delete(orderId);
      return;
    }
  }
  signedFor.set(uuidOf(orderId), orderId);
}

/** Carriers write China's local time, without saying so. */
const chinaTime = (ms) => new Date(ms + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');

// ---- runs

/** Takes out the orders whose third message is written; resolves with when each began and was told, epoch milliseconds. */
async function newlyTold() {
  const lookedFor = [...signedFor.keys()].slice(0, MOST_LOOKED_FOR);
  if (lookedFor.length === 0) return [];
  const { rows } = await db.query({
    name: 'told',
    text: `SELECT order_id, extract(epoch FROM created_at)::float8 * 1000 AS told FROM notification.delivery
            WHERE order_id = ANY($1::uuid[]) AND event = 'trading.order-delivered.v1'`,
    values: [lookedFor],
  });
  return rows.map(({ order_id: uuid, told }) => {
    const orderId = signedFor.get(uuid);
    const { begun } = underWay.get(orderId);
    signedFor.delete(uuid);
    underWay.delete(orderId);
    return { begun, told };
  });
}

/** Keeps so many orders under way (closed loop), or lets so many arrive in a second whatever becomes of them (open loop). */
async function play({ run, inFlight, perSecond, warmUpMs, measureMs }, tell) {
  unexpected = {};
  const before = placed;
  const told = [];
  const samples = [];
  let count = 0;
  const next = (begun) => void buy(`${run}-${count++}`, begun);
  const look = async () => {
    told.push(...(await newlyTold()));
    samples.push({ at: Date.now(), count: underWay.size });
    for (let missing = (inFlight ?? 0) - underWay.size; missing > 0; missing--) next(Date.now());
    await sleep(LOOK_MS);
  };
  const load =
    perSecond && arrivals({ perSecond, ms: warmUpMs + measureMs }, (due) => next(performance.timeOrigin + due));

  const started = Date.now();
  // A closed loop is warm when the orders that began together have all been told.
  while (Date.now() < started + warmUpMs || told.length < (inFlight ?? 0)) {
    if (Date.now() > started + PATIENCE_MS) throw new Error(`only ${told.length} orders are delivered and told`);
    await look();
  }
  const begin = Date.now();
  const toldBefore = told.length;
  tell('measuring');
  while (Date.now() < begin + measureMs) await look();
  // Orders that began together end together, so a closed loop is measured over whole rounds of them.
  const rounds = Math.ceil((told.length - toldBefore) / (inFlight ?? 1)) || 1;
  while (inFlight && told.length < toldBefore + rounds * inFlight) {
    if (Date.now() > begin + PATIENCE_MS) throw new Error(`only ${told.length} orders are delivered and told`);
    await look();
  }
  tell('measured');
  const measured = told.slice(toldBefore);
  const measuredMs = Date.now() - begin;
  await load;

  const atEnd = underWay.size;
  const stopped = Date.now();
  while (underWay.size > 0) {
    if (Date.now() - stopped > PATIENCE_MS) throw new Error(`${underWay.size} orders are not delivered and told`);
    await sleep(LOOK_MS);
    told.push(...(await newlyTold()));
  }
  const waits = measured.map((order) => order.told - order.begun).toSorted((a, b) => a - b);
  return {
    rate: (measured.length * 1000) / measuredMs,
    p50: percentile(waits, 50),
    p99: percentile(waits, 99),
    /** Orders begun and not told when the load ended; how long the last of them took from then, milliseconds. */
    atEnd,
    drainMs: Math.max(0, ...told.map((order) => order.told - stopped)),
    growth: growthOf(samples.filter(({ at }) => at >= begin)),
    placed: placed - before,
    unexpected,
  };
}

/** Orders under way that each second adds: the slope of the line through the samples. */
function growthOf(samples) {
  const mean = (values) => values.reduce((total, value) => total + value, 0) / values.length;
  const [at, count] = [mean(samples.map((one) => one.at)), mean(samples.map((one) => one.count))];
  const product = mean(samples.map((one) => (one.at - at) * (one.count - count)));
  return (1000 * product) / mean(samples.map((one) => (one.at - at) ** 2));
}

serve({ listen, connect, play });
