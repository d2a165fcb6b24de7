import { EventsHandler } from '@nestjs/cqrs';
import { Clock, type Delivered, Ids, laneOf } from '@tradewind/shared-kernel';
import { Subscription } from '@tradewind/shared-kernel/messaging';
import { OrderPaid } from '@tradewind/trading/contract';
import { type OrderId, Waybill } from '../domain/waybill';
import { Carriers } from './carrier';
import { CarrierCalls } from './carrier-calls';
import { Waybills } from './waybills';

/** A paid order that ships as a whole gets one waybill and one booking call. An order that was cancelled meanwhile has a waybill already. */
@EventsHandler(OrderPaid)
@Subscription('logistics.book-waybill-when-order-paid')
export class BookWaybillWhenOrderPaid {
  constructor(
    private readonly waybills: Waybills,
    private readonly calls: CarrierCalls,
    private readonly carriers: Carriers,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  async handleBatch(events: Delivered<OrderPaid>[]): Promise<void> {
    const createdAt = this.clock.now();
    const whole = events.filter(({ data }) => data.fulfilment !== 'manual');
    if (whole.length === 0) return;
    const waybills = whole.map(({ data }) =>
      Waybill.requested({
        // Orders that were placed together are told of together: so are their waybills.
        id: this.ids.next('wbl', laneOf(data.orderId)),
        orderId: data.orderId as OrderId,
        carrier: this.carriers.wished(data.carrier).name,
        createdAt,
      }),
    );
    const added = await this.waybills.add(waybills);
    await this.calls.request(
      added.map(({ id }) => id),
      'book',
    );
  }
}
