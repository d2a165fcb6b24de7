import { Money } from '@tradewind/shared-kernel';
import {
  OrderCancelled,
  OrderDelivered,
  OrderPaid,
  OrderReviewApproved,
  OrderReviewOpened,
  OrderShipped,
  PaymentArrivedLate,
  PaymentDeclined,
  PaymentParked,
  RefundRequested,
  RefundSettled,
  StockHoldExtended,
} from '../src/contract';
import { MOVES, type Order, type OrderMove, type OrderStatus } from '../src/domain/orders/order';
import {
  aCancelledOrder,
  aCreatedOrder,
  aDeliveredOrder,
  aPaidOrder,
  aShippedOrder,
  declined,
  given,
  NOW,
  orderId,
  paid,
  PRICE,
  refundId,
  waybill,
} from './orders';

const orders: Record<OrderStatus, () => Order> = {
  created: aCreatedOrder,
  paid: aPaidOrder,
  shipped: aShippedOrder,
  delivered: aDeliveredOrder,
  cancelled: aCancelledOrder,
};
const moves: Record<Exclude<OrderMove, 'paid'>, (order: Order) => void> = {
  cancelled: (order) => order.cancel('changed mind', NOW),
  shipped: (order) => order.ship(waybill, NOW),
  delivered: (order) => order.deliver(waybill, NOW),
};

describe('an order', () => {
  it('is paid once its amount is captured', () => {
    const order = given(aCreatedOrder())
      .when((o) => o.recordPayment(paid, NOW))
      .then(OrderPaid, { orderId: orderId() });
    expect(order.state.status).toBe('paid');
    expect(order.takeStockMoves()).toEqual([{ sku: 'TEA', quantity: 1, kind: 'claim' }]);
    expect(order.paymentStatus).toBe('paid');
  });

  it('is shipped when the carrier has it', () => {
    const order = given(aPaidOrder())
      .when((o) => o.ship(waybill, NOW))
      .then(OrderShipped, { number: 'SF1' });
    expect(order.fulfilmentStatus).toBe('shipped');
    expect(order.takeStockMoves()).toEqual([{ sku: 'TEA', quantity: 1, kind: 'fulfil' }]);
  });

  it('is delivered when it arrived', () => {
    const order = given(aShippedOrder())
      .when((o) => o.deliver(waybill, NOW))
      .then(OrderDelivered);
    expect(order.fulfilmentStatus).toBe('delivered');
  });

  it('may be cancelled while created or paid, which frees its units', () => {
    for (const [from, order] of [
      ['created', aCreatedOrder()],
      ['paid', aPaidOrder()],
    ] as const) {
      given(order)
        .when((o) => o.cancel('changed mind', NOW))
        .then(OrderCancelled, { reason: 'changed mind', from });
      expect(order.takeStockMoves()).toEqual([{ sku: 'TEA', quantity: 1, kind: 'release' }]);
    }
  });

  it('expires when its time ran out unpaid, once, which frees its units', () => {
    const order = aCreatedOrder();
    given(order)
      .when((o) => expect(o.expire(new Date(NOW.getTime() - 1))).toBe(false))
      .thenNothing();
    given(order)
      .when((o) => o.expire(NOW))
      .then(OrderCancelled, { reason: 'hold-expired', from: 'created' });
    expect(order.takeStockMoves()).toEqual([{ sku: 'TEA', quantity: 1, kind: 'expire' }]);
    for (const done of [order, aPaidOrder(), aShippedOrder()]) {
      given(done)
        .when((o) => expect(o.expire(NOW)).toBe(false))
        .thenNothing();
    }
  });

  it('holds its units longer while a person looks at it, at most for a day from its placement', () => {
    const hours = (n: number) => new Date(NOW.getTime() + n * 3_600_000);
    const order = given(aCreatedOrder())
      .when((o) => o.extendHold(hours(2)))
      .then(StockHoldExtended, { holdExpiresAt: hours(2).toISOString() });
    expect(order.extendHold(hours(1))).toEqual(hours(2));
    expect(order.extendHold(hours(48))).toEqual(hours(24));
    expect(order.state.holdExpiresAt).toEqual(hours(24));
    given(aPaidOrder())
      .when((o) => o.extendHold(hours(2)))
      .thenNothing();
  });

  it('counts its events without holes', () => {
    const order = aDeliveredOrder();
    expect(order.version).toBe(4);
  });

  describe('moves by the table and in no other way', () => {
    for (const from of Object.keys(orders) as OrderStatus[]) {
      for (const move of Object.keys(moves) as (keyof typeof moves)[]) {
        const to = (MOVES[from] as Partial<Record<OrderMove, OrderStatus>>)[move];
        if (to) continue;
        if (from === move) {
          it(`takes a repeat of ${move} without a change`, () => {
            given(orders[from]()).when(moves[move]).thenNothing();
          });
        } else {
          it(`refuses ${move} of a ${from} order`, () => {
            given(orders[from]())
              .when(moves[move])
              .thenRefused('illegal-transition', { from, event: move, allowed: Object.keys(MOVES[from]) });
          });
        }
      }
    }
  });
});

