import { DomainError, Money } from '@tradewind/shared-kernel';
import fc from 'fast-check';
import type { FulfilmentMode, Parcel } from '../src/domain/orders/goods';
import {
  type LineQuantity,
  pricedUnits,
  type RefundedLine,
  stillRefundable,
  sumOf,
} from '../src/domain/orders/goods-lines';
import type { Order } from '../src/domain/orders/order';
import { aBigOrder, fulfilmentId, NOW, paid, refundId, returnId, waybill } from './orders';

/** Where one unit is. `planned`, `travelling` and `arrived` are in a parcel; `announced` and `back` belong to a return. */
type Place = 'open' | 'planned' | 'travelling' | 'arrived' | 'announced' | 'back' | 'back undelivered' | 'cancelled';

interface Unit {
  line: number;
  place: Place;
  parcel: number | null;
  /** Known by its number: the refund that gave its price. */
  refund: number | null;
}

interface GivenBack {
  amount: Money;
  parts: RefundedLine[];
  state: 'pending' | 'given' | 'failed';
}

/** What leads on is drawn more often than what ends the order. */
const KINDS = [
  'pay',
  'pay',
  'pay',
  'plan',
  'plan',
  'ship',
  'deliver',
  'announce',
  'cancel units',
  'decline',
  'cancel',
  'cancel units',
  'plan',
  'ship',
  'deliver',
  'bring back',
  'announce',
  'receive',
  'refund amount',
  'refund units',
  'settle',
  'revoke',
] as const;
const command = fc.record({
  kind: fc.constantFrom(...KINDS),
  line: fc.integer({ min: 1, max: 2 }),
  quantity: fc.integer({ min: 1, max: 4 }),
  which: fc.nat(3),
  yes: fc.boolean(),
});
type Command = typeof command extends fc.Arbitrary<infer Drawn> ? Drawn : never;

/** Every unit by itself, and every amount on its way: what an order should be, told the long way round. */
class Model {
  readonly units: Unit[];
  readonly refunds: GivenBack[] = [];
  readonly returns: LineQuantity[][] = [];
  parcels = 0;
  isPaid = false;
  isCancelled = false;
  /** Whether the order has to take the command under way. */
  isLegal = true;

  constructor(
    readonly order: Order,
    readonly mode: FulfilmentMode,
  ) {
    const places = { place: 'open', parcel: null, refund: null } as const;
    this.units = order.state.lines.flatMap(({ lineNo: line, quantity }) =>
      Array.from({ length: quantity }, () => ({ line, ...places })),
    );
    if (mode === 'automatic') this.parcels = 1;
  }

  count(line: number, ...places: Place[]): number {
    return this.units.filter((unit) => unit.line === line && places.includes(unit.place)).length;
  }

  some(...places: Place[]): boolean {
    return this.units.some(({ place }) => places.includes(place));
  }

  /** Takes so many units of a line from one place to another. */
  take({ lineNo, quantity }: LineQuantity, from: Place[], change: Partial<Unit>): void {
    const found = from.flatMap((place) => this.units.filter((unit) => unit.line === lineNo && unit.place === place));
    for (const unit of found.slice(0, quantity)) Object.assign(unit, change);
  }

  inParcel(parcel: number, place: Place): Unit[] {
    return this.units.filter((unit) => unit.parcel === parcel && unit.place === place);
  }

  get status(): string {
    if (this.isCancelled) return 'cancelled';
    if (!this.isPaid) return 'created';
    if (this.some('open', 'planned')) return 'paid';
    return this.wasDelivered ? 'delivered' : 'shipped';
  }

  /** Nothing travels and something arrived; that it came back later takes nothing away. */
  get wasDelivered(): boolean {
    return !this.some('travelling', 'open', 'planned') && this.some('arrived', 'announced', 'back');
  }
}

/** One command as it is played. */
interface Played {
  model: Model;
  order: Order;
  line: number;
  quantity: number;
  yes: boolean;
  asked: [LineQuantity];
  parcelNo: number;
  parcel: Parcel;
}

const OPEN: Place[] = ['open', 'planned'];
const SHIPPED: Place[] = ['travelling', 'arrived', 'announced', 'back', 'back undelivered'];

