import type { Id, Money } from '@tradewind/shared-kernel';
import {
  CaptureRequested,
  CaptureSettled,
  OrderCancelled,
  OrderLinesCancelled,
  OrderPaid,
  OrderPlaced,
  OrderReviewApproved,
  OrderReviewOpened,
  OrderReviewRejected,
  PaymentArrivedLate,
  PaymentAuthorized,
  PaymentDeclined,
  PaymentOperationStuck,
  PaymentParked,
  PaymentVoided,
  RefundRequested,
  RefundSettled,
  StockHeldAgain,
  StockHoldExpired,
  StockHoldExtended,
  VoidRequested,
} from '../../contract';
import { amountsJson, lineJson } from '../pricing/pricing-json';
import type { Payment, PaymentStatus } from '../payments/payment';
import type { Charge, PaymentNews } from '../payments/payment-gateway';
import { refusal } from '../refusals';
import { type FulfilmentMode, Goods } from './goods';
import type { LineQuantity, RefundedLine } from './goods-lines';
import { OrderGoods } from './order-goods';
import { type AgreedOrder, type OrderState, placed } from './order-lifecycle';
import type { PaymentTerms, PaymentVerdict, ReviewDecider } from './order-verdicts';

export { MOVES, type OrderLine, type OrderMove, type OrderState, type OrderStatus } from './order-lifecycle';

/** The reason of an order that was not paid while its units were held. */
const HOLD_EXPIRED = 'hold-expired';
/** However long a person takes to look at an order: from its placement, milliseconds. */
const LONGEST_HOLD_MS = 24 * 60 * 60_000;

/** What a buyer agreed to buy, with its one payment and its goods. Open units are held until they ship or are cancelled. */
export class Order extends OrderGoods {
  private constructor(
    state: OrderState,
    readonly payment: Payment,
    goods: Goods,
    version: number,
  ) {
    super(state, goods, version);
  }

  static place(agreed: AgreedOrder, payment: Payment, fulfilment: FulfilmentMode = 'automatic'): Order {
    const goods = Goods.agreed(fulfilment, agreed.lines);
    const order = new Order(placed(agreed), payment, goods, 0);
    const { subtotal, discount, shipping, tax, taxIncluded, total } = amountsJson(agreed);
    order.raise(
      new OrderPlaced({
        orderId: agreed.id,
        buyerId: agreed.buyerId,
        paymentId: payment.state.id,
        lines: agreed.lines.map(lineJson),
        subtotal,
        discount,
        shipping,
        tax,
        taxIncluded,
        total,
        holdExpiresAt: agreed.holdExpiresAt.toISOString(),
      }),
    );
    return order;
  }

  static restore(state: OrderState, payment: Payment, goods: Goods, version: number): Order {
    return new Order(state, payment, goods, version);
  }

  get charge(): Charge {
    const { id: paymentId, amount, capture } = this.payment.state;
    return { paymentId, orderId: this.id, buyerId: this.state.buyerId, amount, capture };
  }

  /** An unpaid order that was cancelled owes nothing. */
  get paymentStatus(): PaymentStatus {
    const { status } = this.payment;
    return this.state.status === 'cancelled' && (status === 'pending' || status === 'failed') ? 'none' : status;
  }

  /** Whether this news would pay an order whose units have become free: they have to be held again first, or it ends. */
  needsUnitsFor({ outcome, amount }: PaymentNews): boolean {
    const { payment, state } = this;
    const pays = outcome === 'paid' || outcome === 'authorized';
    return (
      pays &&
      state.status === 'created' &&
      state.holdReleasedAt !== null &&
      payment.isOpen &&
      amount.equals(payment.state.amount)
    );
  }

