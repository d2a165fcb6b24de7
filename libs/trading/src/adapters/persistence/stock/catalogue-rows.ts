import { Injectable } from '@nestjs/common';
import { Money } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { Catalogue, type Sku, type SkuToPut } from '../../../domain/stock/catalogue';
import { refusal } from '../../../domain/refusals';
import type { StockMovement } from '../../../domain/stock/stock-movement';
import { StockRows } from './stock-rows';

const SET_WITH_SKU = { reason: 'set with the SKU', reference: null };

@Injectable()
export class CatalogueRows extends Catalogue {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly stock: StockRows,
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
    const [row] = await this.unitOfWork.query<SkuRow>(`${SELECT_SKUS} WHERE k.sku = $1`, [sku]);
    return row && skuOf(row);
  }

  async list(limit: number, after = ''): Promise<Sku[]> {
    const text = `${SELECT_SKUS} WHERE k.sku > $2 ORDER BY k.sku LIMIT $1`;
    return (await this.unitOfWork.query<SkuRow>(text, [limit, after])).map(skuOf);
  }

  put({ sku, name, category, price, onHand, lowAt }: SkuToPut): Promise<{ created: boolean; sku: Sku }> {
    return this.unitOfWork.run(async () => {
      await this.unitOfWork.query(
        `INSERT INTO trading.sku (sku, name, category, price, currency) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (sku) DO UPDATE
           SET name = excluded.name, category = excluded.category, price = excluded.price, currency = excluded.currency`,
        [sku, name, category, price.amount, price.currency],
      );
      // A first count is no return to the shelf: nobody is told of it.
      const [created] = await this.unitOfWork.query(
        'INSERT INTO trading.stock_item (sku, on_hand, low_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING sku',
        [sku, onHand, lowAt],
      );
      const reserved = created ? await this.#first(sku, onHand) : await this.#count(sku, onHand, lowAt);
      const put = { sku, name, category, price, onHand, reserved, missing: 0n, lowAt };
      return { created: created !== undefined, sku: put };
    });
  }

  async #first(sku: string, onHand: bigint): Promise<bigint> {
    if (onHand > 0n) await this.stock.record([adjustment(sku, onHand)], SET_WITH_SKU);
    return 0n;
  }

  /** Returns how many units are reserved. */
  async #count(sku: string, onHand: bigint, lowAt: bigint | null): Promise<bigint> {
    const [before] = await this.unitOfWork.query<{ onHand: bigint; reserved: bigint }>(
      'UPDATE trading.stock_item SET low_at = $2, missing = 0 WHERE sku = $1 RETURNING on_hand AS "onHand", reserved',
      [sku, lowAt],
    );
    if (!before) throw new Error(`the stock of ${sku} is gone`);
    const { reserved } = before;
    if (reserved > onHand) {
      throw refusal('stock-reserved', `${reserved} units of ${sku} are reserved`, { sku, reserved: Number(reserved) });
    }
    if (onHand !== before.onHand) await this.stock.move([adjustment(sku, onHand - before.onHand)], SET_WITH_SKU);
    return reserved;
  }
}

interface SkuRow extends Record<string, unknown> {
  sku: string;
  name: string;
  category: string | null;
  price: bigint;
  currency: string;
  onHand: bigint;
  reserved: bigint;
  missing: bigint;
  lowAt: bigint | null;
}

const SELECT_SKUS = `SELECT k.sku, k.name, k.category, k.price, k.currency, s.on_hand AS "onHand", s.reserved, s.missing,
         s.low_at AS "lowAt"
    FROM trading.sku k JOIN trading.stock_item s USING (sku)`;

const skuOf = ({ price, currency, ...row }: SkuRow): Sku => ({ ...row, price: Money.of(price, currency) });

const adjustment = (sku: string, quantity: bigint): StockMovement => ({ sku, kind: 'adjust', quantity, orderId: null });
