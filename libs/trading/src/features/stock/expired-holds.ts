import { Injectable, Logger } from '@nestjs/common';
import type { Id } from '@tradewind/shared-kernel';
import { currentContext, runInContext } from '@tradewind/shared-kernel/observability';
import { GroupCommit, type Outcome, UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { Orders } from '../../domain/orders/orders';
import { GiveMoneyBack } from '../payments/give-money-back';

/** As many orders at a time as there are checkouts in a batch: each short one finds the units of one. */
const RECLAIMED = 256;

/** Gives up orders that were not paid while their units were held. */
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
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /**
   * Frees at once what expired orders still hold of these SKUs, in transactions of its own: an order is locked before its
   * SKUs, so whoever has SKUs locked cannot reclaim. False when there was nothing.
   */
  reclaim(skus: readonly string[]): Promise<boolean> {
    return this.#reclaims.submit(skus);
  }

  /**
   * Cancels those of these orders that are still unpaid and out of time, and says how many. An order that somebody else
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
          if (!order.expire(now)) return;
          expired += 1;
          await this.money.giveBack(order, 'hold-expired');
        });
      }
      return expired;
    });
  }
}
