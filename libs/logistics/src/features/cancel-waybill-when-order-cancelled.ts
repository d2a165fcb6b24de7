import { EventsHandler } from '@nestjs/cqrs';
import { Clock, type Delivered, Ids } from '@tradewind/shared-kernel';
import { Subscription } from '@tradewind/shared-kernel/messaging';
import { OrderCancelled } from '@tradewind/trading/contract';
import { type OrderId, Waybill } from '../domain/waybill';
import { Carriers } from './carrier';
import { Waybills } from './waybills';
import { WithdrawWaybills } from './withdraw-waybills';

/** Leaves no live waybill of the whole order behind; those of its fulfilments end with them. */
@EventsHandler(OrderCancelled)
@Subscription('logistics.cancel-waybill-when-order-cancelled')
export class CancelWaybillWhenOrderCancelled {
  constructor(
    private readonly waybills: Waybills,
    private readonly carriers: Carriers,
    private readonly withdrawals: WithdrawWaybills,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  async handle({ data }: Delivered<OrderCancelled>): Promise<void> {
    // Never paid, or fulfilled by request: nothing was or will be booked for the whole of it.
    if (data.from === 'created' || data.fulfilment === 'manual') return;
    await this.withdrawals.withdraw([await this.#ofOrder(data.orderId as OrderId)], 'order');
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
