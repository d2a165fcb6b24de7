import type { ShippingRate } from './shipping';
import type { TaxRate } from './tax';

/** Tax rates as data, one for a region at most. Regions are keys as `regionKey` makes them. */
export abstract class TaxRates {
  abstract find(region: string): Promise<TaxRate | undefined>;
  /** By region; one more than the limit when there are more. */
  abstract list(limit: number, after?: string): Promise<TaxRate[]>;
  /** Creates or replaces; true when it was created. */
  abstract put(rate: TaxRate): Promise<boolean>;
  /** False when there was none. */
  abstract remove(region: string): Promise<boolean>;
}

/** Shipping prices as data, one for a region and currency at most. */
export abstract class ShippingRates {
  abstract find(region: string, currency: string): Promise<ShippingRate | undefined>;
  /** By region and currency; one more than the limit when there are more. */
  abstract list(limit: number, after?: { region: string; currency: string }): Promise<ShippingRate[]>;
  /** Creates or replaces; true when it was created. */
  abstract put(rate: ShippingRate): Promise<boolean>;
  /** False when there was none. */
  abstract remove(region: string, currency: string): Promise<boolean>;
}