describe('news of a payment', () => {
  it('changes nothing the second time', () => {
    given(aPaidOrder())
      .when((o) => expect(o.recordPayment(paid, NOW)).toBe('repeated'))
      .thenNothing();
  });

  it('is set aside when the amount or the currency is another', () => {
    for (const amount of [Money.of(12_989, 'CNY'), Money.of(12_990, 'USD')]) {
      given(aCreatedOrder())
        .when((o) => expect(o.recordPayment({ ...paid, amount }, NOW)).toBe('mismatch'))
        .thenNothing();
    }
  });

  it('of a decline leaves the order open for another outcome', () => {
    const order = given(aCreatedOrder())
      .when((o) => o.recordPayment(declined, NOW))
      .then(PaymentDeclined);
    expect(order.paymentStatus).toBe('failed');
    given(order)
      .when((o) => o.recordPayment(paid, NOW))
      .then(OrderPaid);
  });

  it('of a decline after the capture changes nothing', () => {
    given(aPaidOrder())
      .when((o) => o.recordPayment(declined, NOW))
      .thenNothing();
  });

  it('of a capture after the cancellation is kept as a fact and revives nothing', () => {
    const order = given(aCancelledOrder())
      .when((o) => o.recordPayment(paid, NOW))
      .then(PaymentArrivedLate);
    expect(order.state.status).toBe('cancelled');
    expect(order.payment.refundable).toEqual(PRICE);
  });
});

describe('a refund', () => {
  it('sets its amount aside before the gateway is asked', () => {
    const order = given(aPaidOrder())
      .when((o) => o.requestRefund(refundId(), 'damaged'))
      .then(RefundRequested, {
        amount: PRICE.toJSON(),
      });
    expect(order.payment.refundable).toEqual(Money.zero('CNY'));
    expect(order.paymentStatus).toBe('paid');
  });

  it('of more than is left is refused', () => {
    given(aPaidOrder())
      .when((o) => o.requestRefund(refundId(), 'damaged', Money.of(12_991, 'CNY')))
      .thenRefused('refund-exceeds-captured', { refundable: PRICE.toJSON() });
  });

  it('of an unpaid order, or a second one of the whole, is refused', () => {
    given(aCreatedOrder())
      .when((o) => o.requestRefund(refundId(), 'damaged'))
      .thenRefused('not-refundable');
    const order = aPaidOrder();
    order.requestRefund(refundId(1), 'damaged');
    order.takeEvents();
    given(order)
      .when((o) => o.requestRefund(refundId(2), 'damaged'))
      .thenRefused('not-refundable');
  });

  it('moves the money axis when it succeeded, and frees the amount when it failed', () => {
    const order = aPaidOrder();
    const part = Money.of(990, 'CNY');
    order.requestRefund(refundId(1), 'damaged', part);
    order.takeEvents();
    given(order)
      .when((o) => o.settleRefund(refundId(1), part, true))
      .then(RefundSettled, { status: 'success' });
    expect(order.paymentStatus).toBe('partially-refunded');
    const rest = order.requestRefund(refundId(2), 'damaged');
    order.settleRefund(refundId(2), rest, false);
    expect(order.payment.refundable).toEqual(rest);
    order.settleRefund(refundId(3), order.requestRefund(refundId(3), 'damaged'), true);
    expect(order.paymentStatus).toBe('refunded');
  });
});

