import { DomainError, Money } from '@tradewind/shared-kernel';
import fc from 'fast-check';
import {
  CaptureRequested,
  CaptureSettled,
  OrderCancelled,
  OrderPaid,
  PaymentArrivedLate,
  PaymentAuthorized,
  PaymentOperationStuck,
  PaymentVoided,
  StockHeldAgain,
  StockHoldExpired,
} from '../src/contract';
import { Payment } from '../src/domain/payments/payment';
import { aCancelledOrder, aCreatedOrder, aPaidOrder, declined, given, NOW, paid, paymentId, PRICE } from './orders';

const authorized = { ...paid, outcome: 'authorized' } as const;
const voided = { ...paid, outcome: 'voided' } as const;
const LATER = new Date(NOW.getTime() + 7 * 86_400_000);
const cap = (n = 1) => `cap_${n}` as const;
const voi = 'voi_1' as const;
const cny = (amount: number) => Money.of(amount, 'CNY');

function anAuthorizedOrder() {
  const order = aCreatedOrder();
  order.recordPayment(authorized, NOW, { holdUntil: LATER });
  order.takeEvents();
  return order;
}

describe('an authorised payment', () => {
  it('leaves the order created, its units held for the captures', () => {
    const order = given(aCreatedOrder())
      .when((o) => o.recordPayment(authorized, NOW, { holdUntil: LATER }))
      .then(PaymentAuthorized, { amount: PRICE.toJSON(), holdExpiresAt: LATER.toISOString() });
    expect(order.state).toMatchObject({ status: 'created', holdExpiresAt: LATER });
    expect(order.paymentStatus).toBe('authorized');
    given(order)
      .when((o) => expect(o.recordPayment(authorized, NOW, { holdUntil: LATER })).toBe('repeated'))
      .thenNothing();
  });

  it('sets the amount of a capture aside, and pays the order with the last one', () => {
    const order = anAuthorizedOrder();
    given(order)
      .when((o) => o.requestCapture(cap(1), false, cny(5000)))
      .then(CaptureRequested, { amount: { amount: 5000 }, final: false });
    given(order)
      .when((o) => o.requestCapture(cap(2), false, cny(7991)))
      .thenRefused('capture-exceeds-authorized', { capturable: { amount: 7990, currency: 'CNY' } });
    order.settleCapture(cap(1), cny(5000), true, false, NOW);
    expect(order.paymentStatus).toBe('authorized');
    order.requestCapture(cap(2), false);
    order.takeEvents();
    given(order)
      .when((o) => o.settleCapture(cap(2), cny(7990), true, false, NOW))
      .then(OrderPaid, { amount: PRICE.toJSON() });
  });

  it('is settled by a final capture of less, and refuses one beside another', () => {
    const order = anAuthorizedOrder();
    order.requestCapture(cap(1), false, cny(1));
    order.takeEvents();
    given(order)
      .when((o) => o.requestCapture(cap(2), true, cny(1)))
      .thenRefused('payment-operation-open');
    order.settleCapture(cap(1), cny(1), false, false, NOW);
    order.requestCapture(cap(2), true, cny(12_000));
    order.takeEvents();
    given(order)
      .when((o) => o.settleCapture(cap(2), cny(12_000), true, true, NOW))
      .then(OrderPaid, { amount: { amount: 12_000, currency: 'CNY' } });
    expect(order.payment.refundable).toEqual(cny(12_000));
  });

  it('that was voided ends the order, unless part of it was captured', () => {
    const order = anAuthorizedOrder();
    order.requestVoid(voi);
    order.takeEvents();
    given(order)
      .when((o) => o.requestCapture(cap(), false))
      .thenRefused('payment-operation-open');
    given(order)
      .when((o) => o.settleVoid(voi, PRICE, true, NOW))
      .then(OrderCancelled, { reason: 'payment-voided' });
    expect(order.paymentStatus).toBe('none');

    const captured = anAuthorizedOrder();
    captured.requestCapture(cap(), false, cny(90));
    captured.settleCapture(cap(), cny(90), true, false, NOW);
    captured.requestVoid(voi);
    captured.takeEvents();
    given(captured)
      .when((o) => o.settleVoid(voi, cny(12_900), true, NOW))
      .then(OrderPaid, { amount: { amount: 90, currency: 'CNY' } });
  });

  it('that the gateway would not let go of stays authorised', () => {
    const order = anAuthorizedOrder();
    order.requestVoid(voi);
    order.takeEvents();
    given(order)
      .when((o) => o.settleVoid(voi, PRICE, false, NOW))
      .then(PaymentVoided, { status: 'failed' });
    expect(order.paymentStatus).toBe('authorized');
    expect(order.payment.capturable).toEqual(PRICE);
  });

  it('that ran out at the gateway ends the order', () => {
    const order = given(anAuthorizedOrder())
      .when((o) => o.recordPayment(voided, NOW))
      .then(PaymentVoided, { operationId: null, status: 'success' });
    expect(order.state).toMatchObject({ status: 'cancelled', cancelReason: 'payment-voided' });
  });

  it('that came after the cancellation is kept as a fact, to be let go', () => {
    const order = given(aCancelledOrder())
      .when((o) => o.recordPayment(authorized, NOW, { holdUntil: LATER }))
      .then(PaymentArrivedLate);
    expect(order.payment.capturable).toEqual(PRICE);
  });

  it('captured for an order that was cancelled meanwhile pays nothing', () => {
    const order = anAuthorizedOrder();
    order.requestCapture(cap(), false);
    order.cancel('changed mind', NOW);
    order.takeEvents();
    given(order)
      .when((o) => o.settleCapture(cap(), PRICE, true, false, NOW))
      .then(CaptureSettled, { status: 'success' });
    expect(order.state.status).toBe('cancelled');
    expect(order.payment.refundable).toEqual(PRICE);
  });
});

