import { EventsHandler } from '@nestjs/cqrs';
import { type Delivered, DomainError, type Id, Ids } from '@tradewind/shared-kernel';
import { Logger } from '@nestjs/common';
import { contextOf, Subscription } from '@tradewind/shared-kernel/messaging';
import { runInContext } from '@tradewind/shared-kernel/observability';
import { WaybillDelivered, WaybillDispatched, WaybillReturned } from '@tradewind/logistics/contract';
import type { Parcel } from '../../domain/orders/goods';
import type { Order } from '../../domain/orders/order';
import { type LockedOrders, Orders } from '../../domain/orders/orders';
import { type Return, returnByCarrier, Returns } from '../../domain/returns/return';
import { startStep } from '../metrics';

const NAME = 'trading.follow-waybill';

type Moved = Delivered<WaybillDispatched> | Delivered<WaybillDelivered> | Delivered<WaybillReturned>;

/**
 * Moves an order's goods as their parcels move; one that the carrier brings back is a return. One subscription for all
 * facts: a waybill's events come in their order, so that an order is shipped before it is delivered.
 */
@EventsHandler(WaybillDispatched, WaybillDelivered, WaybillReturned)
@Subscription(NAME)
export class FollowWaybill {
  readonly #logger = new Logger(FollowWaybill.name);

  constructor(
    private readonly orders: Orders,
    private readonly returns: Returns,
    private readonly ids: Ids,
  ) {}

  async handleBatch(events: Moved[]): Promise<void> {
    const ids = events.map((event) => event.data.orderId as Id<'ord'>);
    const returns: Return[] = [];
    await this.orders.changeAll(ids, async (orders) => {
      for (const event of events) {
        await runInContext(contextOf(event, NAME), () => this.#follow(orders, event, returns));
      }
    });
    await this.returns.add(returns);
  }

  async #follow(orders: LockedOrders, event: Moved, returns: Return[]): Promise<void> {
    const done = startStep();
    try {
      await orders.change(event.data.orderId as Id<'ord'>, (order) => {
        if (event instanceof WaybillReturned) returns.push(...this.#bringBack(order, event));
        else follow(order, event);
        done(order.state);
      });
    } catch (error) {
      // The parcel travels although the order was cancelled: people must know, the table of moves stays as it is.
      if (!(error instanceof DomainError) || error.code !== 'illegal-transition') throw error;
      this.#logger.error({ msg: 'a parcel moves for an order that cannot', ...event.data, refusal: error.members });
    }
  }

  #bringBack(order: Order, event: WaybillReturned): Return[] {
    const at = new Date(event.data.returnedAt);
    const id = this.ids.next('ret');
    const lines = order.bringBack(parcelOf(event), id, at);
    return lines.length > 0 ? [returnByCarrier({ id, orderId: order.id, lines }, at)] : [];
  }
}

function follow(order: Order, event: WaybillDispatched | WaybillDelivered): void {
  if (event instanceof WaybillDispatched) order.ship(parcelOf(event), new Date(event.data.dispatchedAt));
  else order.deliver(parcelOf(event), new Date(event.data.deliveredAt));
}

function parcelOf({ data }: WaybillDispatched | WaybillDelivered | WaybillReturned): Parcel {
  const { waybillId, carrier, number, fulfilmentId = null } = data;
  return { waybillId, carrier, number, fulfilmentId: fulfilmentId as Parcel['fulfilmentId'] };
}
