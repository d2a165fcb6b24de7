import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '@tradewind/shared-kernel';
import { type Worker, Workers } from '@tradewind/shared-kernel/messaging';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { Orders } from '../domain/orders';
import { PaymentOperations } from '../domain/payment-operations';
import { TradingSettings } from './trading-settings';

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
    private readonly operations: PaymentOperations,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
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
      while (!this.#stopped && (await this.expire()) === BATCH);
    } catch (error) {
      this.#logger.warn({ msg: 'expiring orders failed and will be tried again', err: error });
    }
    if (!this.#stopped) {
      this.#timer = setTimeout(() => {
        this.#round = this.#sweep();
      }, this.settings.expireEveryMs);
    }
  }

  /** Expires a bounded number of orders in one transaction; returns how many. */
  expire(): Promise<number> {
    return this.unitOfWork.run(async () => {
      const now = this.clock.now();
      const expired = await this.orders.lockExpired(now, BATCH);
      for (const id of expired) {
        await this.orders.change(id, async (order) => {
          order.cancel('hold-expired', now);
          await this.operations.closeCharge(order.payment.state.id, 'failed');
        });
      }
      return expired.length;
    });
  }
}
