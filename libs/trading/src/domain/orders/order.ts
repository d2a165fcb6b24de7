import { Aggregate, type ContractEvent, type Id, type Money } from '@tradewind/shared-kernel';
import {
  CaptureRequested,
  CaptureSettled,
  OrderCancelled,
  OrderDelivered,
  OrderPaid,
  OrderPlaced,
  OrderShipped,
  PaymentArrivedLate,
  PaymentAuthorized,
  PaymentDeclined,
  PaymentOperationStuck,
  PaymentVoided,
  RefundRequested,
  RefundSettled,
  StockHoldExtended,
  VoidRequested,
} from '../../contract';
import type { Amounts, PricedLine } from '../pricing/price-basket';
import { amountsJson, lineJson } from '../pricing/pricing-json';
import type { Payment, PaymentStatus } from '../payments/payment';
import type { Charge, PaymentNews } from '../payments/payment-gateway';
import { refusal } from '../refusals';
import { type StockMove, unitsBySku } from '../stock/stock-movement';

export type OrderStatus = 'created' | 'paid' | 'shipped' | 'delivered' | 'cancelled';
export type OrderMove = 'paid' | 'cancelled' | 'shipped' | 'delivered';
export type FulfilmentStatus = 'none' | 'partial' | 'shipped' | 'delivered' | 'returned';

/** The product owner's table. Whatever is not in it is refused; a repeat of the move that led here changes nothing. */
export const MOVES = {
  created: { paid: 'paid', cancelled: 'cancelled' },
  paid: { cancelled: 'cancelled', shipped: 'shipped' },
  shipped: { delivered: 'delivered' },
  delivered: {},
  cancelled: {},
} as const satisfies Record<OrderStatus, Partial<Record<OrderMove, OrderStatus>>>;

export type OrderLine = PricedLine;

export interface OrderState extends Amounts {
  id: Id<'ord'>;
  status: OrderStatus;
  lines: OrderLine[];
  buyerId: Id<'buy'> | null;
  carrier: string | null;
  region: string | null;
  placedAt: Date;
  holdExpiresAt: Date;
  paidAt: Date | null;
  shippedAt: Date | null;
  deliveredAt: Date | null;
  cancelledAt: Date | null;
  cancelReason: string | null;
}

/**
 * `late`: money arrived although the order was cancelled; `mismatch`: another amount, currency or reference than there
 * should be; `repeated`: known already.
 */
export type PaymentVerdict = 'paid' | 'authorized' | 'declined' | 'voided' | 'late' | 'repeated' | 'mismatch';

/** The reason of an order that was not paid while its units were held. */
const HOLD_EXPIRED = 'hold-expired';
/** However long a person takes to look at an order: from its placement, milliseconds. */
const LONGEST_HOLD_MS = 24 * 60 * 60_000;

/** What a buyer agreed to buy, with its one payment. Units are held from placement until it ships or is cancelled. */
export class Order extends Aggregate {
  #stockMoves: StockMove[] = [];

  private constructor(
    private current: OrderState,
    readonly payment: Payment,
    version: number,
  ) {
    super(version);
  }

  static place(
    state: Omit<OrderState, 'status' | 'paidAt' | 'shippedAt' | 'deliveredAt' | 'cancelledAt' | 'cancelReason'>,
    payment: Payment,
  ): Order {
    const nothingYet = { paidAt: null, shippedAt: null, deliveredAt: null, cancelledAt: null, cancelReason: null };
    const order = new Order({ ...state, ...nothingYet, status: 'created' }, payment, 0);
    order.raise(
      new OrderPlaced({
        orderId: state.id,
        buyerId: state.buyerId,
        paymentId: payment.state.id,
        lines: state.lines.map(lineJson),
        ...amountsJson(state),
        holdExpiresAt: state.holdExpiresAt.toISOString(),
      }),
    );
    return order;
  }

  static restore(state: OrderState, payment: Payment, version: number): Order {
    return new Order(state, payment, version);
  }

  get id(): Id<'ord'> {
    return this.current.id;
  }

