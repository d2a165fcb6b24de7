import { Money, type MoneyJson } from '@tradewind/shared-kernel';
import type { Amounts, PricedBasket, PricedLine } from './price-basket';

/** A priced line as HTTP and events carry it. */
export interface LineJson {
  lineNo: number;
  sku: string;
  quantity: number;
  unitPrice: MoneyJson;
  discount: MoneyJson;
  tax: MoneyJson;
  total: MoneyJson;
}

export const lineJson = ({ lineNo, sku, quantity, unitPrice, discount, tax, total }: PricedLine): LineJson => ({
  lineNo,
  sku,
  quantity,
  unitPrice: unitPrice.toJSON(),
  discount: discount.toJSON(),
  tax: tax.toJSON(),
  total: total.toJSON(),
});

/** What a basket comes to, as HTTP and events carry it. */
export interface AmountsJson {
  subtotal: MoneyJson;
  discount: MoneyJson;
  shipping: MoneyJson;
  tax: MoneyJson;
  taxIncluded: boolean;
  total: MoneyJson;
}

export const amountsJson = ({ subtotal, discount, shipping, tax, taxIncluded, total }: Amounts): AmountsJson => ({
  subtotal: subtotal.toJSON(),
  discount: discount.toJSON(),
  shipping: shipping.toJSON(),
  tax: tax.toJSON(),
  taxIncluded,
  total: total.toJSON(),
});

export interface PricedJson extends AmountsJson {
  lines: LineJson[];
}

export const pricedJson = (priced: PricedBasket): PricedJson => ({
  lines: priced.lines.map(lineJson),
  ...amountsJson(priced),
});

export const pricedOf = ({ lines, ...amounts }: PricedJson): PricedBasket => ({
  lines: lines.map((line) => ({
    ...line,
    unitPrice: Money.fromJSON(line.unitPrice),
    discount: Money.fromJSON(line.discount),
    tax: Money.fromJSON(line.tax),
    total: Money.fromJSON(line.total),
  })),
  subtotal: Money.fromJSON(amounts.subtotal),
  discount: Money.fromJSON(amounts.discount),
  shipping: Money.fromJSON(amounts.shipping),
  tax: Money.fromJSON(amounts.tax),
  taxIncluded: amounts.taxIncluded,
  total: Money.fromJSON(amounts.total),
});
