import { Injectable, Logger } from '@nestjs/common';
import { type Worker, Workers } from '@tradewind/shared-kernel/messaging';
import { type ExpiredOrder, Orders } from '../../domain/orders/orders';
import { TradingSettings } from '../trading-settings';
import { ExpiredHolds } from './expired-holds';

const BATCH = 50;

/**
 * Frees the units of orders whose time ran out before they were paid, and cancels the orders. Where late payments may still
 * count (`rereserve`), an order is cancelled when its gateway says that it is not paid, or has said nothing for a while.
 */
@Injectable()
export class ExpireUnpaidOrders implements Worker {
  readonly name = 'trading.expire-unpaid-orders';
  readonly #logger = new Logger(ExpireUnpaidOrders.name);
  #timer: NodeJS.Timeout | undefined;
  #stopped = true;
  #round: Promise<void> = Promise.resolve();

  constructor(
    private readonly orders: Orders,
    private readonly holds: ExpiredHolds,
    private readonly settings: TradingSettings,
    workers: Workers,
  ) {
    workers.add(this);
  }

  start(): void {
    this.#stopped = false;
    this.#round = this.#sweep();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  async #sweep(): Promise<void> {
    try {
      let last: ExpiredOrder | undefined;
      do {
        const expired = await this.orders.expired(this.settings.latePaymentGraceMs, BATCH, last);
        last = expired.at(-1);
        if (last) await this.holds.expire(expired.map(({ id }) => id));
      } while (last && !this.#stopped);
    } catch (error) {
      this.#logger.warn({ msg: 'looking for expired orders failed and will be tried again', err: error });
    }
    if (!this.#stopped) {
      this.#timer = setTimeout(() => {
        this.#round = this.#sweep();
      }, this.settings.expireEveryMs);
    }
  }
}
