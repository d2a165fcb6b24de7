import type { ShippingAddress } from '../../contract';
import type { ShelfItem } from './checkout';
import type { Order } from '../orders/order';

/** An order with what its buyer told us about delivery and contact. */
export interface PlacedOrder {
  order: Order;
  shippingAddress: ShippingAddress;
  email: string | null;
  /** BCP 47. */
  locale: string;
}

/** The rows behind checkout, for a whole batch at a time. */
export abstract class CheckoutStore {
  /** Locks SKUs in ascending order in one statement; unknown ones are absent from the answer. */
  abstract lockShelf(skus: string[]): Promise<ShelfItem[]>;
  /**
   * Reserves the units and writes all orders, without waiting between the statements: fit for the end of a unit of work.
   * `askAt` is when the gateways are first asked about their payments.
   */
  abstract write(placed: PlacedOrder[], reserved: ReadonlyMap<string, bigint>, askAt: Date): Promise<unknown>;
}
