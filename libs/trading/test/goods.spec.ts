import { Money } from '@tradewind/shared-kernel';
import fc from 'fast-check';
import {
  FulfilmentCancelled,
  FulfilmentDelivered,
  FulfilmentRequested,
  FulfilmentShipped,
  OrderCancelled,
  OrderDelivered,
  OrderLinesCancelled,
  OrderShipped,
  ReturnDecided,
  ReturnRequested,
} from '../src/contract';
import { type LineQuantity, pricedUnits, stillRefundable } from '../src/domain/orders/goods-lines';
import type { Order } from '../src/domain/orders/order';
import { decided, decidedUnits, type Decision, received, requestedReturn } from '../src/domain/returns/return';
import { aBigOrder, aPaidBigOrder, fulfilmentId, given, NOW, orderId, refundId, returnId, waybill } from './orders';

const refused = (code: string) => expect.objectContaining({ code });
const one: LineQuantity[] = [{ lineNo: 1, quantity: 1 }];
const everything: LineQuantity[] = [
  { lineNo: 1, quantity: 3 },
  { lineNo: 2, quantity: 4 },
];
const parcel = (n: number) => ({ ...waybill, waybillId: `wbl_${n}`, number: `SF${n}`, fulfilmentId: fulfilmentId(n) });
const plan = (order: Order, n: number, lines?: LineQuantity[]) =>
  order.requestFulfilment(fulfilmentId(n), null, lines, NOW);
const lineOf = (order: Order, lineNo: number) => order.goods.state.lines[lineNo - 1];

describe('a cancel of some units', () => {
  it('frees them and leaves the order open for the others', () => {
    const order = given(aPaidBigOrder())
      .when((o) => o.cancelLines(one, 'one is enough', NOW))
      .then(OrderLinesCancelled, { reason: 'one is enough', lines: [{ lineNo: 1, sku: 'TEA', quantity: 1 }] });
    expect(order.state.status).toBe('paid');
    expect(order.takeStockMoves()).toEqual([{ sku: 'TEA', quantity: 1, kind: 'release' }]);
    order.ship(waybill, NOW);
    expect(order.takeStockMoves()).toEqual([
      { sku: 'TEA', quantity: 2, kind: 'fulfil' },
      { sku: 'POT', quantity: 4, kind: 'fulfil' },
    ]);
  });

  it('cancels the order with the last of them', () => {
    const order = aPaidBigOrder();
    order.cancelLines([{ lineNo: 2, quantity: 4 }], 'no pots', NOW);
    order.takeEvents();
    given(order)
      .when((o) => o.cancelLines([...one, { lineNo: 1, quantity: 2 }], 'no tea', NOW))
      .then(OrderCancelled, { from: 'paid' });
  });

  it('is refused of unknown lines, of more than is open, before the payment and after the parcel went', () => {
    const cancel = (units: LineQuantity[]) => (o: Order) => o.cancelLines(units, 'x', NOW);
    given(aPaidBigOrder())
      .when(cancel([{ lineNo: 3, quantity: 1 }]))
      .thenRefused('unknown-line', { lines: [3] });
    given(aPaidBigOrder())
      .when(cancel([{ lineNo: 1, quantity: 4 }]))
      .thenRefused('insufficient-units', { lines: [{ lineNo: 1, requested: 4, left: 3 }] });
    given(aBigOrder()).when(cancel(one)).thenRefused('partial-cancel-unpaid');
    given(aBigOrder()).when(cancel(everything)).then(OrderCancelled);
    const shipped = aPaidBigOrder();
    shipped.ship(waybill, NOW);
    shipped.takeEvents();
    given(shipped).when(cancel(one)).thenRefused('illegal-transition', { from: 'shipped' });
  });
});