  get state(): Readonly<OrderState> {
    return this.current;
  }

  get charge(): Charge {
    const { id: paymentId, amount, capture } = this.payment.state;
    return { paymentId, orderId: this.id, buyerId: this.current.buyerId, amount, capture };
  }

  /** An unpaid order that was cancelled owes nothing. */
  get paymentStatus(): PaymentStatus {
    const { status } = this.payment;
    return this.current.status === 'cancelled' && (status === 'pending' || status === 'failed') ? 'none' : status;
  }

  get fulfilmentStatus(): FulfilmentStatus {
    if (this.current.deliveredAt) return 'delivered';
    return this.current.shippedAt ? 'shipped' : 'none';
  }

  /** Takes what became of its units since the last call; the repository moves the stock with the save. */
  takeStockMoves(): StockMove[] {
    return this.#stockMoves.splice(0);
  }

  /** `holdUntil`: how long the units of an authorised order are held for its captures. */
  recordPayment(news: PaymentNews, now: Date, holdUntil = now): PaymentVerdict {
    const { payment } = this;
    if (!news.amount.equals(payment.state.amount)) return 'mismatch';
    if (!payment.isOpen) return this.#recordMore(news, now);
    const facts = { orderId: this.id, paymentId: payment.state.id };
    if (news.outcome === 'declined') {
      if (payment.status === 'failed' || this.current.status === 'cancelled') return 'repeated';
      payment.decline(news.gatewayReference);
      this.raise(new PaymentDeclined(facts));
      return 'declined';
    }
    if (news.outcome === 'voided') return 'repeated'; // nothing had been authorised
    if (news.outcome === 'paid') payment.pay(news.gatewayReference);
    else payment.authorize(news.gatewayReference);
    const amount = news.amount.toJSON();
    if (this.current.status === 'cancelled') {
      this.raise(new PaymentArrivedLate({ ...facts, amount }));
      return 'late';
    }
    if (news.outcome === 'authorized') {
      if (holdUntil > this.current.holdExpiresAt) this.current = { ...this.current, holdExpiresAt: holdUntil };
      const { holdExpiresAt } = this.current;
      this.raise(new PaymentAuthorized({ ...facts, amount, holdExpiresAt: holdExpiresAt.toISOString() }));
    }
    return this.#payWhenCaptured(now) ? 'paid' : 'authorized';
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
      this.#letGo(payment.capturable, now);
      return 'voided';
    }
    if (payment.state.captured.amount > 0n) return 'mismatch'; // captured past us, in parts
    payment.pay(news.gatewayReference);
    return this.#payWhenCaptured(now) ? 'paid' : 'late';
  }

  cancel(reason: string, now: Date): void {
    if (this.#repeats('cancelled')) return;
    this.#cancel(reason, now);
    this.#moveStock('release');
  }

  /** Gives up an order that was not paid in time. False when it was, is over, or still has time. */
  expire(now: Date): boolean {
    if (this.current.status !== 'created' || this.current.holdExpiresAt > now) return false;
    this.#cancel(HOLD_EXPIRED, now);
    this.#moveStock('expire');
    return true;
  }

  /** Holds the units of an unpaid order longer, at most for a day from its placement, and says until when. Never shorter. */
  extendHold(until: Date): Date {
    const { status, placedAt, holdExpiresAt } = this.current;
    const latest = placedAt.getTime() + LONGEST_HOLD_MS;
    const extended = new Date(Math.min(until.getTime(), latest));
    if (status !== 'created' || extended <= holdExpiresAt) return holdExpiresAt;
    this.current = { ...this.current, holdExpiresAt: extended };
    this.raise(new StockHoldExtended({ orderId: this.id, holdExpiresAt: extended.toISOString() }));
    return extended;
  }

  #cancel(reason: string, now: Date): void {
    const from = this.current.status as 'created' | 'paid';
    this.#move(
      'cancelled',
      { cancelledAt: now, cancelReason: reason },
      new OrderCancelled({ orderId: this.id, reason, from }),
    );
  }

  ship(waybill: { waybillId: string; carrier: string; number: string }, at: Date): void {
    if (this.#repeats('shipped')) return;
    this.#move('shipped', { shippedAt: at }, new OrderShipped({ orderId: this.id, ...waybill }));
    this.#moveStock('fulfil');
  }

  deliver(waybillId: string, at: Date): void {
    if (this.#repeats('delivered')) return;
    const delivered = new OrderDelivered({ orderId: this.id, waybillId, deliveredAt: at.toISOString() });
    this.#move('delivered', { deliveredAt: at }, delivered);
  }

  /** Sets the amount aside; without an amount, all that is left. Returns what the gateway is to capture. */
  requestCapture(captureId: Id<'cap'>, final: boolean, amount = this.payment.capturable): Money {
    if (this.current.status !== 'created') throw this.#cannotMove('paid');
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

  /** Sets the amount aside; without an amount, all that is left. Returns what the gateway is to give back. */
  requestRefund(refundId: Id<'ref'>, reason: string, amount = this.payment.refundable): Money {
    this.payment.reserveRefund(amount);
    const paymentId = this.payment.state.id;
    this.raise(new RefundRequested({ orderId: this.id, refundId, paymentId, amount: amount.toJSON(), reason }));
    return amount;
  }

  settleRefund(refundId: Id<'ref'>, amount: Money, given: boolean): void {
    this.payment.settleRefund(amount, given);
    const paymentId = this.payment.state.id;
    const status = given ? 'success' : 'failed';
    this.raise(new RefundSettled({ orderId: this.id, refundId, paymentId, amount: amount.toJSON(), status }));
  }

  /** A refund that had succeeded did not arrive after all: the amount can be given back again. */
  revokeRefund(refundId: Id<'ref'>, amount: Money): void {
    this.payment.revokeRefund(amount);
    const paymentId = this.payment.state.id;
    const facts = { orderId: this.id, refundId, paymentId, amount: amount.toJSON() };
    this.raise(new RefundSettled({ ...facts, status: 'failed' }));
  }

  #moveStock(kind: StockMove['kind'], lines: readonly { sku: string; quantity: number }[] = this.current.lines): void {
    for (const [sku, quantity] of unitsBySku(lines)) this.#stockMoves.push({ sku, quantity, kind });
  }

  /** What was captured before pays the order; an order of which nothing was captured has no payment left, and ends. */
  #letGo(amount: Money, now: Date, voidId: Id<'voi'> | null = null): void {
    this.payment.settleVoid(true);
    this.raise(new PaymentVoided({ ...this.#operation(voidId, amount), status: 'success' }));
    if (!this.#payWhenCaptured(now) && this.current.status === 'created') this.cancel('payment-voided', now);
  }

  #payWhenCaptured(now: Date): boolean {
    if (this.current.status !== 'created' || !this.payment.isPaid) return false;
    const { id, captured } = this.payment.state;
    const facts = { orderId: this.id, paymentId: id, amount: captured.toJSON(), carrier: this.current.carrier };
    this.#move('paid', { paidAt: now }, new OrderPaid(facts));
    this.#moveStock('claim');
    return true;
  }

  #operation<OperationId extends string | null>(operationId: OperationId, amount: Money) {
    return { orderId: this.id, paymentId: this.payment.state.id, operationId, amount: amount.toJSON() };
  }

  #repeats(move: OrderMove): boolean {
    return this.current.status === move;
  }

  #move(move: OrderMove, changes: Partial<OrderState>, event: ContractEvent): void {
    const from = this.current.status;
    const moves: Partial<Record<OrderMove, OrderStatus>> = MOVES[from];
    const to = moves[move];
    if (!to) throw this.#cannotMove(move);
    this.current = { ...this.current, ...changes, status: to };
    this.raise(event);
  }

  #cannotMove(move: OrderMove): Error {
    const from = this.current.status;
    const allowed = Object.keys(MOVES[from]);
    return refusal('illegal-transition', `a ${from} order cannot become ${move}`, { from, event: move, allowed });
  }
}
