import { EventsHandler } from '@nestjs/cqrs';
import { Clock, type Delivered, type Id, Ids } from '@tradewind/shared-kernel';
import { Subscription } from '@tradewind/shared-kernel/messaging';
import { OrderDelivered, RefundSettled } from '../../contract';
import { PointLedger } from '../../domain/buyers/point-ledger';
import { OrderPoints } from '../../domain/buyers/points';
import { TradingSettings } from '../trading-settings';

type Fact = Delivered<OrderDelivered> | Delivered<RefundSettled>;

/**
 * Points are earned when an order is delivered and taken back in proportion when money is given back. What is earned counts
 * what was refunded by then; a fact that the ledger holds already adds nothing.
 */
@EventsHandler(OrderDelivered, RefundSettled)
@Subscription('trading.keep-points')
export class KeepPoints {
  constructor(
    private readonly ledger: PointLedger,
    private readonly ids: Ids,
    private readonly clock: Clock,
    private readonly settings: TradingSettings,
  ) {}

  async handleBatch(events: Fact[]): Promise<void> {
    const orders = await this.ledger.rewardedOrders(events.map(({ data }) => data.orderId as Id<'ord'>));
    const pointsOf = new Map([...orders].map(([orderId, { lines }]) => [orderId, new OrderPoints(lines)]));
    const recordedAt = this.clock.now();
    const added = events.flatMap((event) => {
      const orderId = event.data.orderId as Id<'ord'>;
      const [order, points] = [orders.get(orderId), pointsOf.get(orderId)];
      if (!order || !points) return [];
      if (event instanceof OrderDelivered) {
        points.earn(order.paid, this.settings.pointRates);
        for (const { id, amount } of order.refunds) points.takeBack(id, amount);
      } else if (event.data.status === 'success') {
        points.takeBack(event.data.refundId as Id<'ref'>, BigInt(event.data.amount.amount));
      } else points.giveBack(event.data.refundId as Id<'ref'>);
      const { buyerId } = order;
      const about = { buyerId, orderId, reason: null, reference: null, recordedAt };
      return points.takeNew().map((entry) => ({ ...about, ...entry, id: this.ids.next('pnt') }));
    });
    await this.ledger.add(added);
  }
}
