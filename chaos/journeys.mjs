// What buyers do, from the basket to the return; one journey is one order. Sellers, couriers and the warehouse are in it as
// far as the order needs them.
import { basket } from '../bench/basket.mjs';

export const ON_HAND = 1_000_000;
/** Few units, so that buyers are turned away. */
export const SCARCE = { sku: 'SKU-7', onHand: 60 };
const POPULAR = ['SKU-1', 'SKU-2', 'SKU-3', 'SKU-4'];
/** Enough for some orders, so that the next may find too little. */
const CREDITS = [50_000, 200_000, 400_000];

const yuan = (amount) => ({ amount, currency: 'CNY' });

export async function buy(shop, random) {
  if (random.chance(0.05)) await moveGoods(shop, random);
  const more = await wishes(shop, random);
  const lines = more.lines ?? linesOf(random);
  const command = await shop.checkout(lines, { more, ...(random.chance(0.15) && atBoth(shop.world)) });
  if (random.chance(0.1)) await shop.repeat(command);
  if (command.outcome !== 'acknowledged') return;
  const placed = command.answers[0].body;
  const { id } = placed.order;
  if (random.chance(0.04)) await sameKeyForAnother(shop, command);
  await shop.read(`/v1/orders/${id}`);
  if (random.chance(0.1)) await shop.read('/v1/orders?limit=20');

  if (placed.payment.redirectUrl) {
    if (random.chance(0.06)) return; // leaves without paying
    if (random.chance(0.08)) return void (await cancel(shop, random, id));
    if (random.chance(0.06)) return shop.pay(placed, 'declined');
    await shop.pay(placed, 'paid');
    if (random.chance(0.5)) await shop.comeBack(placed);
    if (more.capture === 'manual') await capture(shop, random, placed);
  }
  if (random.chance(0.06)) return void (await cancel(shop, random, id));
  if (random.chance(0.1)) await cancelSome(shop, random, placed.order);

  await (more.fulfilment === 'manual' ? shipInParts(shop, random, id) : shipAsWhole(shop, random, id));
  if (random.chance(0.2)) await refund(shop, random, placed.order);
  if (random.chance(0.4)) await bringBack(shop, random, id);
}

/** What is unusual about an order: who buys, a coupon, a quote, how it is paid, captured and shipped. */
async function wishes(shop, random) {
  const wish = {};
  if (random.chance(0.5)) wish.buyerId = random.pick(shop.world.buyers);
  if (wish.buyerId && random.chance(0.25)) wish.coupons = ['CHAOS'];
  if (wish.buyerId && random.chance(0.3)) {
    wish.paymentMethod = 'balance';
    if (random.chance(0.5)) await credit(shop, random, wish.buyerId);
  } else if (random.chance(0.15)) wish.capture = 'manual';
  if (random.chance(0.15)) wish.fulfilment = 'manual';
  if (!wish.coupons && random.chance(0.1)) {
    const { shippingAddress } = basket('SKU-1');
    const asked = { lines: linesOf(random), ...(wish.buyerId && { buyerId: wish.buyerId }) };
    const quote = await shop.quote({ ...asked, shippingAddress });
    if (quote) Object.assign(wish, { lines: asked.lines, quoteHash: quote.quoteHash });
  }
  return wish;
}

function linesOf(random) {
  if (random.chance(0.05)) return [{ sku: SCARCE.sku, quantity: random.between(1, 4) }];
  const [first, second] = random.shuffled(POPULAR);
  const lines = [{ sku: first, quantity: random.between(1, 3) }];
  if (random.chance(0.4)) lines.push({ sku: second, quantity: random.between(1, 3) });
  return lines;
}

/** The same request at the same moment in two processes. */
const atBoth = (world) => ({ ports: world.platforms.map(({ port }) => port) });
const sometimesAtBoth = (shop, random) => (random.chance(0.25) ? atBoth(shop.world) : {});

async function sameKeyForAnother(shop, command) {
  const body = { ...command.body, region: 'another' };
  const other = await shop.command('checkout', command.target, body, { key: command.key });
  if (other.outcome !== 'refused') shop.history.surprises.push(`key ${command.key} was taken for two requests`);
  shop.history.commands.splice(shop.history.commands.indexOf(other), 1);
}

const cancel = (shop, random, id) => shop.cancel(id, sometimesAtBoth(shop, random));

/** A unit of a line, or all of them; only what is paid can be cancelled in part. */
async function cancelSome(shop, random, { id, lines }) {
  if (!(await shop.sees(`/v1/orders/${id}`, ({ status }) => status !== 'created'))) return;
  const { lineNo, quantity } = random.pick(lines);
  const units = random.chance(0.7) ? 1 : quantity;
  await shop.cancelLines(id, [{ lineNo, quantity: units }], sometimesAtBoth(shop, random));
}

