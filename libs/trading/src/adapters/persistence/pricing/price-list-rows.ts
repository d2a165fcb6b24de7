import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { PriceList, PriceLists } from '../../../domain/pricing/price-list';
import { PriceStamp } from './price-stamp';
import { READ_SHIPPING_RATES, shippingRateOf, type ShippingRateRow } from './shipping-rate-rows';
import { READ_TAX_RATES, taxRateOf, type TaxRateRow } from './tax-rate-rows';

@Injectable()
export class PriceListRows extends PriceLists {
  readonly #current: () => Promise<PriceList>;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    stamp: PriceStamp,
  ) {
    super();
    this.#current = stamp.keep(() => this.#read());
  }

  current(): Promise<PriceList> {
    return this.#current();
  }

  async #read(): Promise<PriceList> {
    const [taxRates, shippingRates] = await Promise.all([
      this.unitOfWork.query<TaxRateRow>(READ_TAX_RATES),
      this.unitOfWork.query<ShippingRateRow>(READ_SHIPPING_RATES),
    ]);
    return new PriceList({ taxRates: taxRates.map(taxRateOf), shippingRates: shippingRates.map(shippingRateOf) });
  }
}
