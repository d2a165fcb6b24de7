import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { isId } from '@tradewind/shared-kernel';
import { type WaybillStanding, WaybillStandingOfOrders } from '../contract';
import type { OrderId } from '../domain/waybill';

/** Where the answer is read from. */
export abstract class WaybillStandings {
  abstract ofOrders(orderIds: readonly OrderId[]): Promise<ReadonlyMap<string, readonly WaybillStanding[]>>;
}

@QueryHandler(WaybillStandingOfOrders)
export class AnswerWaybillStanding implements IQueryHandler<
  WaybillStandingOfOrders,
  ReadonlyMap<string, readonly WaybillStanding[]>
> {
  constructor(private readonly standings: WaybillStandings) {}

  async execute({ orderIds }: WaybillStandingOfOrders): Promise<ReadonlyMap<string, readonly WaybillStanding[]>> {
    return this.standings.ofOrders(orderIds.filter((id) => isId('ord', id)));
  }
}
