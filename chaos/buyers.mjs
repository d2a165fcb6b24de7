// The load: buyers, returning and impatient ones, with a courier behind them. Everything that they were told is kept in
// the history, for the check at the end.
import { randomUUID } from 'node:crypto';
import { sleep } from '../bench/processes.mjs';
import { basket } from '../bench/basket.mjs';
import { buy } from './journeys.mjs';

const ANSWER_WITHIN_MS = 4000;
const DEFINITE_WITHIN_MS = 90_000;
const BOOKED_WITHIN_MS = 6000;
/** Most journeys under way: when parcels stand still, shopping slows down. */
const MOST_JOURNEYS = 24;

const BUYERS = 8;
const PROMOTION = {
  name: 'chaos',
  conditions: [{ kind: 'coupon' }],
  actions: [{ kind: 'order-percent', basisPoints: 1000 }],
};
/** Few uses, so that buyers fight over them. */
const COUPON = { code: 'CHAOS', totalLimit: 12, perBuyerLimit: 3 };

/** Refusals that a command may get here; any other one is a finding. */
const REFUSALS = {
  checkout: [
    'insufficient-stock',
    'idempotency-key-reused',
    'coupon-exhausted',
    'insufficient-balance',
    'price-changed', // a quote is over for a process whose clock has jumped an hour ahead
  ],
  cancel: ['illegal-transition'],
  'cancel lines': ['illegal-transition', 'insufficient-units'],
  refund: ['not-refundable', 'refund-exceeds-captured', 'insufficient-units'],
  fulfil: ['illegal-transition', 'insufficient-units'],
  capture: ['not-capturable', 'capture-exceeds-authorized', 'payment-operation-open', 'illegal-transition'],
  void: ['not-voidable', 'payment-operation-open'],
  return: ['insufficient-units'],
  'receive return': ['illegal-return-step'],
  'decide return': ['illegal-return-step'],
  credit: [],
  'receive goods': [],
  adjust: ['stock-reserved'],
};

export class History {
  /** One for each key: `{kind, key, body, outcome, code, answers: [{begun, at, status, body}]}`. */
  commands = [];
  /** What should not have been heard or seen. */
  surprises = [];
  /** What baskets were said to cost: quoteHash → minor units. */
  quotes = {};
  reads = 0;
  scans = 0;
  payments = { paid: 0, declined: 0 };
  /** Milliseconds from payment to waybill, of everybody who waited for it. */
  bookings = [];
  unknownAnswers = 0;
  refusedInput = 0;

  acknowledged(kind) {
    return this.commands.filter((command) => command.kind === kind && command.outcome === 'acknowledged');
  }
}