/** Each plays its command on both, and says before whether the order has to take it. */
const PLAY: Record<Command['kind'], (played: Played) => void> = {
  pay({ model, order }) {
    const verdict = order.recordPayment({ ...paid, amount: order.state.total }, NOW);
    if (verdict === 'paid') model.isPaid = true;
  },
  decline({ order }) {
    order.recordPayment({ ...paid, outcome: 'declined', amount: order.state.total }, NOW);
  },
  cancel({ model, order }) {
    const shipped = model.some(...SHIPPED);
    model.isLegal = model.isCancelled || !shipped;
    order.cancel('x', NOW);
    for (const unit of model.units) Object.assign(unit, { place: 'cancelled', parcel: null });
    model.isCancelled = true;
  },
  'cancel units'({ model, order, line, quantity, asked }) {
    const open = model.count(line, ...OPEN);
    const isAll = quantity === model.units.filter(({ place }) => OPEN.includes(place)).length;
    const shipped = model.some(...SHIPPED);
    const isWhole = isAll && !shipped;
    model.isLegal = ['created', 'paid'].includes(model.status) && quantity <= open && (model.isPaid || isWhole);
    order.cancelLines(asked, 'x', NOW);
    model.take(asked[0], ['open'], { place: 'cancelled' });
    // The newest plans that hold units of the line are undone, as many as it takes.
    for (let newest = model.parcels - 1; newest >= 0; newest--) {
      const missing = quantity - (open - model.count(line, ...OPEN));
      const planned = model.inParcel(newest, 'planned');
      if (missing === 0 || !planned.some((unit) => unit.line === line)) continue;
      for (const unit of planned) Object.assign(unit, { place: 'open', parcel: null });
      model.take({ lineNo: line, quantity: missing }, ['open'], { place: 'cancelled' });
    }
    if (isWhole) {
      model.isCancelled = true;
    }
  },
  plan({ model, order, line, quantity, asked }) {
    if (model.parcels >= 4) return; // as many as the commands can name
    const open = model.count(line, 'open');
    model.isLegal = model.mode === 'manual' && model.status === 'paid' && quantity <= open;
    order.requestFulfilment(fulfilmentId(model.parcels + 1), null, asked, NOW);
    model.take(asked[0], ['open'], { place: 'planned', parcel: model.parcels });
    model.parcels += 1;
  },
  ship({ model, order, parcelNo, parcel }) {
    if (parcelNo >= model.parcels) return;
    const units =
      model.mode === 'automatic'
        ? model.units.filter(({ place }) => place === 'open')
        : model.inParcel(parcelNo, 'planned');
    const isKnown = model.units.some(
      (unit) => unit.parcel === parcelNo && !OPEN.includes(unit.place) && unit.place !== 'cancelled',
    );
    const isRepeat = model.mode === 'automatic' ? model.status === 'shipped' : isKnown;
    model.isLegal = isRepeat || (model.status === 'paid' && units.length > 0);
    order.ship(parcel, NOW);
    if (!isRepeat) for (const unit of units) Object.assign(unit, { place: 'travelling', parcel: parcelNo });
  },
  deliver({ model, order, parcelNo, parcel }) {
    if (parcelNo >= model.parcels) return;
    model.isLegal = model.mode === 'manual' || ['shipped', 'delivered'].includes(model.status);
    order.deliver(parcel, NOW);
    for (const unit of model.inParcel(parcelNo, 'travelling')) unit.place = 'arrived';
  },
  'bring back'({ model, order, parcelNo, parcel }) {
    if (parcelNo >= model.parcels) return;
    const travelling = model.inParcel(parcelNo, 'travelling');
    const arrived = travelling.length > 0 ? [] : model.inParcel(parcelNo, 'arrived');
    const ahead = model.inParcel(parcelNo, 'planned').length > 0;
    if (ahead) return; // no carrier has it yet
    order.bringBack(parcel, returnId(), NOW);
    for (const unit of travelling) unit.place = 'back undelivered';
    for (const unit of arrived) unit.place = 'back';
  },
  announce({ model, order, line, quantity, asked }) {
    model.isLegal = quantity <= model.count(line, 'arrived');
    order.announceReturn(returnId(model.returns.length + 1), asked, 'x');
    model.take(asked[0], ['arrived'], { place: 'announced' });
    model.returns.push(asked);
  },
  receive({ model, order }) {
    const units = model.returns.shift();
    if (!units) return;
    order.receiveReturn(returnId(), units);
    model.take(units[0] as LineQuantity, ['announced'], { place: 'back' });
  },
  'refund amount'({ model, order, quantity }) {
    const amount = Money.of(quantity * 1_000, 'CNY');
    model.isLegal = !amount.isGreaterThan(order.payment.refundable);
    order.requestRefund(refundId(model.refunds.length + 1), 'x', amount);
    model.refunds.push({ amount, parts: [], state: 'pending' });
  },
  'refund units'({ model, order, line, quantity, yes, asked }) {
    const left = model.units.filter((unit) => unit.line === line && unit.refund === null).length;
    model.isLegal = yes || quantity <= left;
    const { lines } = order.goods.state;
    const parts = yes ? stillRefundable(lines, asked, order.payment.refundable) : pricedUnits(lines, asked);
    const amount = sumOf(parts, 'CNY');
    if (amount.amount === 0n) return;
    model.isLegal &&= !amount.isGreaterThan(order.payment.refundable);
    order.requestRefund(refundId(model.refunds.length + 1), 'x', amount, parts);
    const id = model.refunds.push({ amount, parts, state: 'pending' });
    const given = model.units.filter((unit) => unit.line === line && unit.refund === null);
    for (const unit of given.slice(0, quantity)) unit.refund = id;
  },
  settle: ({ model, order, yes }) => end(model, order, 'pending', yes),
  revoke: ({ model, order }) => end(model, order, 'given', false),
};

