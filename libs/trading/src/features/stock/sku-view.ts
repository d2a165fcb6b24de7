import type { MoneyJson } from '@tradewind/shared-kernel';
import type { Sku } from '../../domain/stock/catalogue';

/** A SKU as the API shows it. */
export interface SkuView {
  sku: string;
  name: string;
  category: string | null;
  price: MoneyJson;
  onHand: number;
  reserved: number;
  available: number;
  missing: number;
  lowAt: number | null;
}

export function skuView({ sku, name, category, price, onHand, reserved, missing, lowAt }: Sku): SkuView {
  return {
    sku,
    name,
    category,
    price: price.toJSON(),
    onHand: Number(onHand),
    reserved: Number(reserved),
    available: Number(onHand - reserved),
    missing: Number(missing),
    lowAt: lowAt === null ? null : Number(lowAt),
  };
}
