import type { PricingTerms } from './price-basket';
import { type Destination, regionsOf } from './region';
import type { ShippingRate } from './shipping';
import type { TaxRate } from './tax';

/** What prices depend on beside the catalogue, as it stood at one moment. */
export class PriceList {
  readonly #taxRates: ReadonlyMap<string, TaxRate>;
  readonly #shippingRates: ReadonlyMap<string, ShippingRate>;

  constructor({ taxRates, shippingRates }: { taxRates: readonly TaxRate[]; shippingRates: readonly ShippingRate[] }) {
    this.#taxRates = new Map(taxRates.map((rate) => [rate.region, rate]));
    this.#shippingRates = new Map(shippingRates.map((rate) => [shippingKey(rate.region, rate.price.currency), rate]));
  }

  /** Without a rate for the destination there is no tax; without one in the basket's currency, shipping costs nothing. */
  ratesFor(destination: Destination, currency: string): Pick<PricingTerms, 'taxRate' | 'shippingRate'> {
    if (this.#taxRates.size + this.#shippingRates.size === 0) return NO_RATES;
    const regions = regionsOf(destination);
    return {
      taxRate: firstOf(regions, (region) => this.#taxRates.get(region)),
      shippingRate: firstOf(regions, (region) => this.#shippingRates.get(shippingKey(region, currency))),
    };
  }
}

const NO_RATES = { taxRate: null, shippingRate: null };

const shippingKey = (region: string, currency: string): string => `${region} ${currency}`;

function firstOf<T>(regions: readonly string[], find: (region: string) => T | undefined): T | null {
  for (const region of regions) {
    const found = find(region);
    if (found) return found;
  }
  return null;
}

export abstract class PriceLists {
  /** The list as it stands now, whichever process changed it. It stays in memory until it changes: one cheap read. */
  abstract current(): Promise<PriceList>;
}
