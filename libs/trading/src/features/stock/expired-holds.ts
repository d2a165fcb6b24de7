import { Injectable, Logger } from '@nestjs/common';
import type { Id } from '@tradewind/shared-kernel';
import { currentContext, runInContext } from '@tradewind/shared-kernel/observability';
import { GroupCommit, type Outcome, UnitOfWork } from '@tradewind/shared-kernel/persistence';
import type { Order } from '../../domain/orders/order';
import { Orders } from '../../domain/orders/orders';
import { PaymentOperations } from '../../domain/payments/payment-operations';
import { GiveMoneyBack } from '../payments/give-money-back';
import { TradingSettings } from '../trading-settings';

/** As many orders at a time as there are checkouts in a batch: each short one finds the units of one. */
const RECLAIMED = 256;

/**
 * Frees the units of orders that were not paid in time, and cancels the orders. Where late payments may still count
 * (`rereserve`), an order is cancelled when its gateway says that it is not paid, or has said nothing for a while.
 */
@Injectable()
export class ExpiredHolds {
  readonly #logger = new Logger(ExpiredHolds.name);
  /** Whoever comes up short of a SKU while others do shares their look at what has expired. */
  readonly #reclaims = new GroupCommit<readonly string[], boolean>(async (members) => {
    const isFree = await this.#reclaim([...new Set(members.flatMap(({ command }) => command))]);
    return members.map((): Outcome<boolean> => ({ ok: true, answer: isFree }));
  });

  constructor(
    private readonly orders: Orders,
    private readonly money: GiveMoneyBack,
    private readonly operations: PaymentOperations,
    private readonly unitOfWork: UnitOfWork,
    private readonly settings: TradingSettings,
  ) {}

  /**
   * Frees at once what expired orders still hold of these SKUs, in transactions of its own: an order is locked before its
   * SKUs, so whoever has SKUs locked cannot reclaim. False when there was nothing.
   */
  reclaim(skus: readonly string[]): Promise<boolean> {
    return this.#reclaims.submit(skus);
  }

  /**
   * Frees or cancels those of these orders that are still unpaid and out of time, and says how many. An order that somebody else
   * has locked is left alone: it is being paid, cancelled or expired. One that cannot be expired keeps no other from it.
   */
  async expire(ids: readonly Id<'ord'>[]): Promise<number> {
    try {
      return await this.#expire(ids);
    } catch (error) {
      if (ids.length === 1) {
        this.#logger.error({
          msg: 'an order could not be expired and will be tried again',
          orderId: ids[0],
          err: error,
        });
        return 0;
      }
    }
    let expired = 0;
    for (const id of ids) expired += await this.expire([id]);
    return expired;
  }

  async #reclaim(skus: string[]): Promise<boolean> {
    const ids = await this.orders.expiredWith(skus, RECLAIMED);
    if (ids.length === 0) return false;
    // Nobody who comes up short gives up the orders of others: their time ran out.
    return runInContext({ ...currentContext(), actor: 'system' }, async () => (await this.expire(ids)) > 0);
  }

  #expire(ids: readonly Id<'ord'>[]): Promise<number> {
    return this.orders.changeFree(ids, async (orders) => {
      const now = await this.unitOfWork.now();
      let expired = 0;
      for (const id of orders.ids) {
        await orders.change(id, async (order) => {
          const isFree = await this.#free(order, now);
          if (isFree) expired += 1;
        });
      }
      return expired;
    });
  }

  async #free(order: Order, now: Date): Promise<boolean> {
    const { holdExpiresAt, holdReleasedAt } = order.state;
    if (this.settings.latePayments === 'rereserve' && order.payment.isOpen) {
      // Nobody knows yet whether it was paid: the gateway is asked before the order is given up.
      if (order.releaseHold(now)) {
        await this.operations.askAboutAuthorization(order.payment.state.id);
        return true;
      }
      if (holdReleasedAt && now.getTime() < holdExpiresAt.getTime() + this.settings.latePaymentGraceMs) return false;
    }
    if (!order.expire(now)) return false;
    await this.money.giveBack(order, 'hold-expired');
    return true;
  }
}