describe('the price of units', () => {
  const cuts = fc.array(fc.record({ lineNo: fc.constantFrom(1, 2), quantity: fc.integer({ min: 1, max: 4 }) }), {
    minLength: 1,
    maxLength: 20,
  });

  it('sums to the price of the line exactly, however the units are cut and whatever failed meanwhile', () => {
    fc.assert(
      fc.property(cuts, fc.array(fc.boolean(), { maxLength: 20 }), (units, fails) => {
        const order = aPaidBigOrder();
        const refund = (asked: LineQuantity[], fail: boolean) => {
          const parts = pricedUnits(order.goods.state.lines, asked);
          const amount = parts.reduce((sum, part) => sum.plus(part.amount), Money.zero('CNY'));
          if (amount.amount === 0n) return;
          order.requestRefund(refundId(), 'x', amount, parts);
          order.settleRefund(refundId(), amount, !fail, parts);
        };
        for (const [index, unit] of units.entries()) {
          const line = lineOf(order, unit.lineNo);
          if (line && line.refunded + unit.quantity <= line.quantity) refund([unit], fails[index] ?? false);
        }
        const rest = order.goods.state.lines
          .map(({ lineNo, quantity, refunded }) => ({ lineNo, quantity: quantity - refunded }))
          .filter(({ quantity }) => quantity > 0);
        if (rest.length > 0) refund(rest, false);
        expect(order.payment.state.refunded).toEqual(Money.of(10_007, 'CNY'));
      }),
    );
  });

  it('is given back once', () => {
    const order = aPaidBigOrder();
    order.requestRefund(refundId(), 'x', Money.of(3_333, 'CNY'), pricedUnits(order.goods.state.lines, one));
    expect(() => pricedUnits(order.goods.state.lines, [{ lineNo: 1, quantity: 3 }])).toThrow(
      expect.objectContaining({ code: 'insufficient-units' }),
    );
    expect(stillRefundable(order.goods.state.lines, [{ lineNo: 1, quantity: 3 }], order.payment.refundable)).toEqual([
      { lineNo: 1, quantity: 2, amount: Money.of(6_667, 'CNY') },
    ]);
  });
});

describe('an order that is fulfilled by request', () => {
  it('is paid until every unit that was not cancelled has shipped, and shipped until all of it arrived', () => {
    const order = given(aPaidBigOrder('manual'))
      .when((o) => plan(o, 1, one))
      .then(FulfilmentRequested, { fulfilmentId: fulfilmentId(1), lines: [{ lineNo: 1, sku: 'TEA', quantity: 1 }] });
    expect(order.fulfilmentStatus).toBe('none');
    given(order)
      .when((o) => o.ship(parcel(1), NOW))
      .then(FulfilmentShipped, { fulfilmentId: fulfilmentId(1), number: 'SF1' });
    expect([order.state.status, order.fulfilmentStatus]).toEqual(['paid', 'partial']);
    expect(order.takeStockMoves()).toEqual([{ sku: 'TEA', quantity: 1, kind: 'fulfil' }]);
    order.deliver(parcel(1), NOW);
    plan(order, 2);
    order.cancelLines(one, 'two are enough', NOW);
    expect(order.goods.state.fulfilments.map(({ status }) => status)).toEqual(['delivered', 'cancelled']);
    plan(order, 3);
    order.takeEvents();
    given(order)
      .when((o) => o.ship(parcel(3), NOW))
      .then(OrderShipped, { number: 'SF3' });
    expect([order.state.status, order.fulfilmentStatus]).toEqual(['shipped', 'shipped']);
    const delivered = given(order).when((o) => o.deliver(parcel(3), NOW));
    delivered.then(OrderDelivered, { waybillId: 'wbl_3' });
    expect([order.state.status, order.fulfilmentStatus]).toEqual(['delivered', 'delivered']);
  });

  it('takes news of a parcel once', () => {
    const order = aPaidBigOrder('manual');
    plan(order, 1);
    for (let again = 0; again < 2; again++) {
      order.ship(parcel(1), NOW);
      order.deliver(parcel(1), NOW);
    }
    const types = order.takeEvents().map((event) => event.constructor);
    const news = [FulfilmentShipped, OrderShipped, FulfilmentDelivered, OrderDelivered];
    expect(types).toEqual([FulfilmentRequested, ...news]);
  });

  it('promises no unit twice, and undoes what cannot be made any more', () => {
    const order = aPaidBigOrder('manual');
    plan(order, 1, [{ lineNo: 1, quantity: 2 }]);
    order.takeEvents();
    given(order)
      .when((o) => plan(o, 2, [{ lineNo: 1, quantity: 2 }]))
      .thenRefused('insufficient-units', { lines: [{ lineNo: 1, requested: 2, left: 1 }] });
    plan(order, 2);
    order.takeEvents();
    given(order)
      .when((o) => plan(o, 3))
      .thenRefused('insufficient-units');
    given(order)
      .when((o) => o.cancelLines([{ lineNo: 2, quantity: 1 }], 'x', NOW))
      .then(FulfilmentCancelled, { fulfilmentId: fulfilmentId(2) });
    given(order)
      .when((o) => o.ship(parcel(2), NOW))
      .thenRefused('illegal-transition', { from: 'cancelled' });
    given(order)
      .when((o) => o.cancel('all of it', NOW))
      .then(FulfilmentCancelled, { fulfilmentId: fulfilmentId(1) });
    expect(order.state.status).toBe('cancelled');
  });

  it('is shipped when what was open of it is cancelled', () => {
    const order = aPaidBigOrder('manual');
    plan(order, 1, one);
    order.ship(parcel(1), NOW);
    order.takeEvents();
    given(order)
      .when((o) => o.cancel('all of it', NOW))
      .thenRefused('illegal-transition', { from: 'paid', allowed: ['shipped'] });
    order.deliver(parcel(1), NOW);
    given(order)
      .when((o) => o.cancelLines(o.goods.open, 'the rest', NOW))
      .then(OrderShipped, { number: 'SF1' });
    expect(order.state.status).toBe('delivered');
  });

  it('is not one that ships as a whole, nor one that is unpaid', () => {
    given(aPaidBigOrder())
      .when((o) => plan(o, 1))
      .thenRefused('fulfilled-automatically');
    given(aBigOrder('manual'))
      .when((o) => plan(o, 1))
      .thenRefused('illegal-transition', { from: 'created' });
  });
});

