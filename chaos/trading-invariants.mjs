// What must hold of goods, money, coupons, points and balances. As in `invariants.mjs`, which takes these in.
import { countBy, groupBy, ofKind, text, total } from './counting.mjs';

const OPEN = ['created', 'paid'];
const ENDED = ['succeeded', 'failed'];
/** Made by one command each, and by nothing else: command → [facts, the prefix of its identifiers]. */
const MADE_BY_COMMANDS = {
  fulfil: ['fulfilments', 'ful'],
  return: ['returns', 'ret'],
  capture: ['operations', 'cap'],
  credit: ['balanceEntries', 'bal'],
};

export const TRADING_INVARIANTS = {
  'an acknowledged return, fulfilment, capture or credit exists once'(facts, expect) {
    for (const [kind, [table, prefix]] of Object.entries(MADE_BY_COMMANDS)) {
      const existing = new Set(facts[table].map(({ id }) => id).filter((id) => id.startsWith(`${prefix}_`)));
      const acknowledged = new Map();
      for (const { key, answers } of ofKind(facts.commands, kind)) {
        const ids = new Set(answers.map(({ body }) => body.id));
        expect(ids.size <= 1, `${kind} ${key} made ${[...ids]}`);
        for (const id of ids) {
          expect(existing.has(id), `${kind} ${key} was acknowledged and ${id} is lost`);
          expect(!acknowledged.has(id), `${id} answers ${key} and ${acknowledged.get(id)}`);
          acknowledged.set(id, key);
        }
      }
      const own = facts[table].filter(isByCommand).filter(({ id }) => id.startsWith(`${prefix}_`));
      for (const { id } of own) expect(acknowledged.has(id), `${id} exists and nobody was told`);
    }
    const statusOf = new Map(facts.returns.map(({ id, status }) => [id, status]));
    for (const [kind, wanted] of [
      ['receive return', ['received', 'decided']],
      ['decide return', ['decided']],
    ]) {
      for (const { key, answers } of ofKind(facts.commands, kind)) {
        for (const { body } of answers.slice(0, 1))
          expect(wanted.includes(statusOf.get(body.id)), `${kind} ${key}: ${body.id} is ${statusOf.get(body.id)}`);
      }
    }
  },

  'units of a line are cancelled, shipped and returned as commands and parcels say'(facts, expect) {
    const { commands, orders, lines, fulfilments, returns } = facts;
    const cancels = unitsOf(
      ofKind(commands, 'cancel lines').flatMap(({ target, body, answers }) =>
        answers.length > 0 ? [{ order_id: target.split('/')[3], lines: body.lines }] : [],
      ),
    );
    const left = unitsOf(fulfilments.filter(({ status }) => ['shipped', 'delivered', 'returned'].includes(status)));
    const back = unitsOf(returns.filter(({ status }) => status !== 'requested'));
    const announced = unitsOf(returns.filter(({ status }) => status === 'requested'));
    const orderOf = new Map(orders.map((order) => [order.id, order]));
    for (const line of lines) {
      const at = `${line.order_id} line ${line.line_no}`;
      const { quantity, cancelled, shipped, delivered, undelivered, returned } = line;
      const { status, fulfilment } = orderOf.get(line.order_id) ?? {};
      expect(
        cancelled + shipped <= quantity && delivered + undelivered <= shipped && returned - undelivered <= delivered,
        () => `${at}: ${text(line)}`,
      );
      const asked = status === 'cancelled' ? quantity : (cancels.get(at) ?? 0);
      expect(cancelled === asked, `${at}: ${cancelled} cancelled, ${asked} were asked for`);
      const open = quantity - cancelled - shipped;
      const isOpen = OPEN.includes(status);
      expect(isOpen || open === 0, `${at}: ${open} neither shipped nor cancelled of a ${status} order`);
      if (fulfilment === 'manual')
        expect(shipped === (left.get(at) ?? 0), `${at}: ${shipped} shipped, parcels hold ${left.get(at) ?? 0}`);
      if (status === 'delivered')
        expect(delivered + undelivered === shipped, `${at}: ${delivered} arrived of ${shipped} shipped`);
      expect(returned === (back.get(at) ?? 0), `${at}: ${returned} returned, returns say ${back.get(at) ?? 0}`);
      const coming = announced.get(at) ?? 0;
      expect(line.announced === coming, `${at}: ${line.announced} announced, returns say ${coming}`);
    }
  },

  "an order's movements are what became of its units"({ orders, lines, returns, orderMovements }, expect) {
    const moved = new Map(orderMovements.map(({ order_id: id, sku, kind, units }) => [`${id} ${sku} ${kind}`, units]));
    const skuOf = new Map(lines.map((line) => [`${line.order_id} line ${line.line_no}`, line.sku]));
    const shelved = new Map();
    for (const { order_id: id, decisions } of returns) {
      for (const { lineNo, quantity, restock } of decisions) {
        const key = `${id} ${skuOf.get(`${id} line ${lineNo}`)}`;
        if (restock) shelved.set(key, (shelved.get(key) ?? 0) + quantity);
      }
    }
    const statusOf = new Map(orders.map(({ id, status }) => [id, status]));
    for (const [key, own] of groupBy(lines, ({ order_id: id, sku }) => `${id} ${sku}`)) {
      const shipped = own.reduce((sum, line) => sum + line.shipped, 0);
      const units = own.reduce((sum, line) => sum + line.quantity, 0);
      const of = (kind) => moved.get(`${key} ${kind}`) ?? 0;
      const reserved = of('hold') - of('release') - of('expire') - of('fulfil');
      expect(of('fulfil') === shipped, `${key}: ${of('fulfil')} moved out, ${shipped} shipped`);
      const back = shelved.get(key) ?? 0;
      expect(of('restock') === back, `${key}: ${of('restock')} put on the shelf, decided ${back}`);
      const isOver = !OPEN.includes(statusOf.get(own[0].order_id));
      expect(reserved >= 0 && (!isOver || reserved === 0), `${key}: ${reserved} of ${units} units stay reserved`);
    }
  },

  'no unit is refunded twice, and none beyond its price'({ lines, refunds }, expect) {
    const given = new Map();
    for (const { order_id: id, units } of refunds.filter(({ state }) => state !== 'failed')) {
      for (const { lineNo, quantity, amount } of units ?? []) {
        const key = `${id} line ${lineNo}`;
        const sum = given.get(key) ?? { quantity: 0, amount: 0 };
        given.set(key, { quantity: sum.quantity + quantity, amount: sum.amount + amount });
      }
    }
    for (const line of lines) {
      const at = `${line.order_id} line ${line.line_no}`;
      const { quantity, amount } = given.get(at) ?? { quantity: 0, amount: 0 };
      expect(quantity <= line.quantity && amount <= line.total, `${at}: refunded ${quantity} units for ${amount}`);
      const counted = line.refunded === quantity && line.refunded_amount === amount;
      expect(counted, `${at}: counts ${line.refunded} for ${line.refunded_amount}, refunds ${quantity} for ${amount}`);
    }
  },

  'what is captured was authorised, in the parts that were asked for'({ payments, operations }, expect) {
    const ofPayment = groupBy(operations, ({ payment_id: id }) => id);
    for (const { id, amount, capture, authorized, capture_pending: pending, captured } of payments) {
      const captures = (ofPayment.get(id) ?? []).filter(({ kind }) => kind === 'capture');
      const taken = total(captures.filter(({ state }) => state === 'succeeded'));
      const open = total(captures.filter(({ state }) => !ENDED.includes(state)));
      expect(
        captured + pending <= authorized && authorized <= amount,
        `${id}: ${captured} of ${authorized} of ${amount}`,
      );
      expect(pending === open, `${id}: ${pending} being captured, operations say ${open}`);
      if (capture === 'manual') expect(captured === taken, `${id}: captured ${captured}, operations say ${taken}`);
      else expect(captured === 0 || captured === amount, `${id}: captured ${captured} of ${amount} at once`);
    }
  },

  'a coupon is used no more often than it may, and by the orders that hold it'(facts, expect) {
    const { commands, orders, coupons, couponBuyers, redemptions } = facts;
    const statusOf = new Map(orders.map(({ id, status }) => [id, status]));
    const live = redemptions.filter(({ given_back_at: at }) => at === null);
    const uses = countBy(live, ({ code }) => code);
    const usesOf = countBy(live, ({ code, buyer_id: buyer }) => `${code} ${buyer}`);
    for (const { code, used, total_limit: most } of coupons) {
      expect(used <= (most ?? Infinity), `${code} was used ${used} times, ${most} are allowed`);
      expect(used === (uses.get(code) ?? 0), `${code} counts ${used} uses, orders hold ${uses.get(code) ?? 0}`);
    }
    for (const { code, buyer_id: buyer, used, most } of couponBuyers) {
      const held = usesOf.get(`${code} ${buyer}`) ?? 0;
      expect(used <= most && used === held, `${code} of ${buyer} counts ${used} of ${most}, orders hold ${held}`);
    }
    for (const { order_id: id, code, given_back_at: at } of redemptions) {
      const isCancelled = statusOf.get(id) === 'cancelled';
      expect((at !== null) === isCancelled, `${code} of the ${statusOf.get(id)} order ${id} was given back: ${at}`);
    }
    const asked = new Map();
    for (const { body, answers } of ofKind(commands, 'checkout')) {
      for (const { body: answer } of answers) asked.set(answer.order.id, body.coupons ?? []);
    }
    const held = groupBy(redemptions, ({ order_id: id }) => id);
    for (const { id, discount } of orders) {
      const codes = (held.get(id) ?? []).map(({ code }) => code);
      const same = codes.join() === (asked.get(id) ?? codes).join();
      expect(same && codes.length > 0 === discount > 0, `order ${id}: ${codes} for a discount of ${discount}`);
    }
  },

  'points are earned once for each delivered order, and go with what was given back'(facts, expect) {
    const { orders, payments, refunds, points, accounts } = facts;
    const paymentOf = new Map(payments.map((payment) => [payment.order_id, payment]));
    const ofOrder = groupBy(points, ({ order_id: id }) => id);
    const refundsOf = groupBy(refunds, ({ order_id: id }) => id);
    for (const { id, status, buyer_id: buyer } of orders) {
      const own = ofOrder.get(id) ?? [];
      const { captured, refunded } = paymentOf.get(id) ?? {};
      if (status !== 'delivered' || buyer === null || !(captured > 0)) {
        expect(own.length === 0, `${status} order ${id} has points ${text(own)}`);
        continue;
      }
      const earned = own.filter(({ kind }) => kind === 'earned');
      const right = Math.floor(captured / MINOR_UNITS_OF_A_POINT);
      const isRight = earned.length === 1 && earned[0].points === right && earned[0].buyer_id === buyer;
      expect(isRight, `order ${id} of ${captured} earned ${text(earned)}`);
      const sum = own.reduce((all, entry) => all + entry.points, 0);
      const rest = right - Math.floor((right * refunded) / captured);
      expect(sum === rest, `order ${id} keeps ${sum} of ${right} points with ${refunded} of ${captured} given back`);
      const linesOf = groupBy(own, ({ refund_id: refund }) => refund);
      for (const { id: refund, state } of refundsOf.get(id) ?? []) {
        const kinds = (linesOf.get(refund) ?? []).map(({ kind }) => kind);
        const wanted = state === 'succeeded' ? ['taken-back'] : ['', 'taken-back,given-back'];
        expect(wanted.includes(kinds.join()), `${state} refund ${refund} has ${kinds.join() || 'no'} points`);
      }
    }
    const ofBuyer = groupBy(points, ({ buyer_id: id }) => id);
    for (const account of accounts) {
      const sum = (ofBuyer.get(account.id) ?? []).reduce((all, entry) => all + entry.points, 0);
      expect(account.points === sum, `${account.id} is told ${account.points} points, the ledger has ${sum}`);
    }
  },

  'a balance is the sum of its ledger, taken once by each order and given back once'(facts, expect) {
    const { payments, refunds, balances, balanceEntries, accounts } = facts;
    const ofAccount = groupBy(balanceEntries, ({ buyer_id: buyer, currency }) => `${buyer} ${currency}`);
    const known = new Map(balances.map((row) => [`${row.buyer_id} ${row.currency}`, row.balance]));
    for (const [account, balance] of known) {
      const sum = total(ofAccount.get(account) ?? []);
      expect(balance >= 0 && balance === sum, `${account} has ${balance}, its ledger says ${sum}`);
    }
    for (const account of ofAccount.keys()) expect(known.has(account), `${account} has entries and no balance`);
    for (const { id, balances: told } of accounts) {
      for (const { amount, currency } of told)
        expect(
          known.get(`${id} ${currency}`) === amount,
          `${id} is told ${amount}, has ${known.get(`${id} ${currency}`)}`,
        );
    }
    const ofPayment = groupBy(balanceEntries, ({ payment_id: id }) => id);
    const gatewayOf = new Map(payments.map(({ id, gateway }) => [id, gateway]));
    for (const { id, gateway, captured } of payments) {
      const own = ofPayment.get(id) ?? [];
      if (gateway !== 'balance') expect(own.length === 0, `${id} by ${gateway} took from a balance`);
      else {
        const taken = own.filter(({ kind }) => kind === 'payment');
        expect(taken.length === (captured > 0 ? 1 : 0), `${id} was taken ${taken.length} times`);
        expect(total(taken) === -captured, `${id} of ${captured} took ${-total(taken)}`);
      }
    }
    const given = groupBy(balanceEntries, ({ refund_id: id }) => id);
    for (const { id, payment_id: payment, amount, state } of refunds) {
      if (gatewayOf.get(payment) !== 'balance') continue;
      const wanted = state === 'succeeded' ? amount : 0;
      const own = given.get(id) ?? [];
      expect(own.length <= 1 && total(own) === wanted, `${state} refund ${id} of ${amount} gave ${text(own)}`);
    }
  },
};

/** By the rate that is set when nothing else is: one point for each CNY. */
const MINOR_UNITS_OF_A_POINT = 100;

/** Returns are also made by carriers who bring parcels back, credits also by the demo data. */
const isByCommand = ({ id, reason, request_key: key }) =>
  id.startsWith('ret_') ? reason !== 'brought back by the carrier' : !id.startsWith('bal_') || key !== null;

/** Units by line of the order: `ord_… line 1`. */
function unitsOf(rows) {
  const sums = new Map();
  for (const { order_id: id, lines } of rows) {
    for (const { lineNo, quantity } of lines) {
      const key = `${id} line ${lineNo}`;
      sums.set(key, (sums.get(key) ?? 0) + quantity);
    }
  }
  return sums;
}
