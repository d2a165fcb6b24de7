import { Logger } from '@nestjs/common';
import { EventsHandler } from '@nestjs/cqrs';
import { Clock, type Delivered, Ids } from '@tradewind/shared-kernel';
import { Subscription } from '@tradewind/shared-kernel/messaging';
import { OrderCancelled } from '@tradewind/trading/contract';
import { type OrderId, Waybill } from '../domain/waybill';
import { Carriers } from './carrier';
import { CarrierCalls } from './carrier-calls';
import { Waybills } from './waybills';

/**
 * Leaves no live waybill behind. A booking that may have reached the carrier is cancelled there once its number is known:
 * at once, or when the booking settles (`CallCarriers`).
 */
@EventsHandler(OrderCancelled)
@Subscription('logistics.cancel-waybill-when-order-cancelled')
export class CancelWaybillWhenOrderCancelled {
  readonly #logger = new Logger('Logistics');

  constructor(
    private readonly waybills: Waybills,
    private readonly calls: CarrierCalls,
    private readonly carriers: Carriers,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  async handle({ data }: Delivered<OrderCancelled>): Promise<void> {
    if (data.from === 'created') return; // never paid: nothing was or will be booked
    const waybill = await this.#ofOrder(data.orderId as OrderId);
    switch (waybill.withdraw(this.clock.now())) {
      case 'over':
        return;
      case 'too-late':
        this.#logger.warn({ msg: 'the order was cancelled but its parcel is on its way', orderId: waybill.orderId });
        return;
      case 'withdrawn':
        await this.waybills.save([waybill]);
        await this.calls.withdrawBooking(waybill.id, 'the order was cancelled');
        if (waybill.number !== null) await this.calls.request([waybill.id], 'cancel');
    }
  }

  /** The order's waybill; a new one when this event overtook the booking, so that none is booked any more. */
  async #ofOrder(orderId: OrderId): Promise<Waybill> {
    const carrier = this.carriers.wished(null).name;
    const substitute = Waybill.requested({ id: this.ids.next('wbl'), orderId, carrier, createdAt: this.clock.now() });
    await this.waybills.add([substitute]);
    const waybill = await this.waybills.lockOfOrder(orderId);
    if (!waybill) throw new Error(`the waybill of ${orderId} is gone`);
    return waybill;
  }
}
