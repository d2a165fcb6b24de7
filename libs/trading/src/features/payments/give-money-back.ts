import { Injectable } from '@nestjs/common';
import { type Id, Ids } from '@tradewind/shared-kernel';
import type { Order } from '../../domain/orders/order';
import { PaymentOperations } from '../../domain/payments/payment-operations';
import { Refunds } from '../refunds/refunds';

/** What becomes of a buyer's money when the order is given up. */
@Injectable()
export class GiveMoneyBack {
  constructor(
    private readonly refunds: Refunds,
    private readonly operations: PaymentOperations,
    private readonly ids: Ids,
  ) {}

  /**
   * What was captured is refunded, what is only authorised is let go, and a gateway that has told nothing is asked whether
   * money came all the same. A capture under way is waited for: its end comes here again.
   */
  async giveBack(order: Order, reason: string): Promise<void> {
    const { payment } = order;
    if (payment.isOpen) return this.operations.askAboutAuthorization(payment.state.id);
    if (payment.refundable.amount > 0n) await this.refunds.open(order, reason);
    const { capturePending, voidPending } = payment.state;
    if (payment.capturable.amount > 0n && capturePending.amount === 0n && !voidPending) await this.void(order);
  }

  /** Lets go of what is authorised and not captured. Throws `not-voidable`, `payment-operation-open`. */
  async void(order: Order, requestKey: string | null = null): Promise<Id<'voi'>> {
    const id = this.ids.next('voi');
    await this.operations.addVoid(id, order.payment.state.id, order.requestVoid(id), requestKey);
    return id;
  }
}