describe('a parcel that comes back', () => {
  it('shows that its units came back, arrived or not', () => {
    for (const arrived of [false, true]) {
      const order = aPaidBigOrder();
      order.ship(waybill, NOW);
      if (arrived) order.deliver(waybill, NOW);
      const units = order.bringBack(waybill, returnId(), NOW);
      expect(units).toEqual(everything);
      expect(order.fulfilmentStatus).toBe('returned');
      expect(order.state.status).toBe(arrived ? 'delivered' : 'shipped');
    }
  });
});

describe('a return', () => {
  const aDelivered = () => {
    const order = aPaidBigOrder();
    order.ship(waybill, NOW);
    order.deliver(waybill, NOW);
    order.takeEvents();
    order.takeStockMoves();
    return order;
  };
  const two: LineQuantity[] = [{ lineNo: 1, quantity: 2 }];

  it('is of units that arrived, and of each once', () => {
    const order = given(aDelivered())
      .when((o) => o.announceReturn(returnId(), two, 'too small'))
      .then(ReturnRequested, { lines: [{ lineNo: 1, sku: 'TEA', quantity: 2 }] });
    const again = (o: Order) => o.announceReturn(returnId(2), two, 'too small');
    given(order)
      .when(again)
      .thenRefused('insufficient-units', { lines: [{ lineNo: 1, requested: 2, left: 1 }] });
    order.receiveReturn(returnId(), two);
    order.takeEvents();
    given(order).when(again).thenRefused('insufficient-units');
    given(aPaidBigOrder())
      .when(again)
      .thenRefused('insufficient-units', { lines: [{ lineNo: 1, requested: 2, left: 0 }] });
  });

  it('of a parcel that the carrier brings back names only what the buyer had not announced', () => {
    const order = aDelivered();
    order.announceReturn(returnId(), two, 'too small');
    expect(order.bringBack(waybill, returnId(2), NOW)).toEqual([
      { lineNo: 1, quantity: 1 },
      { lineNo: 2, quantity: 4 },
    ]);
    order.receiveReturn(returnId(), two);
    expect(order.fulfilmentStatus).toBe('returned');
  });

  it('puts on the shelf what is wanted there', () => {
    const order = aDelivered();
    order.announceReturn(returnId(), two, 'too small');
    order.receiveReturn(returnId(), two);
    const accepted = { ...one[0], outcome: 'accepted', restock: true } as const;
    given(order)
      .when((o) => o.decideReturn(returnId(), [accepted as Decision, { ...accepted, restock: false } as Decision]))
      .then(ReturnDecided);
    expect(order.takeStockMoves()).toEqual([{ sku: 'TEA', quantity: 1, kind: 'restock' }]);
  });

  it('is decided once, unit by unit, when it is here', () => {
    const of = { id: returnId(), orderId: orderId(), reason: 'x', lines: two, requestedAt: NOW };
    const accept = (quantity: number): Decision => ({ lineNo: 1, quantity, outcome: 'accepted', restock: false });
    const here = received(requestedReturn(of), NOW);
    expect(() => decided(requestedReturn(of), [accept(2)], NOW)).toThrow(refused('illegal-return-step'));
    expect(() => received(here, NOW)).toThrow(refused('illegal-return-step'));
    for (const wrong of [[accept(1)], [accept(3)], [accept(2), { ...accept(1), lineNo: 2 }]]) {
      expect(() => decided(here, wrong, NOW)).toThrow(refused('invalid-decision'));
    }
    const rejected: Decision = { ...accept(1), outcome: 'rejected' };
    expect(() => decided(here, [accept(1), { ...rejected, restock: true }], NOW)).toThrow(refused('invalid-decision'));
    const done = decided(here, [accept(1), rejected], NOW);
    expect(decidedUnits(done, ({ outcome }) => outcome === 'accepted')).toEqual([{ lineNo: 1, quantity: 1 }]);
    expect(() => decided(done, [accept(2)], NOW)).toThrow(refused('illegal-return-step'));
  });
});