/** The gateway tells of the first refund in this state whether the money arrived. */
function end(model: Model, order: Order, from: 'pending' | 'given', success: boolean): void {
  const index = model.refunds.findIndex(({ state }) => state === from);
  const one = model.refunds[index];
  if (!one) return;
  const id = refundId(index + 1);
  if (from === 'pending') order.settleRefund(id, one.amount, success, one.parts);
  else order.revokeRefund(id, one.amount, one.parts);
  one.state = success ? 'given' : 'failed';
  if (!success) for (const unit of model.units) if (unit.refund === index + 1) unit.refund = null;
}

function play(model: Model, order: Order, { kind, which, ...drawn }: Command): void {
  const isWhole = model.mode === 'automatic';
  const parcelNo = isWhole ? 0 : which;
  const parcel: Parcel = { ...waybill, fulfilmentId: isWhole ? null : fulfilmentId(parcelNo + 1) };
  const asked: [LineQuantity] = [{ lineNo: drawn.line, quantity: drawn.quantity }];
  model.isLegal = true;
  PLAY[kind]({ ...drawn, model, order, asked, parcelNo, parcel });
}

function expectAlike(model: Model, order: Order): void {
  expect(order.state.status).toBe(model.status);
  for (const line of order.goods.state.lines) {
    const count = (...places: Place[]) => model.count(line.lineNo, ...places);
    const refunded = model.units.filter((unit) => unit.line === line.lineNo && unit.refund !== null).length;
    expect(line).toMatchObject({
      cancelled: count('cancelled'),
      shipped: count('travelling', 'arrived', 'announced', 'back', 'back undelivered'),
      delivered: count('arrived', 'announced', 'back'),
      announced: count('announced'),
      returned: count('back', 'back undelivered'),
      undelivered: count('back undelivered'),
      refunded,
    });
    const parts = model.refunds
      .filter(({ state }) => state !== 'failed')
      .flatMap((one) => one.parts.filter(({ lineNo }) => lineNo === line.lineNo));
    expect(line.refundedAmount).toEqual(sumOf(parts, 'CNY'));
    expect(line.refundedAmount.isGreaterThan(line.total)).toBe(false);
  }
  const sum = (state: GivenBack['state']) =>
    model.refunds.filter((one) => one.state === state).reduce((all, { amount }) => all.plus(amount), Money.zero('CNY'));
  const { captured, refunded, refundPending } = order.payment.state;
  expect([refunded, refundPending]).toEqual([sum('given'), sum('pending')]);
  expect(refunded.plus(refundPending).isGreaterThan(captured)).toBe(false);
}

const shown = (order: Order) =>
  JSON.stringify([order.version, order.state.status, order.goods.state], (_, value) =>
    typeof value === 'bigint' ? String(value) : (value as unknown),
  );

describe('an order under every command in any order', () => {
  it.each(['automatic', 'manual'] as const)('is what a model of single units says (%s)', (mode) => {
    fc.assert(
      fc.property(fc.array(command, { minLength: 1, maxLength: 60, size: 'max' }), (commands) => {
        const order = aBigOrder(mode);
        const model = new Model(order, mode);
        let held = model.units.length;
        for (const one of commands) {
          const before = shown(order);
          const { version } = order;
          let isRefused = false;
          try {
            play(model, order, one);
          } catch (error) {
            if (!(error instanceof DomainError)) throw error;
            isRefused = true;
          }
          expect({ ...one, isRefused }).toEqual({ ...one, isRefused: !model.isLegal });
          // A refusal changes nothing and tells nothing.
          expect(isRefused && shown(order) !== before).toBe(false);
          const told = order.takeEvents().length;
          expect(order.version).toBe(version + told);
          expect(told === 0 && shown(order) !== before).toBe(false);
          for (const move of order.takeStockMoves()) {
            if (['release', 'expire', 'fulfil'].includes(move.kind)) held -= move.quantity;
          }
          expect(held).toBe(model.units.filter(({ place }) => place === 'open' || place === 'planned').length);
          expectAlike(model, order);
        }
      }),
      { numRuns: 100 },
    );
  });
});
