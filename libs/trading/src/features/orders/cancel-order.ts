import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Clock, type Id } from '@tradewind/shared-kernel';
import {
  answered,
  type IdempotentAnswer,
  IdempotencyKeys,
  type IdempotentRequest,
} from '@tradewind/shared-kernel/http';
import { Orders } from '../../domain/orders/orders';
import { PaymentOperations } from '../../domain/payments/payment-operations';
import { startStep } from '../metrics';
import { orderView } from './order-view';
import { Refunds } from '../refunds/refunds';

export class CancelOrder extends Command<IdempotentAnswer> {
  constructor(
    readonly orderId: Id<'ord'>,
    readonly reason: string,
    readonly idempotency: IdempotentRequest,
  ) {
    super();
  }
}

/** Frees the units; what was captured is given back. */
@CommandHandler(CancelOrder)
export class CancelOrderHandler implements ICommandHandler<CancelOrder> {
  constructor(
    private readonly orders: Orders,
    private readonly operations: PaymentOperations,
    private readonly refunds: Refunds,
    private readonly keys: IdempotencyKeys,
    private readonly clock: Clock,
  ) {}

  execute({ orderId, reason, idempotency }: CancelOrder): Promise<IdempotentAnswer> {
    const done = startStep();
    return this.keys.once(idempotency, () =>
      this.orders.change(orderId, async (order) => {
        order.cancel(reason, this.clock.now());
        if (order.payment.refundable.amount > 0n) await this.refunds.open(order, reason);
        else if (!order.payment.isCaptured) await this.operations.askAboutCharge(order.payment.state.id);
        done(order.state);
        return answered(200, orderView(order));
      }),
    );
  }
}
