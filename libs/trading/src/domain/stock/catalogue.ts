import type { Money } from '@tradewind/shared-kernel';
import type { StockCount } from './stock-movement';

/** A stock keeping unit with its price and stock. */
export interface Sku extends StockCount {
  sku: string;
  name: string;
  /** What promotions choose lines by. */
  category: string | null;
  price: Money;
  /** So many available units, or fewer, are few; null: as the setting says. */
  lowAt: bigint | null;
}

export type SkuToPut = Omit<Sku, 'reserved' | 'missing'>;

export abstract class Catalogue {
  /** Price and category of those SKUs that exist. */
  abstract offers(skus: readonly string[]): Promise<ReadonlyMap<string, Pick<Sku, 'price' | 'category'>>>;
  abstract find(sku: string): Promise<Sku | undefined>;
  /** In ascending order, after the one given. */
  abstract list(limit: number, after?: string): Promise<Sku[]>;
  /**
   * Creates or replaces a SKU. Its units are a count: what differs from the books is adjusted, and nothing is missing any
   * more. Throws `stock-reserved` when more units are reserved than `onHand`.
   */
  abstract put(sku: SkuToPut): Promise<{ created: boolean; sku: Sku }>;
}
