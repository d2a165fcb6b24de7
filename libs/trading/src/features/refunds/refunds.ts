import { Injectable } from '@nestjs/common';
import { Clock, type Id, Ids, type Money } from '@tradewind/shared-kernel';
import {
  type LineQuantity,
  pricedUnits,
  type RefundedLine,
  stillRefundable,
  sumOf,
} from '../../domain/orders/goods-lines';
import type { Order } from '../../domain/orders/order';
import { PaymentOperations, type Refund } from '../../domain/payments/payment-operations';

/** Opens refunds: for a request, a cancelled order, a payment that came too late. */
@Injectable()
export class Refunds {
  constructor(
    private readonly operations: PaymentOperations,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  /** Sets the amount aside (all that is left, by default) and leaves the row from which the gateway is called. */
  open(order: Order, reason: string, amount?: Money, requestKey: string | null = null): Promise<Refund> {
    return this.#open(order, reason, amount, [], requestKey);
  }

  /** The price of exactly these units. Throws `unknown-line`, `insufficient-units`, `refund-exceeds-captured`. */
  openForLines(order: Order, reason: string, lines: readonly LineQuantity[], requestKey: string): Promise<Refund> {
    const parts = pricedUnits(order.goods.state.lines, lines);
    return this.#open(order, reason, sumOf(parts, order.state.total.currency), parts, requestKey);
  }

  /** What was paid for units that are the buyer's no more and was not given back yet; undefined when that is nothing. */
  async openForRest(order: Order, reason: string, units: readonly LineQuantity[]): Promise<Refund | undefined> {
    const parts = stillRefundable(order.goods.state.lines, units, order.payment.refundable);
    const amount = sumOf(parts, order.state.total.currency);
    return amount.amount > 0n ? this.#open(order, reason, amount, parts, null) : undefined;
  }

  async #open(
    order: Order,
    reason: string,
    amount: Money | undefined,
    lines: RefundedLine[],
    requestKey: string | null,
  ): Promise<Refund> {
    const id: Id<'ref'> = this.ids.next('ref');
    const refund = {
      id,
      orderId: order.id,
      amount: order.requestRefund(id, reason, amount, lines),
      lines,
      reason,
      requestedAt: this.clock.now(),
    };
    await this.operations.addRefund(refund, order.payment.state.id, requestKey);
    return { ...refund, status: 'pending' };
  }
}
