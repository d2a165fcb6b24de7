import type { Id } from '@tradewind/shared-kernel';
import type { Order } from './order';

/** The orders, each with its payment. */
export abstract class Orders {
  /**
   * Locks the order, applies `change` and saves what became of it: rows, stock and events, all in the current unit of work.
   * Throws `unknown-order`.
   */
  abstract change<T>(id: Id<'ord'>, change: (order: Order) => T | Promise<T>): Promise<T>;
  /** The order as it stands, without a lock. Throws `unknown-order`. */
  abstract find(id: Id<'ord'>): Promise<Order>;
  abstract idOfPayment(paymentId: Id<'pay'>): Promise<Id<'ord'> | undefined>;
  /** Unpaid orders whose hold has run out, oldest first, after the last one seen. */
  abstract expired(now: Date, limit: number, after?: ExpiredOrder): Promise<ExpiredOrder[]>;
  /** Locks orders with their payments and SKUs, each kind in ascending order, for a unit of work that changes them all. */
  abstract lockAll(ids: Id<'ord'>[]): Promise<void>;
}

export interface ExpiredOrder {
  id: Id<'ord'>;
  holdExpiresAt: Date;
}
