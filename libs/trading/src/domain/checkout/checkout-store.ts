import type { Id } from '@tradewind/shared-kernel';
import type { ShippingAddress } from '../../contract';
import type { ShelfItem } from './checkout';
import type { Order } from '../orders/order';
import type { StockLevel } from '../stock/stock-level';

/** An order with what its buyer told us about delivery and contact. */
export interface PlacedOrder {
  order: Order;
  shippingAddress: ShippingAddress;
  email: string | null;
  /** BCP 47. */
  locale: string;
  /** How its authorisation begins: to be called, to be asked about, or done. */
  authorization: { state: 'requested' | 'pending' | 'succeeded'; dueInMs: number | null };
}

/** The rows behind checkout, for a whole batch at a time. */
export abstract class CheckoutStore {
  /** Locks SKUs in ascending order in one statement; unknown ones are absent from the answer. */
  abstract lockShelf(skus: string[]): Promise<ShelfItem[]>;
  /** The same without a lock: how things stand, not how they stay. */
  abstract readShelf(skus: string[]): Promise<ShelfItem[]>;
  /**
   * Makes checkouts of one buyer wait for each other until the unit of work ends, so that only one is the first. Buyers are
   * locked in one order everywhere, and behind the SKUs and coupons.
   */
  abstract lockBuyers(ids: readonly Id<'buy'>[]): Promise<unknown>;
  /**
   * Reserves the units and writes all orders, without waiting between the statements: fit for the end of a unit of work.
   * `crossed` are the levels that the units crossed.
   */
  abstract write(placed: PlacedOrder[], reserved: ReadonlyMap<string, bigint>, crossed: StockLevel[]): Promise<unknown>;
}
