import { Injectable } from '@nestjs/common';
import { PeriodicWorker, Workers } from '@tradewind/shared-kernel/messaging';
import { type ExpiredOrder, Orders } from '../../domain/orders/orders';
import { TradingSettings } from '../trading-settings';
import { ExpiredHolds } from './expired-holds';

const BATCH = 50;

/**
 * Frees the units of orders whose time ran out before they were paid, and cancels the orders. Where late payments may still
 * count (`rereserve`), an order is cancelled when its gateway says that it is not paid, or has said nothing for a while.
 */
@Injectable()
export class ExpireUnpaidOrders extends PeriodicWorker {
  readonly name = 'trading.expire-unpaid-orders';

  constructor(
    private readonly orders: Orders,
    private readonly holds: ExpiredHolds,
    private readonly settings: TradingSettings,
    workers: Workers,
  ) {
    super();
    workers.add(this);
  }

  protected get everyMs(): number {
    return this.settings.expireEveryMs;
  }

  protected async round(): Promise<void> {
    let last: ExpiredOrder | undefined;
    do {
      const expired = await this.orders.expired(this.settings.latePaymentGraceMs, BATCH, last);
      last = expired.at(-1);
      if (last) await this.holds.expire(expired.map(({ id }) => id));
    } while (last && !this.isStopped);
  }
}
