import { EventsHandler } from '@nestjs/cqrs';
import { type Delivered, DomainError, type Id } from '@tradewind/shared-kernel';
import { Logger } from '@nestjs/common';
import { contextOf, Subscription } from '@tradewind/shared-kernel/messaging';
import { runInContext } from '@tradewind/shared-kernel/observability';
import { WaybillDelivered, WaybillDispatched } from '@tradewind/logistics/contract';
import type { Order } from '../../domain/orders/order';
import { type LockedOrders, Orders } from '../../domain/orders/orders';
import { startStep } from '../metrics';

const NAME = 'trading.follow-waybill';

type Moved = Delivered<WaybillDispatched> | Delivered<WaybillDelivered>;

/**
 * Moves the order as its parcel moves. One subscription for both facts: a waybill's events come in their order, so that
 * an order is shipped before it is delivered.
 */
@EventsHandler(WaybillDispatched, WaybillDelivered)
@Subscription(NAME)
export class FollowWaybill {
  readonly #logger = new Logger(FollowWaybill.name);

  constructor(private readonly orders: Orders) {}

  async handleBatch(events: Moved[]): Promise<void> {
    const ids = events.map((event) => event.data.orderId as Id<'ord'>);
    await this.orders.changeAll(ids, async (orders) => {
      for (const event of events) await runInContext(contextOf(event, NAME), () => this.#follow(orders, event));
    });
  }

  async #follow(orders: LockedOrders, event: Moved): Promise<void> {
    const done = startStep();
    try {
      await orders.change(event.data.orderId as Id<'ord'>, (order) => {
        follow(order, event);
        done(order.state);
      });
    } catch (error) {
      // The parcel travels although the order was cancelled: people must know, the table of moves stays as it is.
      if (!(error instanceof DomainError) || error.code !== 'illegal-transition') throw error;
      this.#logger.error({ msg: 'a parcel moves for an order that cannot', ...event.data, refusal: error.members });
    }
  }
}

function follow(order: Order, event: WaybillDispatched | WaybillDelivered): void {
  const { waybillId, carrier, number } = event.data;
  if (event instanceof WaybillDispatched) order.ship({ waybillId, carrier, number }, new Date(event.data.dispatchedAt));
  else order.deliver(waybillId, new Date(event.data.deliveredAt));
}
