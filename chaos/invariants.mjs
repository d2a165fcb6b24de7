// What must hold after every run, whatever happened in it. Each invariant is a pure function of the facts: it calls
// `expect(holds, violation)` once for each thing that it checks, or tells how many things it looked at.
import { isDeepStrictEqual } from 'node:util';
import { countBy, groupBy, ofKind, sumBy, text, total } from './counting.mjs';
import { TRADING_INVARIANTS } from './trading-invariants.mjs';

/**
 * Returns `[{name, checked, unchecked, violations: [text]}]`. While work still goes on facts prove nothing: then only that is
 * told, and what was seen and heard meanwhile; all else is `unchecked`.
 */
export function check(facts) {
  return Object.entries(INVARIANTS).map(([name, invariant]) => {
    const result = { name, checked: 0, unchecked: 0, violations: [] };
    if (!facts.quiet.isReached && !OF_THE_RUN.includes(name)) return { ...result, unchecked: 1 };
    invariant(facts, (holds, violation, things = 1) => {
      result.checked += things;
      if (!holds) result.violations.push(typeof violation === 'function' ? violation() : violation);
    });
    return result;
  });
}

const INVARIANTS = {
  'an acknowledged order exists once, and no other one does'({ commands, orders }, expect) {
    const acknowledged = new Set();
    for (const { key, answers } of ofKind(commands, 'checkout')) {
      const ids = new Set(answers.map(({ body }) => body.order.id));
      expect(ids.size <= 1, `key ${key} made ${[...ids]}`);
      for (const id of ids) {
        expect(!acknowledged.has(id), `order ${id} answers two keys`);
        acknowledged.add(id);
      }
    }
    const existing = new Set(orders.map(({ id }) => id));
    for (const id of acknowledged) expect(existing.has(id), `order ${id} was acknowledged and is lost`);
    for (const id of existing) expect(acknowledged.has(id), `order ${id} exists and nobody was told`);
  },

  'an acknowledged cancellation or refund exists once'({ commands, orders, events, refunds }, expect) {
    const statusOf = new Map(orders.map(({ id, status }) => [id, status]));
    const cancelled = countBy(events, ({ type, payload }) => type === 'trading.order-cancelled.v1' && payload.orderId);
    for (const { key, answers } of ofKind(commands, 'cancel')) {
      for (const { id } of answers.slice(0, 1).map(({ body }) => body)) {
        expect(statusOf.get(id) === 'cancelled', `${key}: order ${id} is ${statusOf.get(id)} after its cancellation`);
        expect(cancelled.get(id) === 1, `${key}: order ${id} was cancelled ${cancelled.get(id) ?? 0} times`);
      }
    }
    const byId = groupBy(refunds, ({ id }) => id);
    const byKey = groupBy(refunds, ({ request_key: key }) => key);
    for (const { key, answers } of ofKind(commands, 'refund')) {
      for (const { body } of answers.slice(0, 1)) {
        const [refund] = byId.get(body.id) ?? [];
        expect(
          refund?.amount === body.amount.amount,
          `${key}: refund ${body.id} of ${body.amount.amount} is not there`,
        );
        const sameKey = byKey.get(refund?.request_key) ?? [];
        expect(sameKey.length === 1, `${key}: ${sameKey.length} refunds for one request`);
      }
    }
  },

  'what was refused or never acknowledged left nothing'({ commands, keys, refunds, orders, events }, expect) {
    const kept = new Set(keys.map(({ key }) => key));
    const requested = new Set(refunds.map(({ request_key: key }) => key?.split(' ').at(-1)));
    for (const { kind, key, outcome } of commands) {
      if (outcome === 'acknowledged') continue;
      expect(!kept.has(key), `${kind} ${key} was ${outcome} and has a kept answer`);
      if (kind === 'refund') expect(!requested.has(key), `refund ${key} was ${outcome} and exists`);
    }
    const placed = countBy(events, ({ type, aggregate_id: id }) => type === 'trading.order-placed.v1' && id);
    for (const { id } of orders) expect(placed.get(id) === 1, `order ${id} was placed ${placed.get(id) ?? 0} times`);
    expect(placed.size === orders.length, `${placed.size} orders were announced, ${orders.length} exist`);
  },

  'the same key gets the same answer, in every process'({ commands, keys }, expect) {
    const keptFor = groupBy(keys, ({ key }) => key);
    for (const { kind, key, answers } of commands) {
      if (answers.length === 0) continue;
      const kept = keptFor.get(key) ?? [];
      expect(kept.length === 1, `${kind} ${key} has ${kept.length} kept answers`);
      for (const answer of answers) {
        const earlier = answers.filter(({ at }) => at <= answer.begun);
        for (const { body } of earlier) {
          expect(isSameAnswer(body, answer.body), () => `${kind} ${key} got ${text(body)}, then ${text(answer.body)}`);
        }
        const [same] = kept;
        expect(
          isSameAnswer(answer.body, same?.body),
          () => `${kind} ${key} got ${text(answer.body)}, kept is ${text(same)}`,
        );
      }
    }
  },

  'stock, holds and order lines add up for each SKU'(facts, expect) {
    const { stock, lines, orders, returns, commands, initialStock } = facts;
    const orderOf = new Map(orders.map((order) => [order.id, order]));
    const isHeld = ({ order_id: id }) =>
      ['created', 'paid'].includes(orderOf.get(id)?.status) && !orderOf.get(id).hold_released;
    const held = sumBy(lines.filter(isHeld), ({ quantity, cancelled, shipped }) => quantity - cancelled - shipped);
    const gone = sumBy(lines, ({ shipped }) => shipped);
    const skuOf = new Map(lines.map((line) => [`${line.order_id} ${line.line_no}`, line.sku]));
    const shelved = sumBy(
      returns.flatMap(({ order_id: id, decisions }) =>
        decisions.map((decision) => ({ ...decision, sku: skuOf.get(`${id} ${decision.lineNo}`) })),
      ),
      ({ quantity, restock }) => (restock ? quantity : 0),
    );
    const byHand = sumBy(
      ['receive goods', 'adjust'].flatMap((kind) =>
        ofKind(commands, kind).map(({ target, ...rest }) => ({ ...rest, sku: target.split('/')[3] })),
      ),
      ({ body, answers }) => (answers.length > 0 ? (body.quantity ?? body.delta) : 0),
    );
    for (const { sku, on_hand: onHand, reserved } of stock) {
      const of = (sums) => sums.get(sku) ?? 0;
      const left = (initialStock[sku] ?? initialStock.default) - of(gone) + of(shelved) + of(byHand);
      expect(reserved === of(held), `${sku}: ${reserved} reserved, orders hold ${of(held)}`);
      expect(onHand === left, `${sku}: ${onHand} on hand, ${left} should be`);
    }
  },

  'stock is what its ledger says'({ stock, movements }, expect) {
    const written = new Map(movements.map((sums) => [sums.sku, sums]));
    for (const { sku, on_hand: onHand, reserved } of stock) {
      const sums = written.get(sku);
      const same = sums?.on_hand === onHand && sums.reserved === reserved;
      expect(same, `${sku}: ${onHand} on hand, ${reserved} reserved, its movements say ${text(sums)}`);
    }
  },

  'the lines of an order add up to its total'({ commands, quotes, orders, lines, payments }, expect) {
    const ofOrder = groupBy(lines, ({ order_id: id }) => id);
    const paymentsOf = groupBy(payments, ({ order_id: id }) => id);
    for (const order of orders) {
      const { id, total, shipping } = order;
      const own = ofOrder.get(id) ?? [];
      const sumOf = (of) => own.reduce((sum, line) => sum + of(line), 0);
      const sum = sumOf((line) => line.total) + shipping;
      expect(own.length > 0 && sum === total, `order ${id}: ${own.length} lines of ${sum}, total ${total}`);
      const parts = {
        subtotal: sumOf((line) => line.quantity * line.unit_price),
        discount: sumOf((line) => line.discount),
      };
      for (const [part, of] of Object.entries(parts))
        expect(order[part] === of, `order ${id}: ${part} of ${order[part]}, lines have ${of}`);
      const [payment, ...more] = paymentsOf.get(id) ?? [];
      expect(payment?.amount === total && more.length === 0, `order ${id}: ${text(payment)} for a total of ${total}`);
    }
    const totalOf = new Map(orders.map(({ id, total }) => [id, total]));
    for (const { body, answers } of ofKind(commands, 'checkout')) {
      const quoted = quotes[body.quoteHash];
      for (const { body: answer } of quoted === undefined ? [] : answers.slice(0, 1)) {
        const charged = totalOf.get(answer.order.id);
        expect(charged === quoted, `order ${answer.order.id} is charged ${charged}, quoted were ${quoted}`);
      }
    }
  },

  'captured minus refunded adds up for each payment'({ payments, refunds }, expect) {
    const ofPayment = groupBy(refunds, ({ payment_id: id }) => id);
    for (const { id, captured, refunded, refund_pending: pending } of payments) {
      const own = ofPayment.get(id) ?? [];
      const given = total(own.filter(({ state }) => state === 'succeeded'));
      const open = total(own.filter(({ state }) => !['succeeded', 'failed'].includes(state)));
      expect(refunded + pending <= captured, `${id}: ${refunded} and ${pending} given back of ${captured}`);
      expect(refunded === given, `${id}: refunded ${refunded}, operations say ${given}`);
      expect(pending === open, `${id}: ${pending} on its way back, operations say ${open}`);
    }
  },

  "money is where the gateway's own books say it is"({ payments, refunds, operations, ledger }, expect) {
    const decided = new Map(ledger.payments.map((payment) => [payment.reference, payment]));
    const theirs = payments.filter(({ gateway }) => gateway === 'sandbox');
    for (const { id, authorized, captured, refunded } of theirs) {
      const { status, amount = 0, captured: taken = status === 'paid' ? amount : 0 } = decided.get(id) ?? {};
      const back = total(ledger.refunds.filter(({ payment, status: end }) => payment === id && end === 'succeeded'));
      const may = status === 'authorized' ? amount : taken;
      expect(captured === taken, `${id}: captured ${captured}, the gateway has ${taken}`);
      expect(authorized === may, `${id}: authorised ${authorized}, the gateway says ${may}`);
      expect(refunded === back, `${id}: refunded ${refunded}, the gateway gave back ${back}`);
    }
    const known = new Set(theirs.map(({ id }) => id));
    for (const { reference } of ledger.payments)
      expect(known.has(reference), `the gateway knows ${reference}, we do not`);
    const asked = new Map(operations.map((operation) => [operation.id, operation.state]));
    for (const { reference, status } of ledger.operations)
      expect(asked.get(reference) === status, `${reference}: ${asked.get(reference)}, the gateway says ${status}`);
    const ours = new Map(refunds.map((refund) => [refund.id, refund]));
    for (const { reference, status } of ledger.refunds) {
      expect(
        ours.get(reference)?.state === status,
        `${reference}: ${ours.get(reference)?.state}, the gateway says ${status}`,
      );
    }
  },

  'a paid order has one waybill at its carrier, a cancelled one none that lives'(facts, expect) {
    const { orders, fulfilments, waybills, ledger } = facts;
    const booked = groupBy(ledger.waybills, ({ orderId: reference }) => reference);
    const ours = groupBy(waybills, ({ order_id: id, fulfilment_id: part }) => part ?? id);
    const moved = new Set(ledger.scans.map(({ number }) => number));
    for (const { id, status } of consignments(orders, fulfilments)) {
      const there = booked.get(id) ?? [];
      const here = ours.get(id) ?? [];
      if (status === 'created')
        expect(there.length === 0, `${id} is not to be shipped and has waybills ${numbers(there)}`);
      else if (status === 'cancelled') {
        const alive = there.filter((waybill) => waybill.status === 'booked' && !moved.has(waybill.number));
        expect(there.length <= 1 && alive.length === 0, `${id} is cancelled and has live waybills ${numbers(there)}`);
      } else {
        const same = there.length === 1 && here.length === 1 && here[0].number === there[0].number;
        expect(same, `${id} is ${status} and has waybills ${numbers(there)} at the carrier, ${numbers(here)} here`);
      }
    }
  },

  'what the carrier scanned has moved the goods'({ orders, fulfilments, ledger }, expect) {
    const statusOf = new Map(consignments(orders, fulfilments).map(({ id, status }) => [id, status]));
    const scanned = groupBy(ledger.scans, ({ orderId: reference }) => reference);
    for (const [id, scans] of scanned) {
      const codes = scans.map(({ code }) => code);
      const status = statusOf.get(id);
      const wanted = codes.includes('80') ? ['delivered'] : codes.includes('50') ? ['shipped'] : ['paid', 'requested'];
      expect(wanted.includes(status) || status === 'cancelled', `${id} is ${status}, its parcel was scanned ${codes}`);
    }
  },

  'each message was meant once, and sent'({ events, rules, messages, letters }, expect) {
    const wanted = new Map();
    for (const { id, type, payload } of events) {
      for (const { name, event, where } of rules) {
        const fits = event === type && Object.entries(where).every(([field, value]) => payload[field] === value);
        if (fits) wanted.set(`${id} ${name}`, payload.orderId);
      }
    }
    const found = countBy(messages, ({ event_id: event, rule }) => `${event} ${rule}`);
    for (const [intent, orderId] of wanted) {
      expect(found.get(intent) === 1, `${intent} of ${orderId} was meant ${found.get(intent) ?? 0} times`);
    }
    for (const intent of found.keys()) expect(wanted.has(intent), `${intent} was meant, and no event asks for it`);
    const sent = new Set(letters);
    for (const { id, state } of messages) {
      expect(state === 'succeeded' && sent.has(id), `message ${id} is ${state}${sent.has(id) ? '' : ', no letter'}`);
    }
    expect(sent.size === messages.length, `${sent.size} letters for ${messages.length} messages`);
  },

  "an order's status is the fold of its events"({ orders, waybills, events }, expect) {
    const ofAggregate = groupBy(events, ({ aggregate_id: id }) => id);
    for (const { id, status, version } of orders) {
      const own = inOrder(ofAggregate.get(id));
      expect(
        foldOrder(own) === status,
        () => `order ${id} is ${status}, its events say ${foldOrder(own)}: ${types(own)}`,
      );
      expect(
        own.at(-1)?.version === version,
        `order ${id} has version ${version}, its events end at ${own.at(-1)?.version}`,
      );
    }
    for (const { id, version } of waybills) {
      const last = inOrder(ofAggregate.get(id)).at(-1)?.version ?? 0;
      expect(last === version, `waybill ${id} has version ${version}, its events end at ${last}`);
    }
  },

  'versions have no gap and no double for each aggregate'({ events }, expect) {
    for (const [id, own] of groupBy(events, ({ aggregate_id: aggregate }) => aggregate)) {
      const versions = inOrder(own).map(({ version }) => version);
      expect(
        versions.every((version, index) => version === index + 1),
        `${id} has versions ${versions}`,
      );
    }
  },

  'lanes have no hole, and keep the order of versions'({ events, heads }, expect) {
    const ofLane = groupBy(events, ({ lane }) => lane);
    for (const { lane, head } of heads) {
      const own = ofLane.get(lane) ?? [];
      const hole = own.findIndex(({ position }, index) => position !== index + 1);
      expect(
        hole === -1 && own.length === head,
        `lane ${lane}: ${own.length} events, head ${head}, hole at ${hole + 1}`,
      );
      const newest = new Map();
      const early = own.find(({ aggregate_id: id, version }) => {
        const before = newest.get(id) ?? 0;
        newest.set(id, version);
        return version <= before;
      });
      expect(!early, () => `lane ${lane}: ${early.aggregate_id} has version ${early.version} after a later one`);
    }
  },

  'each event reached each subscriber once, in the order of versions'({ events, deliveries, taken }, expect) {
    for (const [subscription, kinds] of Object.entries(taken)) {
      const own = deliveries.filter((delivery) => delivery.subscription === subscription);
      const times = countBy(own, ({ event_id: id }) => id);
      for (const { id, type } of events) {
        if (!kinds.includes(type)) continue;
        expect(times.get(id) === 1, `${type} ${id} reached ${subscription} ${times.get(id) ?? 0} times`);
      }
      const logged = new Map(events.map((event) => [event.id, event]));
      for (const id of times.keys()) expect(logged.has(id), `${id} reached ${subscription} and is not in the log`);
      const seen = own.flatMap(({ event_id: id }) => logged.get(id) ?? []);
      for (const [id, ones] of groupBy(seen, ({ aggregate_id: aggregate }) => aggregate)) {
        const versions = ones.map(({ version }) => version);
        const ascending = versions.every((version, index) => index === 0 || version > versions[index - 1]);
        expect(ascending, `${subscription} saw ${id} in the order ${versions}`);
      }
    }
  },

  'nothing is left to do, in bounded time'({ quiet, cursors, heads, parked }, expect) {
    const left = quiet.late.map(([what, count]) => `${count} ${what}`).join(', ');
    const seconds = Math.round(quiet.tookMs / 1000);
    if (!quiet.isReached) return expect(false, `after ${seconds} s still left: ${left}`);
    expect(quiet.late.length === 0, `left when the time was over: ${left}; quiet after ${seconds} s`);
    const headOf = new Map(heads.map(({ lane, head }) => [lane, head]));
    for (const { subscription, lane, position } of cursors) {
      expect(
        position === headOf.get(lane),
        `${subscription} is at ${position} of lane ${lane}, head ${headOf.get(lane)}`,
      );
    }
    for (const event of parked)
      expect(false, `${event.status} for ${event.subscription}: ${event.aggregate_id} ${event.last_error}`);
  },

  'what was made to fail was set aside, alone'({ planted }, expect) {
    for (const { what, holds } of planted) expect(holds, what);
  },

  'nothing unexpected was answered, and no process ended by itself'({ surprises, reads, commands, starts }, expect) {
    expect(true, undefined, reads + commands.length + starts);
    for (const surprise of surprises) expect(false, surprise, 0);
  },

  ...TRADING_INVARIANTS,
};