async function call(port, method, target, body, headers = {}) {
  const answer = await fetch(`http://127.0.0.1:${port}${target}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    body: answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text,
  };
}

/** Registers buyers with some money in store and gives out a coupon, before anything is broken. */
export async function openTheShop(world) {
  const [{ port }] = world.platforms;
  const ask = async (method, target, body, headers) => {
    const answer = await call(port, method, target, body, headers);
    if (answer.status >= 300) throw new Error(`${method} ${target} answered ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const promotion = await ask('POST', '/v1/promotions', PROMOTION);
  await ask('POST', '/v1/coupons', { ...COUPON, promotionId: promotion.id });
  world.buyers = [];
  for (let number = 1; number <= BUYERS; number += 1) {
    const profile = { memberNumber: String(number + 10_000), nickname: `buyer ${number}`, level: number % 4 };
    world.buyers.push((await ask('PUT', `/v1/buyers/${randomUUID()}`, profile)).id);
  }
}

/** What people see of the buyers when all is done: `[{id, points, balances}]`. */
export function accountsOf(world) {
  const [{ port }] = world.platforms;
  return Promise.all(
    world.buyers.map(async (id) => ({
      id,
      points: (await call(port, 'GET', `/v1/buyers/${id}`)).body.points,
      balances: (await call(port, 'GET', `/v1/buyers/${id}/balance`)).body.data,
    })),
  );
}

/** What one can do through HTTP, insisting until the outcome is known. */
export class Shop {
  #keys = 0;

  constructor(world, history, random, name) {
    Object.assign(this, { world, history, random, name });
  }

  /** A live platform first, the preferred one if it is. */
  #port(turn = 0) {
    const { platforms } = this.world;
    const up = platforms.filter(({ isUp }) => isUp);
    const choice = up.length > 0 ? up : platforms;
    return choice[(this.random.between(0, 1) + turn) % choice.length].port;
  }

  /** Asks until there is a definite answer, with the same key, at whichever process is there. */
  async command(kind, target, body, { key = `${this.name}-${(this.#keys += 1)}`, ports } = {}) {
    const command = { kind, key, target, body, outcome: 'unknown', code: undefined, answers: [] };
    this.history.commands.push(command);
    await Promise.all((ports ?? [undefined]).map((port) => this.#insist(command, port)));
    return command;
  }

  async repeat(command) {
    await this.#insist(command);
  }

  /** Everything that got no definite answer in its time, again, now that nothing is broken: whether it happened is known then. */
  async askAgain() {
    for (const command of this.history.commands) if (command.outcome === 'unknown') await this.#insist(command);
  }

  async #insist(command, port) {
    const begin = performance.now();
    for (let turn = 0; performance.now() - begin < DEFINITE_WITHIN_MS; turn += 1) {
      const begun = performance.now();
      const headers = { 'idempotency-key': command.key };
      const at = turn === 0 && port !== undefined ? port : this.#port(turn);
      const answer = await call(at, 'POST', command.target, command.body, headers).catch(() => undefined);
      if (answer && this.#isDefinite(command, answer, begun)) return;
      this.history.unknownAnswers += 1;
      await sleep(this.random.between(40, 200));
    }
    this.history.surprises.push(`${command.kind} ${command.key} got no definite answer`);
  }

  #isDefinite(command, { status, body }, begun) {
    if (status >= 200 && status < 300) {
      command.answers.push({ begun, at: performance.now(), status, body });
      command.outcome = 'acknowledged';
      return true;
    }
    // 408 is the server's own: it could not read the request in time, and has done nothing.
    if (status >= 500 || status === 408 || body.code === 'request-in-progress') return false;
    if (!REFUSALS[command.kind].includes(body.code)) {
      this.history.surprises.push(`${command.kind} ${command.key} was refused with ${status} ${JSON.stringify(body)}`);
    }
    // Of two at once one may have been refused before the other had its effect.
    if (command.outcome === 'unknown') Object.assign(command, { outcome: 'refused', code: body.code });
    return true;
  }

  checkout(lines, options) {
    return this.command('checkout', '/v1/checkout', { ...basket('SKU-1'), lines, ...options?.more }, options);
  }

  cancel(orderId, options) {
    return this.command('cancel', `/v1/orders/${orderId}/cancel`, { reason: 'changed mind' }, options);
  }

  cancelLines(orderId, lines, options) {
    return this.command('cancel lines', `/v1/orders/${orderId}/cancel`, { reason: 'too many', lines }, options);
  }

  /** `what`: `{amount}` or `{lines}`; everything when it is empty. */
  refund(orderId, what, options) {
    return this.command('refund', '/v1/refunds', { orderId, ...what, reason: 'damaged on arrival' }, options);
  }

  capture({ payment }, body, options) {
    return this.command('capture', `/v1/payments/${payment.id}/captures`, body ?? {}, options);
  }

  void({ payment }, options) {
    return this.command('void', `/v1/payments/${payment.id}/void`, undefined, options);
  }

  /** Undefined when nobody has heard of it in time. */
  isAuthorized({ payment }) {
    return this.sees(`/v1/payments/${payment.id}`, ({ status }) => status === 'authorized');
  }

  /** The price of a basket until its time is over; undefined while nobody answers. */
  async quote(body) {
    const answer = await call(this.#port(), 'POST', '/v1/quotes', body).catch(() => undefined);
    if (answer && answer.status < 500 && answer.status !== 201 && answer.status !== 408)
      this.history.surprises.push(`POST /v1/quotes answered ${answer.status} ${JSON.stringify(answer.body)}`);
    if (answer?.status !== 201) return undefined;
    const { quoteHash, total } = answer.body;
    this.history.quotes[quoteHash] = total.amount;
    return answer.body;
  }

  /** Undefined while nobody answers. A thing that was acknowledged must be found by everybody from then on. */
  async read(target) {
    const answer = await call(this.#port(), 'GET', target).catch(() => undefined);
    if (!answer || answer.status >= 500) return undefined;
    this.history.reads += 1;
    if (answer.status !== 200) this.history.surprises.push(`GET ${target} answered ${answer.status}`);
    return answer.body;
  }

  /** As the buyer at the gateway's page. */
  async pay({ payment }, outcome) {
    const page = new URL(payment.redirectUrl);
    await this.#atSandbox(page.pathname + page.search, { outcome });
    this.history.payments[outcome] += 1;
  }

  async comeBack({ payment }) {
    await call(this.#port(), 'GET', `/v1/payments/return/sandbox?reference=${payment.id}`).catch(() => undefined);
  }

  async scan({ carrier, number }, code) {
    await this.#atSandbox(`/carriers/${carrier}/waybills/${number}/scans`, {
      code,
      place: '深圳市',
      text: '快件状态更新',
    });
    this.history.scans += 1;
  }

  async booked(orderId, withinMs = BOOKED_WITHIN_MS) {
    const begin = performance.now();
    const isBooked = ({ data }) => data.some(({ number }) => number);
    const waybills = await this.sees(`/v1/orders/${orderId}/waybills`, isBooked, withinMs);
    if (!waybills) return undefined;
    this.history.bookings.push(performance.now() - begin);
    return waybills.data.find(({ number }) => number);
  }

  /** Looks until it is as wanted; undefined when it is not so in time. */
  async sees(target, isWanted, withinMs = BOOKED_WITHIN_MS) {
    const begin = performance.now();
    while (performance.now() - begin < withinMs) {
      const body = await this.read(target);
      if (body && isWanted(body)) return body;
      await sleep(this.random.between(100, 200));
    }
    return undefined;
  }

  async #atSandbox(target, body) {
    const begin = performance.now();
    while (performance.now() - begin < DEFINITE_WITHIN_MS) {
      const answer = await call(this.world.sandboxPort, 'POST', target, body).catch(() => undefined);
      if (answer && answer.status < 300) return;
      if (answer && answer.status < 500) throw new Error(`sandbox: POST ${target} answered ${answer.status}`);
      await sleep(100);
    }
    throw new Error(`sandbox: POST ${target} got no answer`);
  }
}

export class Crowd {
  #open = true;
  #underWay = new Set();
  #journeys = 0;

  constructor(world, history, random, { everyMs, epoch }) {
    Object.assign(this, { world, history, random, everyMs, epoch });
  }

  start() {
    this.#coming = (async () => {
      while (this.#open) {
        if (this.#underWay.size < MOST_JOURNEYS) this.#begin();
        await sleep(this.everyMs * (0.5 + this.random.between(0, 100) / 100));
      }
    })();
  }
  #coming;

  /** Nobody comes any more; resolves when everybody has their answers. */
  async leave() {
    this.#open = false;
    await this.#coming;
    await Promise.all(this.#underWay);
  }

  #begin() {
    const random = this.random.fork();
    const shop = new Shop(this.world, this.history, random, `${this.epoch}-${(this.#journeys += 1)}`);
    const journey = buy(shop, random).catch((error) => void this.history.surprises.push(error.stack));
    const tracked = journey.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }
}

/**
 * From now until a fresh order is placed, paid and booked by whoever is alive: milliseconds to each, undefined if it never is.
 * `paidMs` is by the platforms' clocks.
 */
export async function probe(world, history, random, name) {
  const begin = performance.now();
  const since = () => performance.now() - begin;
  const shop = new Shop(world, history, random, name);
  const placed = (await shop.checkout([{ sku: 'SKU-9', quantity: 1 }])).answers[0]?.body;
  const placedMs = since();
  if (!placed) return undefined;
  await shop.pay(placed, 'paid');
  const waybill = await shop.booked(placed.order.id, 60_000);
  const bookedMs = since();
  const order = await shop.read(`/v1/orders/${placed.order.id}`);
  const paidMs = order?.paidAt && placedMs + Date.parse(order.paidAt) - Date.parse(order.placedAt);
  return waybill && { placedMs, paidMs, bookedMs };
}
