import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Clock, type Id } from '@tradewind/shared-kernel';
import {
  answered,
  type IdempotentAnswer,
  IdempotencyKeys,
  type IdempotentRequest,
} from '@tradewind/shared-kernel/http';
import type { LineQuantity } from '../../domain/orders/goods-lines';
import { Orders } from '../../domain/orders/orders';
import { startStep } from '../metrics';
import { GiveMoneyBack } from '../payments/give-money-back';
import { Refunds } from '../refunds/refunds';
import { orderView } from './order-view';

export class CancelOrder extends Command<IdempotentAnswer> {
  constructor(
    readonly orderId: Id<'ord'>,
    readonly reason: string,
    /** The whole order, when absent. */
    readonly lines: LineQuantity[] | undefined,
    readonly idempotency: IdempotentRequest,
  ) {
    super();
  }
}

/** Frees the units; what was captured or authorised for them is given back, and shipping with the last of an order. */
@CommandHandler(CancelOrder)
export class CancelOrderHandler implements ICommandHandler<CancelOrder> {
  constructor(
    private readonly orders: Orders,
    private readonly money: GiveMoneyBack,
    private readonly refunds: Refunds,
    private readonly keys: IdempotencyKeys,
    private readonly clock: Clock,
  ) {}

  execute({ orderId, reason, lines, idempotency }: CancelOrder): Promise<IdempotentAnswer> {
    const done = startStep();
    return this.keys.once(idempotency, () =>
      this.orders.change(orderId, async (order) => {
        const units = lines && order.cancelLines(lines, reason, this.clock.now());
        if (!lines) order.cancel(reason, this.clock.now());
        if (units && order.state.status !== 'cancelled') await this.refunds.openForRest(order, reason, units);
        else await this.money.giveBack(order, reason);
        done(order.state);
        return answered(200, orderView(order));
      }),
    );
  }
}