export const INVARIANT_NAMES = Object.keys(INVARIANTS);

/** Those that do not depend on all work being done. */
const OF_THE_RUN = [
  'nothing is left to do, in bounded time',
  'what was made to fail was set aside, alone',
  'nothing unexpected was answered, and no process ended by itself',
];

/** What gets waybills: orders that ship as a whole, and each part of the others; these have none of their own. */
const consignments = (orders, fulfilments) => [
  ...orders.map(({ id, status, fulfilment }) => ({ id, status: fulfilment === 'manual' ? 'created' : status })),
  ...fulfilments,
];

const ORDER_MOVES = {
  'trading.order-placed.v1': [undefined, 'created'],
  'trading.order-paid.v1': ['created', 'paid'],
  'trading.order-shipped.v1': ['paid', 'shipped'],
  'trading.order-delivered.v1': ['shipped', 'delivered'],
};

/** The status that events lead to, one move at a time; `illegal` when they make a move that there is not. */
function foldOrder(events) {
  let status;
  for (const { type, payload } of events) {
    if (type === 'trading.order-cancelled.v1') {
      if (status !== payload.from || !['created', 'paid'].includes(status)) return `illegal: ${type} of ${status}`;
      status = 'cancelled';
    }
    const [from, to] = ORDER_MOVES[type] ?? [];
    if (to === undefined) continue;
    if (status !== from) return `illegal: ${type} of ${status}`;
    status = to;
  }
  return status;
}

const inOrder = (events = []) => events.toSorted((a, b) => a.version - b.version);
const types = (events) => events.map(({ type }) => type).join(' ');
const numbers = (waybills) => (waybills.length === 0 ? 'none' : waybills.map(({ number }) => number).join(', '));

/**
 * A refund, capture or void that was pending when the first answer was given may be settled in a later one; nothing else may
 * change.
 */
function isSameAnswer(earlier, later) {
  if (isDeepStrictEqual(earlier, later)) return true;
  if (earlier.status !== 'pending') return false;
  const named = 'gatewayReference' in earlier && { gatewayReference: later?.gatewayReference };
  return isDeepStrictEqual({ ...earlier, status: later?.status, ...named }, later);
}
