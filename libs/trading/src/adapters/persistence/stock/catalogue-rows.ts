import { Injectable } from '@nestjs/common';
import { Money } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { Catalogue, type Sku } from '../../../domain/stock/catalogue';
import { refusal } from '../../../domain/refusals';
import { Stock, type StockCount } from '../../../domain/stock/stock';

const SET_BY_CATALOGUE = { reason: 'set with the SKU', reference: null };

@Injectable()
export class CatalogueRows extends Catalogue {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly stock: Stock,
  ) {
    super();
  }

  async offers(skus: readonly string[]): Promise<ReadonlyMap<string, Pick<Sku, 'price' | 'category'>>> {
    const rows = await this.unitOfWork.query<{ sku: string; category: string | null; price: bigint; currency: string }>(
      'SELECT sku, category, price, currency FROM trading.sku WHERE sku = ANY($1::text[])',
      [skus],
    );
    return new Map(
      rows.map(({ sku, category, price, currency }) => [sku, { category, price: Money.of(price, currency) }]),
    );
  }

  async find(sku: string): Promise<Sku | undefined> {
    const [row] = await this.unitOfWork.query<{
      name: string;
      category: string | null;
      price: bigint;
      currency: string;
      on_hand: bigint;
      reserved: bigint;
    }>(
      `SELECT k.name, k.category, k.price, k.currency, s.on_hand, s.reserved
         FROM trading.sku k JOIN trading.stock_item s USING (sku) WHERE k.sku = $1`,
      [sku],
    );
    if (!row) return undefined;
    return {
      sku,
      name: row.name,
      category: row.category,
      price: Money.of(row.price, row.currency),
      onHand: row.on_hand,
      reserved: row.reserved,
    };
  }

  put({ sku, name, category, price, onHand }: Omit<Sku, 'reserved'>): Promise<{ created: boolean; sku: Sku }> {
    return this.unitOfWork.run(async () => {
      const [upserted] = await this.unitOfWork.query<{ created: boolean }>(
        `INSERT INTO trading.sku (sku, name, category, price, currency) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (sku) DO UPDATE
           SET name = excluded.name, category = excluded.category, price = excluded.price, currency = excluded.currency
         RETURNING xmax = 0 AS created`,
        [sku, name, category, price.amount, price.currency],
      );
      await this.unitOfWork.query(
        'INSERT INTO trading.stock_item (sku, on_hand) VALUES ($1, 0) ON CONFLICT DO NOTHING',
        [sku],
      );
      const before = (await this.stock.lock([sku])).get(sku) as StockCount;
      const { reserved } = before;
      if (reserved > onHand) {
        throw refusal('stock-reserved', `${reserved} units of ${sku} are reserved`, {
          sku,
          reserved: Number(reserved),
        });
      }
      const quantity = onHand - before.onHand;
      if (quantity !== 0n) await this.stock.move([{ sku, kind: 'adjust', quantity, orderId: null }], SET_BY_CATALOGUE);
      return { created: upserted?.created ?? false, sku: { sku, name, category, price, onHand, reserved } };
    });
  }
}
