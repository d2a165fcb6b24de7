import type { Id } from '@tradewind/shared-kernel';
import type { Order, OrderStatus } from './order';

/** Orders that are locked until the current unit of work ends. */
export interface LockedOrders {
  /** Which they are, ascending. */
  readonly ids: readonly Id<'ord'>[];
  /**
   * Applies `change` to one of them; what it raises names the current context as its cause. May be called again for the
   * same order. A refusal that is caught leaves the order as it was. Throws `unknown-order`.
   */
  change<T>(id: Id<'ord'>, change: (order: Order) => T | Promise<T>): Promise<T>;
}

/** The orders, each with its payment. */
export abstract class Orders {
  /**
   * Locks the orders in ascending order, runs `work`, and then saves what became of all of them: rows, stock and events, in
   * the current unit of work and with as many statements for one order as for many.
   */
  abstract changeAll<T>(ids: readonly Id<'ord'>[], work: (orders: LockedOrders) => Promise<T>): Promise<T>;

  /** The same for those of the orders that nobody else has locked, without waiting for the others. */
  abstract changeFree<T>(ids: readonly Id<'ord'>[], work: (orders: LockedOrders) => Promise<T>): Promise<T>;

  /** The same for one order. Throws `unknown-order`. */
  change<T>(id: Id<'ord'>, change: (order: Order) => T | Promise<T>): Promise<T> {
    return this.changeAll([id], (orders) => orders.change(id, change));
  }

  /** The order as it stands, without a lock. Throws `unknown-order`. */
  abstract find(id: Id<'ord'>): Promise<Order>;
  /** The order of each payment; those of foreign payments are missing. */
  abstract idsOfPayments(paymentIds: readonly Id<'pay'>[]): Promise<ReadonlyMap<string, Id<'ord'>>>;
  /**
   * Unpaid orders whose hold has run out by the database's time, oldest first, after the last one seen. Of those whose
   * units are free already, the ones that have waited for their gateway's word for `graceMs` since.
   */
  abstract expired(graceMs: number, limit: number, after?: ExpiredOrder): Promise<ExpiredOrder[]>;
  /** Unpaid orders whose hold has run out and who have units of these SKUs all the same, oldest first. */
  abstract expiredWith(skus: readonly string[], limit: number): Promise<Id<'ord'>[]>;
  /** Orders with a line of this SKU that have not shipped, newest first. */
  abstract openWith(sku: string, limit: number): Promise<{ orderId: Id<'ord'>; status: OrderStatus }[]>;
}

export interface ExpiredOrder {
  id: Id<'ord'>;
  holdExpiresAt: Date;
}
