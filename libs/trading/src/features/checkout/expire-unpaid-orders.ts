import { Injectable, Logger } from '@nestjs/common';
import type { Id } from '@tradewind/shared-kernel';
import { type Worker, Workers } from '@tradewind/shared-kernel/messaging';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { type ExpiredOrder, Orders } from '../../domain/orders/orders';
import { GiveMoneyBack } from '../payments/give-money-back';
import { TradingSettings } from '../trading-settings';

const BATCH = 50;

/** Cancels orders whose hold ran out before they were paid; their units are free again. */
@Injectable()
export class ExpireUnpaidOrders implements Worker {
  readonly name = 'trading.expire-unpaid-orders';
  readonly #logger = new Logger(ExpireUnpaidOrders.name);
  #timer: NodeJS.Timeout | undefined;
  #stopped = true;
  #round: Promise<void> = Promise.resolve();

  constructor(
    private readonly orders: Orders,
    private readonly money: GiveMoneyBack,
    private readonly unitOfWork: UnitOfWork,
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
        const expired = await this.orders.expired(BATCH, last);
        last = expired.at(-1);
        for (const { id } of expired) if (!this.#stopped) await this.#expire(id);
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

  /** Each in a transaction of its own: one that cannot be expired keeps no other from it, and SKUs are locked in order. */
  async #expire(id: Id<'ord'>): Promise<void> {
    try {
      await this.orders.change(id, async (order) => {
        if (!order.expire(await this.unitOfWork.now())) return;
        await this.money.giveBack(order, 'hold-expired');
      });
    } catch (error) {
      this.#logger.error({ msg: 'an order could not be expired and will be tried again', orderId: id, err: error });
    }
  }
}
