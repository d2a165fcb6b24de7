import type { Money } from '@tradewind/shared-kernel';

/** A stock keeping unit with its price and stock. Available units are `onHand - reserved`. */
export interface Sku {
  sku: string;
  name: string;
  /** What promotions choose lines by. */
  category: string | null;
  price: Money;
  onHand: bigint;
  reserved: bigint;
}

export abstract class Catalogue {
  /** Price and category of those SKUs that exist. */
  abstract offers(skus: readonly string[]): Promise<ReadonlyMap<string, Pick<Sku, 'price' | 'category'>>>;
  abstract find(sku: string): Promise<Sku | undefined>;
  /** Creates or replaces a SKU; throws `stock-reserved` when more units are reserved than `onHand`. */
  abstract put(sku: Omit<Sku, 'reserved'>): Promise<{ created: boolean; sku: Sku }>;
}