describe('money that arrives when the time to pay is over', () => {
  const anExpiredOrder = () => {
    const order = aCreatedOrder();
    expect(order.releaseHold(NOW)).toBe(true);
    order.takeEvents();
    order.takeStockMoves();
    return order;
  };

  it('finds the order created and its units free, until the gateway has told', () => {
    const order = aCreatedOrder();
    given(order)
      .when((o) => o.releaseHold(new Date(NOW.getTime() - 1)))
      .thenNothing();
    given(order)
      .when((o) => o.releaseHold(NOW))
      .then(StockHoldExpired);
    expect(order.takeStockMoves()).toMatchObject([{ kind: 'expire' }]);
    given(order)
      .when((o) => o.releaseHold(NOW))
      .thenNothing();
    given(order)
      .when((o) => o.expire(NOW))
      .then(OrderCancelled, { reason: 'hold-expired' });
    expect(order.takeStockMoves()).toEqual([]);
  });

  it('pays the order whose units could be held again', () => {
    const order = anExpiredOrder();
    expect([order.needsUnitsFor(paid), order.needsUnitsFor(declined)]).toEqual([true, false]);
    expect(order.needsUnitsFor({ ...paid, amount: cny(1) })).toBe(false);
    given(order)
      .when((o) => o.holdAgain(LATER))
      .then(StockHeldAgain, { holdExpiresAt: LATER.toISOString() });
    expect(order.needsUnitsFor(paid)).toBe(false);
    given(order)
      .when((o) => o.recordPayment(paid, NOW))
      .then(OrderPaid);
    expect(order.takeStockMoves()).toMatchObject([{ kind: 'claim' }]);
  });

  it('frees no units twice when the order is cancelled meanwhile', () => {
    const order = anExpiredOrder();
    order.cancel('changed mind', NOW);
    expect(order.takeStockMoves()).toEqual([]);
    expect(order.needsUnitsFor(paid)).toBe(false);
  });

  it('is left to people where that is the policy', () => {
    given(aCancelledOrder())
      .when((o) => o.recordPayment(paid, NOW, { late: 'left-to-people' }))
      .then(PaymentArrivedLate, { handling: 'left-to-people' });
  });
});

describe('a payment', () => {
  it('under another reference than the known one is set aside: somebody has paid twice', () => {
    for (const order of [aPaidOrder(), anAuthorizedOrder()]) {
      given(order)
        .when((o) => expect(o.recordPayment({ ...paid, gatewayReference: 'ch_2' }, NOW)).toBe('mismatch'))
        .thenNothing();
    }
  });

  it('has an operation that a person must look at, told on the timeline', () => {
    const stuck = { operationId: 'ref_1', kind: 'refund', amount: PRICE, reason: 'HTTP 500' };
    given(aPaidOrder())
      .when((o) => o.reportStuck(stuck))
      .then(PaymentOperationStuck, { operationId: 'ref_1', kind: 'refund', reason: 'HTTP 500' });
  });

  it('adds up whatever is asked of it, in whatever order', () => {
    const step = fc.record({
      verb: fc.constantFrom(
        'capture',
        'captured',
        'not-captured',
        'void',
        'voided',
        'not-voided',
        'refund',
        'refunded',
      ),
      amount: fc.integer({ min: 1, max: 700 }),
      final: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const payment = Payment.awaited(paymentId(), 'sandbox', cny(1000), 'manual');
        payment.authorize('ch_1');
        const captures: { amount: Money; final: boolean }[] = [];
        const refunds: Money[] = [];
        let taken = 0n;
        for (const { verb, amount, final } of steps) {
          try {
            if (verb === 'capture') {
              payment.reserveCapture(cny(amount), final);
              captures.push({ amount: cny(amount), final });
            } else if (verb === 'void') payment.reserveVoid();
            else if (verb === 'refund') {
              payment.reserveRefund(cny(amount));
              refunds.push(cny(amount));
            }
          } catch (error) {
            if (!(error instanceof DomainError)) throw error;
          }
          if (verb === 'captured' || verb === 'not-captured') {
            const capture = captures.shift();
            if (capture) payment.settleCapture(capture.amount, verb === 'captured', capture.final);
            if (capture && verb === 'captured') taken += capture.amount.amount;
          }
          if ((verb === 'voided' || verb === 'not-voided') && payment.state.voidPending && captures.length === 0) {
            payment.settleVoid(verb === 'voided');
          }
          if (verb === 'refunded') {
            const refund = refunds.shift();
            if (refund) payment.settleRefund(refund, true);
          }
          const { authorized: may, captured, capturePending, refunded, refundPending } = payment.state;
          expect(captured.amount).toBe(taken);
          expect(captured.plus(capturePending).isGreaterThan(may)).toBe(false);
          expect(refunded.plus(refundPending).isGreaterThan(captured)).toBe(false);
          expect(may.isGreaterThan(cny(1000))).toBe(false);
        }
      }),
    );
  });
});
