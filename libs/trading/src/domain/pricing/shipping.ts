import type { Money } from '@tradewind/shared-kernel';

/** What shipping an order costs in one region and currency. */
export interface ShippingRate {
  /** As `regionKey` makes it: `CN-SOUTH`, `CN`. */
  region: string;
  price: Money;
  /** Goods for this much before discounts, or more, ship for nothing. */
  freeFrom: Money | null;
  /** Whether the region's tax is also on, or in, the shipping. */
  isTaxed: boolean;
}

export function shippingOf({ price, freeFrom }: ShippingRate, subtotal: Money): Money {
  return freeFrom && !freeFrom.isGreaterThan(subtotal) ? price.minus(price) : price;
}
