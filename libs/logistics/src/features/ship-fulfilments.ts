import { EventsHandler } from '@nestjs/cqrs';
import { Clock, type Delivered, Ids, laneOf } from '@tradewind/shared-kernel';
import { Subscription } from '@tradewind/shared-kernel/messaging';
import { FulfilmentCancelled, FulfilmentRequested } from '@tradewind/trading/contract';
import { type FulfilmentId, type OrderId, Waybill } from '../domain/waybill';
import { Carriers } from './carrier';
import { CarrierCalls } from './carrier-calls';
import { Waybills } from './waybills';
import { WithdrawWaybills } from './withdraw-waybills';

type Heard = Delivered<FulfilmentRequested> | Delivered<FulfilmentCancelled>;

/**
 * A fulfilment gets one waybill and one booking call; when it is cancelled, no live waybill is left. One subscription for
 * both facts, which come in their order.
 */
@EventsHandler(FulfilmentRequested, FulfilmentCancelled)
@Subscription('logistics.ship-fulfilments')
export class ShipFulfilments {
  constructor(
    private readonly waybills: Waybills,
    private readonly calls: CarrierCalls,
    private readonly carriers: Carriers,
    private readonly withdrawals: WithdrawWaybills,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  async handleBatch(events: Heard[]): Promise<void> {
    await this.#book(events.filter((event) => event instanceof FulfilmentRequested));
    const cancelled = events.filter((event) => event instanceof FulfilmentCancelled);
    const waybills = await this.waybills.lockOfFulfilments(
      cancelled.map(({ data }) => data.fulfilmentId as FulfilmentId),
    );
    await this.withdrawals.withdraw(waybills, 'fulfilment');
  }

  async #book(requested: FulfilmentRequested[]): Promise<void> {
    if (requested.length === 0) return;
    const createdAt = this.clock.now();
    const waybills = requested.map(({ data }) =>
      Waybill.requested(
        {
          id: this.ids.next('wbl', laneOf(data.orderId)),
          orderId: data.orderId as OrderId,
          carrier: this.carriers.wished(data.carrier).name,
          createdAt,
        },
        {
          fulfilmentId: data.fulfilmentId as FulfilmentId,
          lines: data.lines.map(({ sku, quantity }) => ({ sku, quantity })),
        },
      ),
    );
    const added = await this.waybills.add(waybills);
    await this.calls.request(
      added.map(({ id }) => id),
      'book',
    );
  }
}
