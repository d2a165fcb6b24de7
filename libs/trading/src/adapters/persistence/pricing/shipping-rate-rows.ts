import { Injectable } from '@nestjs/common';
import { Money } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { ShippingRates } from '../../../domain/pricing/rates';
import type { ShippingRate } from '../../../domain/pricing/shipping';

export interface ShippingRateRow extends Record<string, unknown> {
  region: string;
  currency: string;
  price: bigint;
  freeFrom: bigint | null;
  isTaxed: boolean;
}

export const READ_SHIPPING_RATES =
  'SELECT region, currency, price, free_from AS "freeFrom", is_taxed AS "isTaxed" FROM trading.shipping_rate';

export const shippingRateOf = ({ region, currency, price, freeFrom, isTaxed }: ShippingRateRow): ShippingRate => ({
  region,
  price: Money.of(price, currency),
  freeFrom: freeFrom === null ? null : Money.of(freeFrom, currency),
  isTaxed,
});

@Injectable()
export class ShippingRateRows extends ShippingRates {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async find(region: string, currency: string): Promise<ShippingRate | undefined> {
    const [row] = await this.unitOfWork.query<ShippingRateRow>(
      `${READ_SHIPPING_RATES} WHERE region = $1 AND currency = $2`,
      [region, currency],
    );
    return row && shippingRateOf(row);
  }

  async list(limit: number, after = { region: '', currency: '' }): Promise<ShippingRate[]> {
    const rows = await this.unitOfWork.query<ShippingRateRow>(
      `${READ_SHIPPING_RATES} WHERE (region, currency) > ($2, $3) ORDER BY region, currency LIMIT $1`,
      [limit + 1, after.region, after.currency],
    );
    return rows.map(shippingRateOf);
  }

  async put({ region, price, freeFrom, isTaxed }: ShippingRate): Promise<boolean> {
    const [row] = await this.unitOfWork.query<{ created: boolean }>(
      `INSERT INTO trading.shipping_rate (region, currency, price, free_from, is_taxed) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (region, currency) DO UPDATE
         SET price = excluded.price, free_from = excluded.free_from, is_taxed = excluded.is_taxed
       RETURNING xmax = 0 AS created`,
      [region, price.currency, price.amount, freeFrom?.amount ?? null, isTaxed],
    );
    return row?.created ?? false;
  }

  async remove(region: string, currency: string): Promise<boolean> {
    const rows = await this.unitOfWork.query(
      'DELETE FROM trading.shipping_rate WHERE region = $1 AND currency = $2 RETURNING region',
      [region, currency],
    );
    return rows.length > 0;
  }
}
