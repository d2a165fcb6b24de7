import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Clock, type Id, Ids } from '@tradewind/shared-kernel';
import {
  answered,
  type IdempotentAnswer,
  IdempotencyKeys,
  type IdempotentRequest,
} from '@tradewind/shared-kernel/http';
import type { Fulfilment } from '../../domain/orders/goods';
import type { LineQuantity } from '../../domain/orders/goods-lines';
import { Orders } from '../../domain/orders/orders';

export class RequestFulfilment extends Command<IdempotentAnswer> {
  constructor(
    readonly orderId: Id<'ord'>,
    /** All that is open and not asked for yet, when absent. */
    readonly lines: LineQuantity[] | undefined,
    /** The one the buyer chose, when null. */
    readonly carrier: string | null,
    readonly idempotency: IdempotentRequest,
  ) {
    super();
  }
}

export interface FulfilmentView {
  id: string;
  orderId: string;
  status: string;
  carrier: string | null;
  lines: LineQuantity[];
  waybill: { waybillId: string; carrier: string; number: string } | null;
  requestedAt: string;
  changedAt: string;
}

export function fulfilmentView(orderId: string, fulfilment: Fulfilment): FulfilmentView {
  const { requestedAt, changedAt, ...facts } = fulfilment;
  return { ...facts, orderId, requestedAt: requestedAt.toISOString(), changedAt: changedAt.toISOString() };
}

/** Units of an order that is fulfilled by request are to leave the house together. */
@CommandHandler(RequestFulfilment)
export class RequestFulfilmentHandler implements ICommandHandler<RequestFulfilment> {
  constructor(
    private readonly orders: Orders,
    private readonly keys: IdempotencyKeys,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  execute({ orderId, lines, carrier, idempotency }: RequestFulfilment): Promise<IdempotentAnswer> {
    return this.keys.once(idempotency, () =>
      this.orders.change(orderId, (order) => {
        const fulfilment = order.requestFulfilment(this.ids.next('ful'), carrier, lines, this.clock.now());
        return answered(201, fulfilmentView(orderId, fulfilment));
      }),
    );
  }
}
