import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { TaxRates } from '../../../domain/pricing/rates';
import type { TaxRate } from '../../../domain/pricing/tax';

export interface TaxRateRow extends Record<string, unknown> {
  region: string;
  name: string;
  ratePpm: number;
  included: boolean;
}

export const READ_TAX_RATES = 'SELECT region, name, rate_ppm AS "ratePpm", included FROM trading.tax_rate';

export const taxRateOf = ({ region, name, ratePpm, included }: TaxRateRow): TaxRate => ({
  region,
  name,
  ratePpm,
  included,
});

@Injectable()
export class TaxRateRows extends TaxRates {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async find(region: string): Promise<TaxRate | undefined> {
    const [row] = await this.unitOfWork.query<TaxRateRow>(`${READ_TAX_RATES} WHERE region = $1`, [region]);
    return row && taxRateOf(row);
  }

  async list(limit: number, after = ''): Promise<TaxRate[]> {
    const rows = await this.unitOfWork.query<TaxRateRow>(
      `${READ_TAX_RATES} WHERE region > $2 ORDER BY region LIMIT $1`,
      [limit + 1, after],
    );
    return rows.map(taxRateOf);
  }

  async put({ region, name, ratePpm, included }: TaxRate): Promise<boolean> {
    const [row] = await this.unitOfWork.query<{ created: boolean }>(
      `INSERT INTO trading.tax_rate (region, name, rate_ppm, included) VALUES ($1, $2, $3, $4)
       ON CONFLICT (region) DO UPDATE SET name = excluded.name, rate_ppm = excluded.rate_ppm, included = excluded.included
       RETURNING xmax = 0 AS created`,
      [region, name, ratePpm, included],
    );
    return row?.created ?? false;
  }

  async remove(region: string): Promise<boolean> {
    const rows = await this.unitOfWork.query('DELETE FROM trading.tax_rate WHERE region = $1 RETURNING region', [
      region,
    ]);
    return rows.length > 0;
  }
}
