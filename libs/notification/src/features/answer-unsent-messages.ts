import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { isId } from '@tradewind/shared-kernel';
import { type UnsentMessage, UnsentMessagesOfOrders } from '../contract';
import { Deliveries } from './deliveries';

@QueryHandler(UnsentMessagesOfOrders)
export class AnswerUnsentMessages implements IQueryHandler<
  UnsentMessagesOfOrders,
  ReadonlyMap<string, readonly UnsentMessage[]>
> {
  constructor(private readonly deliveries: Deliveries) {}

  async execute({ orderIds }: UnsentMessagesOfOrders): Promise<ReadonlyMap<string, readonly UnsentMessage[]>> {
    const unsent = new Map<string, UnsentMessage[]>();
    for (const message of await this.deliveries.unsentOf(orderIds.filter((id) => isId('ord', id)))) {
      unsent.set(message.orderId, [...(unsent.get(message.orderId) ?? []), message]);
    }
    return unsent;
  }
}