  recordPayment(
    news: PaymentNews,
    now: Date,
    { holdUntil = now, late = 'given-back' }: PaymentTerms = {},
  ): PaymentVerdict {
    const { payment } = this;
    if (!news.amount.equals(payment.state.amount)) return 'mismatch';
    if (!payment.isOpen) return this.#recordMore(news, now);
    const facts = { orderId: this.id, paymentId: payment.state.id };
    if (news.outcome === 'declined') {
      if (payment.status === 'failed' || this.state.status === 'cancelled') return 'repeated';
      payment.decline(news.gatewayReference);
      this.raise(new PaymentDeclined(facts));
      return 'declined';
    }
    if (news.outcome === 'voided') return 'repeated'; // nothing had been authorised
    if (news.outcome === 'paid') payment.pay(news.gatewayReference);
    else payment.authorize(news.gatewayReference);
    const amount = news.amount.toJSON();
    if (this.state.status === 'cancelled') {
      this.raise(new PaymentArrivedLate({ ...facts, amount, handling: late }));
      return 'late';
    }
    if (news.outcome === 'authorized') {
      if (holdUntil > this.state.holdExpiresAt) this.learn({ holdExpiresAt: holdUntil });
      const { holdExpiresAt } = this.state;
      this.raise(new PaymentAuthorized({ ...facts, amount, holdExpiresAt: holdExpiresAt.toISOString() }));
    }
    return this.#payWhenCaptured(now) ?? 'authorized';
  }

