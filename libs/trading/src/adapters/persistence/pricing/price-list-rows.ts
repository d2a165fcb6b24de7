import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { PriceList, PriceLists } from '../../../domain/pricing/price-list';
import { READ_SHIPPING_RATES, shippingRateOf, type ShippingRateRow } from './shipping-rate-rows';
import { READ_TAX_RATES, taxRateOf, type TaxRateRow } from './tax-rate-rows';

@Injectable()
export class PriceListRows extends PriceLists {
  /** As of this stamp or later. */
  #known: { stamp: bigint; list: PriceList } | undefined;

  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async current(): Promise<PriceList> {
    const [row] = await this.unitOfWork.query<{ stamp: bigint }>('SELECT stamp FROM trading.price_stamp');
    const stamp = row?.stamp as bigint;
    if (this.#known?.stamp === stamp) return this.#known.list;
    const list = await this.#read();
    this.#known = { stamp, list };
    return list;
  }

  async #read(): Promise<PriceList> {
    const [taxRates, shippingRates] = await Promise.all([
      this.unitOfWork.query<TaxRateRow>(READ_TAX_RATES),
      this.unitOfWork.query<ShippingRateRow>(READ_SHIPPING_RATES),
    ]);
    return new PriceList({ taxRates: taxRates.map(taxRateOf), shippingRates: shippingRates.map(shippingRateOf) });
  }
}