async function refund(shop, random, order) {
  const options = sometimesAtBoth(shop, random);
  if (random.chance(0.4)) {
    const { lineNo, quantity } = random.pick(order.lines);
    await shop.refund(order.id, { lines: [{ lineNo, quantity: random.between(1, quantity) }] }, options);
  } else {
    const some = yuan(Math.max(1, Math.floor(order.total.amount / random.between(2, 4))));
    await shop.refund(order.id, { amount: some }, options);
  }
  if (random.chance(0.3)) await shop.refund(order.id, { amount: yuan(order.total.amount) });
  if (random.chance(0.3)) await shop.refund(order.id);
}

/** Tops up what a buyer has in store. */
function credit(shop, random, buyerId) {
  const body = { amount: yuan(random.pick(CREDITS)), reason: 'top-up' };
  return shop.command('credit', `/v1/buyers/${buyerId}/balance/credits`, body, sometimesAtBoth(shop, random));
}

/** The seller of an authorised order: all of it, in parts, a part and no more, or none. */
async function capture(shop, random, placed) {
  if (!(await shop.isAuthorized(placed))) return;
  const ask = (body) => shop.capture(placed, body, sometimesAtBoth(shop, random));
  if (random.chance(0.15)) return void (await shop.void(placed, sometimesAtBoth(shop, random)));
  const part = yuan(Math.max(1, Math.floor(placed.order.total.amount / random.between(2, 4))));
  if (random.chance(0.5)) await ask({ amount: part });
  if (random.chance(0.3)) return void (await ask({ amount: part, final: true }));
  await ask();
}

async function shipAsWhole(shop, random, id) {
  const waybill = await shop.booked(id);
  if (random.chance(0.05)) return void (await cancel(shop, random, id));
  if (waybill && random.chance(0.9)) await carry(shop, random, waybill);
}

/** Two parcels: one unit, then the rest. */
async function shipInParts(shop, random, id) {
  const paid = await shop.sees(`/v1/orders/${id}`, ({ status }) => status === 'paid');
  if (!paid) return;
  const ask = (body) => shop.command('fulfil', `/v1/orders/${id}/fulfilments`, body, sometimesAtBoth(shop, random));
  const [{ lineNo }] = paid.lines;
  const asked = [await ask({ lines: [{ lineNo, quantity: 1 }] })];
  if (random.chance(0.8)) asked.push(await ask({}));
  const made = asked.filter(({ outcome }) => outcome === 'acknowledged').length;
  const booked = ({ data }) => data.filter(({ number }) => number);
  const waybills = await shop.sees(`/v1/orders/${id}/waybills`, (seen) => booked(seen).length >= made);
  if (waybills) for (const waybill of booked(waybills)) await carry(shop, random, waybill);
}

async function carry(shop, random, waybill) {
  if (random.chance(0.9)) await shop.scan(waybill, '50');
  if (random.chance(0.85)) await shop.scan(waybill, '80');
}

/** Some units come back; what is looked at and found good goes back on the shelf. */
async function bringBack(shop, random, id) {
  const arrived = await shop.sees(`/v1/orders/${id}`, ({ status }) => status === 'delivered');
  const line = arrived && random.pick(arrived.lines);
  if (!line) return;
  const lines = [{ lineNo: line.lineNo, quantity: random.between(1, line.quantity) }];
  const body = { orderId: id, lines, reason: 'too small' };
  const asked = await shop.command('return', '/v1/returns', body, sometimesAtBoth(shop, random));
  if (asked.outcome !== 'acknowledged' || random.chance(0.1)) return;
  const target = `/v1/returns/${asked.answers[0].body.id}`;
  await shop.command('receive return', `${target}/receive`, undefined, sometimesAtBoth(shop, random));
  if (random.chance(0.1)) return;
  const outcome = random.chance(0.75) ? 'accepted' : 'rejected';
  const restock = outcome === 'accepted' && random.chance(0.6);
  const decision = { lines: lines.map((unit) => ({ ...unit, outcome, restock })) };
  await shop.command('decide return', `${target}/decide`, decision, sometimesAtBoth(shop, random));
}

/** The warehouse takes goods in, or puts a count right. */
async function moveGoods(shop, random) {
  const sku = random.chance(0.3) ? SCARCE.sku : random.pick(POPULAR);
  const options = sometimesAtBoth(shop, random);
  if (random.chance(0.5)) {
    await shop.command('receive goods', `/v1/skus/${sku}/receipts`, { quantity: random.between(1, 9) }, options);
  } else {
    const delta = random.pick([-3, -1, 2]);
    await shop.command('adjust', `/v1/skus/${sku}/adjustments`, { delta, reason: 'counted' }, options);
  }
}
