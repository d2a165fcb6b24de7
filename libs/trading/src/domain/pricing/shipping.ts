import type { Money } from '@tradewind/shared-kernel';

/** What shipping an order costs in one region and currency. */
export interface ShippingRate {
  /** What a request or an address names: `cn-south`, `CN`. */
  region: string;
  amount: Money;
  /** Goods for this much after discounts, or more, ship for nothing. */
  freeFrom: Money | null;
  /** Whether the region's tax is also on, or in, the shipping. */
  isTaxed: boolean;
}
