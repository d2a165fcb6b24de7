import { Aggregate, type ContractEvent, type Id, type Money } from '@tradewind/shared-kernel';
import {
  OrderCancelled,
  OrderDelivered,
  OrderPaid,
  OrderPlaced,
  OrderShipped,
  PaymentArrivedLate,
  PaymentDeclined,
  RefundRequested,
  RefundSettled,
  StockHoldExtended,
} from '../../contract';
import type { Amounts, PricedLine } from '../pricing/price-basket';
import { amountsJson, lineJson } from '../pricing/pricing-json';
import { Payment, type PaymentStatus } from '../payments/payment';
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

/** What a gateway says of a payment, whoever brought the news: callback, return of the buyer, or our own question. */
export interface PaymentNews {
  outcome: 'paid' | 'declined';
  amount: Money;
  gatewayReference: string;
}

/** `late`: captured although the order was cancelled; `mismatch`: another amount or currency than was asked for. */
export type PaymentVerdict = 'paid' | 'declined' | 'late' | 'repeated' | 'mismatch';

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

  recordPayment(news: PaymentNews, now: Date): PaymentVerdict {
    if (!news.amount.equals(this.payment.state.amount)) return 'mismatch';
    if (this.payment.isCaptured) return 'repeated';
    const payment = { orderId: this.id, paymentId: this.payment.state.id };
    if (news.outcome === 'declined') {
      if (this.payment.status === 'failed' || this.current.status === 'cancelled') return 'repeated';
      this.payment.decline(news.gatewayReference);
      this.raise(new PaymentDeclined(payment));
      return 'declined';
    }
    this.payment.capture(news.gatewayReference);
    if (this.current.status === 'cancelled') {
      this.raise(new PaymentArrivedLate({ ...payment, amount: news.amount.toJSON() }));
      return 'late';
    }
    const { carrier } = this.current;
    this.#move('paid', { paidAt: now }, new OrderPaid({ ...payment, amount: news.amount.toJSON(), carrier }));
    this.#moveStock('claim');
    return 'paid';
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

  #repeats(move: OrderMove): boolean {
    return this.current.status === move;
  }

  #move(move: OrderMove, changes: Partial<OrderState>, event: ContractEvent): void {
    const from = this.current.status;
    const moves: Partial<Record<OrderMove, OrderStatus>> = MOVES[from];
    const to = moves[move];
    if (!to) {
      const allowed = Object.keys(moves);
      throw refusal('illegal-transition', `a ${from} order cannot become ${move}`, { from, event: move, allowed });
    }
    this.current = { ...this.current, ...changes, status: to };
    this.raise(event);
  }
}