describe('an order that waits for a review', () => {
  const deadline = new Date(NOW.getTime() + 86_400_000);
  const aParkedOrder = () => {
    const order = aCreatedOrder();
    order.openReview(deadline);
    order.takeEvents();
    return order;
  };

  it('holds its units until the deadline', () => {
    const order = given(aCreatedOrder())
      .when((o) => o.openReview(deadline))
      .then(OrderReviewOpened, { deadline: deadline.toISOString() });
    expect(order.state).toMatchObject({ status: 'created', review: 'pending', holdExpiresAt: deadline });
  });

  it('holds its units for a day at most, however late the deadline', () => {
    const order = given(aCreatedOrder())
      .when((o) => o.openReview(new Date(deadline.getTime() + 1)))
      .then(OrderReviewOpened, {});
    expect(order.state.holdExpiresAt).toEqual(deadline);
    order.approveReview('deadline', new Date(deadline.getTime() + 1), 900_000);
    expect(order.state.holdExpiresAt).toEqual(deadline);
  });

  it('captures nothing that is authorised before it is approved', () => {
    const order = aParkedOrder();
    order.recordPayment({ ...paid, outcome: 'authorized' }, NOW);
    order.takeEvents();
    given(order)
      .when((o) => o.requestCapture('cap_1', true))
      .thenRefused('order-in-review');
    order.approveReview('reviewer', NOW, 900_000);
    expect(order.requestCapture('cap_1', true)).toEqual(PRICE);
  });

  it('keeps the money that comes and is not paid for yet', () => {
    const order = given(aParkedOrder())
      .when((o) => o.recordPayment(paid, NOW))
      .then(PaymentParked, { amount: PRICE.toJSON() });
    expect(order.state.status).toBe('created');
    expect(order.paymentStatus).toBe('paid');
    given(order)
      .when((o) => expect(o.recordPayment(paid, NOW)).toBe('repeated'))
      .thenNothing();
    given(order)
      .when((o) => o.approveReview('reviewer', NOW, 900_000))
      .then(OrderPaid, { amount: PRICE.toJSON() });
    expect(order.state).toMatchObject({ status: 'paid', review: null });
  });

  it('goes on unpaid when it is approved before the money comes', () => {
    const order = given(aParkedOrder())
      .when((o) => o.approveReview('deadline', NOW, 900_000))
      .then(OrderReviewApproved, { by: 'deadline' });
    expect(order.state).toMatchObject({ status: 'created', review: null, holdExpiresAt: deadline });
  });

  it('is cancelled when it is rejected', () => {
    const order = given(aParkedOrder())
      .when((o) => o.rejectReview('reviewer', NOW))
      .then(OrderCancelled, { reason: 'declined', from: 'created' });
    expect(order.state).toMatchObject({ status: 'cancelled', review: null });
    expect(order.takeStockMoves()).toEqual([expect.objectContaining({ kind: 'release' })]);
  });

  it('does not expire before anybody has decided', () => {
    given(aParkedOrder())
      .when((o) => expect(o.expire(new Date(deadline.getTime() + 1))).toBe(false))
      .thenNothing();
  });
});
