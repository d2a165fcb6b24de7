import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Clock, type Id } from '@tradewind/shared-kernel';
import {
  answered,
  type IdempotentAnswer,
  IdempotencyKeys,
  type IdempotentRequest,
} from '@tradewind/shared-kernel/http';
import { Orders } from '../../domain/orders/orders';
import { startStep } from '../metrics';
import { GiveMoneyBack } from '../payments/give-money-back';
import { orderView } from './order-view';

export class CancelOrder extends Command<IdempotentAnswer> {
  constructor(
    readonly orderId: Id<'ord'>,
    readonly reason: string,
    readonly idempotency: IdempotentRequest,
  ) {
    super();
  }
}

/** Frees the units; what was captured or authorised is given back. */
@CommandHandler(CancelOrder)
export class CancelOrderHandler implements ICommandHandler<CancelOrder> {
  constructor(
    private readonly orders: Orders,
    private readonly money: GiveMoneyBack,
    private readonly keys: IdempotencyKeys,
    private readonly clock: Clock,
  ) {}

  execute({ orderId, reason, idempotency }: CancelOrder): Promise<IdempotentAnswer> {
    const done = startStep();
    return this.keys.once(idempotency, () =>
      this.orders.change(orderId, async (order) => {
        order.cancel(reason, this.clock.now());
        await this.money.giveBack(order, reason);
        done(order.state);
        return answered(200, orderView(order));
      }),
    );
  }
}
