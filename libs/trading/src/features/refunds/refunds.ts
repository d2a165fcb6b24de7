import { Injectable } from '@nestjs/common';
import { Clock, type Id, Ids, type Money } from '@tradewind/shared-kernel';
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
  async open(order: Order, reason: string, amount?: Money, requestKey: string | null = null): Promise<Refund> {
    const id: Id<'ref'> = this.ids.next('ref');
    const refund = {
      id,
      orderId: order.id,
      amount: order.requestRefund(id, reason, amount),
      reason,
      requestedAt: this.clock.now(),
    };
    await this.operations.addRefund(refund, order.payment.state.id, requestKey);
    return { ...refund, status: 'pending' };
  }
}