  /** News of a payment that is authorised, paid or voided already. */
  #recordMore(news: PaymentNews, now: Date): PaymentVerdict {
    const { payment } = this;
    const isOurs = news.gatewayReference === payment.state.gatewayReference;
    if (news.outcome === 'declined' || (news.outcome === 'authorized' && isOurs)) return 'repeated';
    // A second payment under another name is money that nobody asked for.
    if (!isOurs) return 'mismatch';
    if (payment.capturable.amount === 0n) return 'repeated';
    if (news.outcome === 'voided') {
      // Asked for by us: whoever asked records it.
      if (payment.state.voidPending) return 'repeated';
      this.#letGo(payment.capturable, now);
      return 'voided';
    }
    if (payment.state.captured.amount > 0n) return 'mismatch'; // captured past us, in parts
    payment.pay(news.gatewayReference);
    return this.#payWhenCaptured(now) ?? 'late';
  }

  /** Parks an order that was just placed; its units are held until the review's deadline at least. */
  openReview(deadline: Date): void {
    this.extendHold(deadline);
    this.learn({ review: 'pending' });
    this.raise(new OrderReviewOpened({ orderId: this.id, deadline: deadline.toISOString() }));
  }

  /** Goes on: paid, when the money is there; otherwise its units are held as long as those of any order from now on. */
  approveReview(by: ReviewDecider, now: Date, holdMs: number): void {
    this.learn({ review: null });
    this.raise(new OrderReviewApproved({ orderId: this.id, by }));
    if (!this.#payWhenCaptured(now)) this.extendHold(new Date(now.getTime() + holdMs));
  }

  /** Whoever rejects also gives back what was paid. */
  rejectReview(by: ReviewDecider, now: Date): void {
    this.raise(new OrderReviewRejected({ orderId: this.id, by }));
    this.cancel('declined', now);
  }

  /** Cancels what nobody has shipped anything of. */
  cancel(reason: string, now: Date): void {
    if (this.is('cancelled')) return;
    this.allow('cancelled');
    if (this.goods.hasShipped) {
      const members = { from: this.state.status, event: 'cancelled', allowed: ['shipped'] };
      throw refusal('illegal-transition', 'part of it has shipped: cancel the open lines by their numbers', members);
    }
    this.#cancel(reason, now, 'release');
  }

  /**
   * The time of its units is over: they are free, and the order waits for its gateway's word. False when it has time or waits
   * for a review.
   */
  releaseHold(now: Date): boolean {
    const { status, review, holdExpiresAt, holdReleasedAt } = this.state;
    if (status !== 'created' || review || holdExpiresAt > now || holdReleasedAt) return false;
    this.learn({ holdReleasedAt: now });
    this.raise(new StockHoldExpired({ orderId: this.id }));
    this.goods.expireHold();
    return true;
  }

  /** It was paid after all, and its units could be had again; who calls has moved the stock. */
  holdAgain(until: Date): void {
    this.learn({ holdReleasedAt: null, holdExpiresAt: until });
    this.raise(new StockHeldAgain({ orderId: this.id, holdExpiresAt: until.toISOString() }));
  }

  /** Gives up an order that was not paid in time. False when it was, is over, still has time or waits for a review. */
  expire(now: Date): boolean {
    const { status, review, holdExpiresAt } = this.state;
    if (status !== 'created' || review || holdExpiresAt > now) return false;
    this.#cancel(HOLD_EXPIRED, now, 'expire');
    return true;
  }

  /** Holds the units of an unpaid order longer, at most for a day from its placement, and says until when. Never shorter. */
  extendHold(until: Date): Date {
    const { status, placedAt, holdExpiresAt, holdReleasedAt } = this.state;
    const latest = placedAt.getTime() + LONGEST_HOLD_MS;
    const extended = new Date(Math.min(until.getTime(), latest));
    if (status !== 'created' || holdReleasedAt || extended <= holdExpiresAt) return holdExpiresAt;
    this.learn({ holdExpiresAt: extended });
    this.raise(new StockHoldExtended({ orderId: this.id, holdExpiresAt: extended.toISOString() }));
    return extended;
  }

  /**
   * Cancels open units; the last ones of an order of which nothing has shipped cancel it. Before the payment only the whole
   * can be cancelled: its amount is what the gateway was told. Returns the cancelled units.
   */
  cancelLines(asked: readonly LineQuantity[], reason: string, now: Date): LineQuantity[] {
    this.allow('cancelled');
    const units = this.goods.openOf(asked);
    const isRest = sizeOf(units) === sizeOf(this.goods.open);
    if (isRest && !this.goods.hasShipped) {
      this.cancel(reason, now);
      return units;
    }
    if (this.is('created')) {
      throw refusal(
        'partial-cancel-unpaid',
        'the gateway was told the whole amount: cancel all of it, or once it is paid',
      );
    }
    const undone = this.goods.cancel(units, now);
    this.raise(new OrderLinesCancelled({ orderId: this.id, reason, lines: this.goods.withSkus(units) }));
    this.undo(undone);
    this.moveOn(now);
    return units;
  }

  /** Sets the amount aside; without an amount, all that is left. Returns what the gateway is to capture. */
  requestCapture(captureId: Id<'cap'>, final: boolean, amount = this.payment.capturable): Money {
    if (this.state.status !== 'created') throw this.cannotMove('paid');
    if (this.state.review) throw refusal('order-in-review', 'nothing is captured before the order is approved');
    this.payment.reserveCapture(amount, final);
    this.raise(new CaptureRequested({ ...this.#operation(captureId, amount), final }));
    return amount;
  }

  settleCapture(captureId: Id<'cap'>, amount: Money, taken: boolean, final: boolean, now: Date): void {
    this.payment.settleCapture(amount, taken, final);
    this.raise(new CaptureSettled({ ...this.#operation(captureId, amount), status: taken ? 'success' : 'failed' }));
    this.#payWhenCaptured(now);
  }

  /** Returns what the gateway is to let go of. */
  requestVoid(voidId: Id<'voi'>): Money {
    const amount = this.payment.reserveVoid();
    this.raise(new VoidRequested(this.#operation(voidId, amount)));
    return amount;
  }

  settleVoid(voidId: Id<'voi'>, amount: Money, letGo: boolean, now: Date): void {
    if (letGo) this.#letGo(amount, now, voidId);
    else {
      this.payment.settleVoid(false);
      this.raise(new PaymentVoided({ ...this.#operation(voidId, amount), status: 'failed' }));
    }
  }

  /** The gateway has not told for days what became of an operation: a person has to look. */
  reportStuck(operation: { operationId: string; kind: string; amount: Money; reason: string | null }): void {
    const { operationId, kind, amount, reason } = operation;
    this.raise(new PaymentOperationStuck({ ...this.#operation(operationId, amount), kind, reason }));
  }

  /**
   * Sets an amount aside: that of the units it is for, else the one given, else all that is left. Returns what the gateway
   * is to give back.
   */
  requestRefund(
    refundId: Id<'ref'>,
    reason: string,
    amount = this.payment.refundable,
    parts: RefundedLine[] = [],
  ): Money {
    this.payment.reserveRefund(amount);
    this.goods.refund(parts);
    const paymentId = this.payment.state.id;
    this.raise(new RefundRequested({ orderId: this.id, refundId, paymentId, amount: amount.toJSON(), reason }));
    return amount;
  }

  settleRefund(refundId: Id<'ref'>, amount: Money, given: boolean, parts: RefundedLine[] = []): void {
    this.payment.settleRefund(amount, given);
    if (!given) this.goods.takeBackRefund(parts);
    this.#tellRefund(refundId, amount, given ? 'success' : 'failed');
  }

  /** A refund that had succeeded did not arrive after all: the amount can be given back again. */
  revokeRefund(refundId: Id<'ref'>, amount: Money, parts: RefundedLine[] = []): void {
    this.payment.revokeRefund(amount);
    this.goods.takeBackRefund(parts);
    this.#tellRefund(refundId, amount, 'failed');
  }

  #tellRefund(refundId: Id<'ref'>, amount: Money, status: 'success' | 'failed'): void {
    const facts = { orderId: this.id, refundId, paymentId: this.payment.state.id, amount: amount.toJSON() };
    this.raise(new RefundSettled({ ...facts, status, orderTotal: this.state.total.toJSON() }));
  }

  /** What was captured before pays the order; an order of which nothing was captured has no payment left, and ends. */
  #letGo(amount: Money, now: Date, voidId: Id<'voi'> | null = null): void {
    this.payment.settleVoid(true);
    this.raise(new PaymentVoided({ ...this.#operation(voidId, amount), status: 'success' }));
    if (!this.#payWhenCaptured(now) && this.state.status === 'created') this.cancel('payment-voided', now);
  }

  /** Undefined when there is nothing to pay with, or nothing left to pay. */
  #payWhenCaptured(now: Date): 'paid' | 'parked' | undefined {
    if (this.state.status !== 'created' || !this.payment.isPaid) return undefined;
    const { id, captured } = this.payment.state;
    const facts = { orderId: this.id, paymentId: id, amount: captured.toJSON() };
    if (this.state.review) {
      this.raise(new PaymentParked(facts));
      return 'parked';
    }
    const { carrier } = this.state;
    const { fulfilment } = this.goods.state;
    this.move('paid', { paidAt: now }, new OrderPaid({ ...facts, carrier, fulfilment }));
    this.goods.claim();
    return 'paid';
  }

  #operation<OperationId extends string | null>(operationId: OperationId, amount: Money) {
    return { orderId: this.id, paymentId: this.payment.state.id, operationId, amount: amount.toJSON() };
  }

  #cancel(reason: string, now: Date, units: 'release' | 'expire'): void {
    const from = this.state.status as 'created' | 'paid';
    this.undo(this.goods.cancel(this.goods.open, now, this.state.holdReleasedAt ? null : units));
    const { fulfilment } = this.goods.state;
    const cancelled = new OrderCancelled({ orderId: this.id, reason, from, fulfilment });
    this.move('cancelled', { cancelledAt: now, cancelReason: reason, review: null }, cancelled);
  }
}

const sizeOf = (units: readonly LineQuantity[]): number => units.reduce((sum, { quantity }) => sum + quantity, 0);
