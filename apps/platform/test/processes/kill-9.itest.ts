import { randomInt, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { eventually } from '@tradewind/shared-kernel/testing';
import type { Json } from '../world';
import { Site } from './site';

const BUYERS = 6;
const SKUS = ['SKU-11', 'SKU-12', 'SKU-13', 'SKU-14'];
const ON_HAND = 1_000_000;
/** What was under way when a process died is asked about after a claim has run out: some 15 seconds. */
const QUIET_WITHIN_MS = 120_000;

jest.setTimeout(400_000);

/** What one buyer wanted, and every answer to it, over however many tries. */
interface Purchase {
  key: string;
  line: { sku: string; quantity: number };
  /** Ids of the orders that were acknowledged for this key: one, if all is well. */
  orderIds: Set<string>;
  order: Json;
  paidAtGateway: boolean;
}

/** Buyers who never give up: an unknown answer is asked for again with the same key. */
class Crowd {
  readonly purchases: Purchase[] = [];
  unknownAnswers = 0;
  #open = true;
  #refused: string | undefined;
  readonly #buyers: Promise<void>[];

  constructor(private readonly site: Site) {
    this.#buyers = Array.from({ length: BUYERS }, async () => {
      while (this.#open) await this.#buy();
    });
  }

  /** Resolves when nobody waits for an answer any more. */
  async leave(): Promise<void> {
    this.#open = false;
    await Promise.all(this.#buyers);
    if (this.#refused) throw new Error(this.#refused);
  }

  async #buy(): Promise<void> {
    const sku = SKUS[randomInt(SKUS.length)] ?? '';
    const line = { sku, quantity: randomInt(1, 4) };
    const purchase: Purchase = { key: randomUUID(), line, orderIds: new Set(), order: {}, paidAtGateway: false };
    const repeats = randomInt(4) === 0 ? 2 : 1;
    for (let nth = 0; nth < repeats; nth += 1) {
      const { order, payment } = await this.#insist(201, () => this.site.checkout(line, purchase.key));
      if (nth === 0) this.purchases.push(purchase);
      purchase.orderIds.add(order.id);
      purchase.order = { ...order, redirectUrl: payment.redirectUrl };
    }
    if (randomInt(8) === 0) return; // leaves without paying
    await this.#insist(200, () => this.site.call('POST', purchase.order.redirectUrl, { outcome: 'paid' }));
    purchase.paidAtGateway = true;
  }

  /** Only a lost connection, "busy" and "later" are answers to ask again after. */
  async #insist(wanted: number, ask: () => Promise<{ status: number; body: Json }>): Promise<Json> {
    for (;;) {
      const answer = await ask().catch(() => undefined);
      if (answer?.status === wanted) return answer.body;
      this.unknownAnswers += 1;
      if (answer && answer.status < 500 && answer.status !== 409) {
        this.#refused = `refused with ${answer.status}: ${JSON.stringify(answer.body)}`;
        throw new Error(this.#refused);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

describe('kill -9', () => {
  let site: Site;
  beforeAll(async () => void (site = await Site.create()));
  afterAll(() => site.remove());

  it('leaves nothing half-made when it comes while PostgreSQL is set up', async () => {
    const run = site.start();
    await eventually(() => existsSync(path.join(site.folder, 'pg.new/PG_VERSION')) || run.hasEnded(), 60_000);
    expect(run.hasEnded()).toBe(false);
    await site.killEverything();
    expect(existsSync(path.join(site.folder, 'pg'))).toBe(false);
  });

  it('loses no order, no payment, no waybill and no message, and doubles none', async () => {
    const env = { ASK_PAYMENT_SECONDS: '2', LOG_LEVEL: 'warn' };
    let run = await site.startReady({ env });
    const crowd = new Crowd(site);
    const recoveries: number[] = [];
    const kills: [string, () => Promise<void>][] = [
      ['everything', () => site.killEverything()],
      ['the platform alone', async () => run.signal('SIGKILL')],
      ['everything', () => site.killEverything()],
      ['the platform and the sandbox', () => site.killEverything(/main\.js/)],
      ['everything', () => site.killEverything()],
      ['everything', () => site.killEverything()],
    ];
    for (const [, kill] of kills) {
      const before = crowd.purchases.length;
      const enough = randomInt(20, 80);
      await eventually(() => crowd.purchases.length >= before + enough, 60_000);
      await kill();
      await run.ended();
      run = await site.startReady({ env });
      recoveries.push(run.readyAfterMs);
    }
    const before = crowd.purchases.length;
    await eventually(() => crowd.purchases.length >= before + 20, 60_000);
    await crowd.leave();
    const { purchases, unknownAnswers } = crowd;

    // No acknowledged order is lost, and none was made twice: the platform has exactly what the buyers hold.
    const orders = new Map((await site.orders()).map((order) => [String(order.id), order]));
    expect(purchases.filter(({ orderIds }) => orderIds.size !== 1)).toEqual([]);
    expect([...orders.keys()].toSorted()).toEqual(purchases.map(({ order }) => String(order.id)).toSorted());

    // What the gateway has in its books is what the platform takes for paid.
    const bearer = { authorization: 'Bearer sandbox-gateway-secret' };
    const ledger = (await site.call('GET', `${site.sandboxUrl}/gateway/ledger`, undefined, bearer)).body;
    const captured = ledger.payments.filter(({ status }: Json) => status === 'paid').length;
    const paid = purchases.filter(({ paidAtGateway }) => paidAtGateway).map(({ order }) => String(order.id));
    expect(captured).toBe(paid.length);

    // Quiet: whatever was under way at a kill has been asked about and settled.
    let waiting = paid;
    const askedFor = new Map<string, Json>();
    const begunToWait = Date.now();
    await eventually(async () => {
      const facts = await inGroupsOf(16, waiting, (id) => factsOf(site, id));
      facts.forEach((fact) => askedFor.set(fact.id, fact));
      waiting = facts.filter((fact) => !isSettled(fact)).map(({ id }) => id);
      return waiting.length === 0 || Date.now() - begunToWait > QUIET_WITHIN_MS;
    }, QUIET_WITHIN_MS * 2);
    const quietAfterMs = Date.now() - begunToWait;
    expect(waiting.map((id) => askedFor.get(id))).toEqual([]);

    // Once each: the waybill here, the number there, the message, and the letter in the box.
    const booked = bookedNumbers(site);
    for (const id of paid) {
      const { waybills, notifications } = askedFor.get(id);
      expect(waybills.map(({ number }: Json) => number)).toEqual(booked.get(id));
      expect(notifications.map(({ event }: Json) => event)).toEqual(['trading.order-paid.v1']);
    }
    expect([...booked.keys()].toSorted()).toEqual(paid.toSorted());
    expect([...booked.values()].filter((numbers) => numbers.length !== 1)).toEqual([]);
    const letters = readdirSync(path.join(site.folder, 'mailbox')).filter((name) => /^ntf_.*\.json$/.test(name));
    expect(letters).toHaveLength(paid.length);

    // Stock adds up: nothing is shipped yet, so every unit of an order is reserved and still on hand.
    const reserved = new Map<string, number>(SKUS.map((sku) => [sku, 0]));
    for (const order of await site.orders()) {
      expect(order.status).toBe(paid.includes(order.id) ? 'paid' : 'created');
      for (const { sku, quantity } of order.lines) reserved.set(sku, (reserved.get(sku) ?? 0) + quantity);
    }
    for (const [sku, units] of reserved) {
      const { body } = await site.call('GET', `/v1/skus/${sku}`);
      expect(body).toMatchObject({ onHand: ON_HAND, reserved: units, available: ON_HAND - units });
    }

    let setAside: Json[] = [];
    await eventually(async () => {
      setAside = (await site.call('GET', '/v1/operations/parked-events')).body.data;
      return setAside.length === 0 || Date.now() - begunToWait > QUIET_WITHIN_MS;
    }, QUIET_WITHIN_MS * 2);
    expect(setAside).toEqual([]);
    run.signal('SIGTERM');
    expect(await run.ended()).toMatchObject({ code: 0 });
    process.stdout.write(
      `kill -9: ${purchases.length} orders, ${paid.length} paid, ${unknownAnswers} unknown answers, ` +
        `${kills.length} kills (${kills.map(([what]) => what).join('; ')}), ` +
        `ready again after ${recoveries.join(', ')} ms, quiet after ${quietAfterMs} ms\n`,
    );
  });
});

async function factsOf(site: Site, id: string): Promise<Json> {
  const [order, waybills, notifications] = await Promise.all(
    [`/v1/orders/${id}`, `/v1/orders/${id}/waybills`, `/v1/notifications?orderId=${id}`].map((target) =>
      site.call('GET', target),
    ),
  );
  return { id, status: order?.body.status, waybills: waybills?.body.data, notifications: notifications?.body.data };
}

const isSettled = ({ status, waybills, notifications }: Json): boolean =>
  status === 'paid' &&
  waybills.length > 0 &&
  waybills.every(({ number }: Json) => number) &&
  notifications.length > 0 &&
  notifications.every(({ status }: Json) => status === 'sent');

/** What the sandbox's carriers have in their books: the numbers of each order. */
function bookedNumbers(site: Site): Map<string, string[]> {
  const booked = new Map<string, string[]>();
  const lines = readFileSync(path.join(site.folder, 'sandbox/ledger.jsonl'), 'utf8').split('\n').filter(Boolean);
  for (const entry of lines.flatMap((line) => JSON.parse(line) as Json[])) {
    if (entry.kind !== 'waybill-booked') continue;
    const { orderId, number } = entry.waybill;
    booked.set(orderId, [...(booked.get(orderId) ?? []), number]);
  }
  return booked;
}

async function inGroupsOf<T, R>(size: number, items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += size) {
    results.push(...(await Promise.all(items.slice(at, at + size).map(work))));
  }
  return results;
}
