import { Money, type MoneyJson } from '@tradewind/shared-kernel';
import type { Amounts, PricedBasket, PricedLine, PriceReasons } from './price-basket';

/** A type as HTTP, events and rows carry it: money as `MoneyJson`. */
type Json<T> = T extends Money
  ? MoneyJson
  : T extends readonly (infer Part)[]
    ? Json<Part>[]
    : T extends object
      ? { [Key in keyof T]: Json<T[Key]> }
      : T;

export type LineJson = Json<PricedLine>;
export type AmountsJson = Json<Amounts>;

export type ReasonsJson = Json<PriceReasons>;

export interface PricedJson {
  lines: LineJson[];
  amounts: AmountsJson;
  reasons: ReasonsJson;
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

export const amountsJson = ({ subtotal, discount, shipping, tax, taxIncluded, total }: Amounts): AmountsJson => ({
  subtotal: subtotal.toJSON(),
  discount: discount.toJSON(),
  shipping: shipping.toJSON(),
  tax: tax.toJSON(),
  taxIncluded,
  total: total.toJSON(),
});

export const pricedJson = ({ lines, amounts, reasons }: PricedBasket): PricedJson => ({
  lines: lines.map(lineJson),
  amounts: amountsJson(amounts),
  reasons: {
    ...reasons,
    shippingRate: reasons.shippingRate && {
      ...reasons.shippingRate,
      price: reasons.shippingRate.price.toJSON(),
      freeFrom: reasons.shippingRate.freeFrom?.toJSON() ?? null,
    },
    discounts: reasons.discounts.map(({ lines: ofLines, shipping, amount, ...discount }) => ({
      ...discount,
      lines: ofLines.map((line) => ({ ...line, amount: line.amount.toJSON() })),
      shipping: shipping.toJSON(),
      amount: amount.toJSON(),
    })),
  },
});

export function pricedOf({ lines, amounts, reasons }: PricedJson): PricedBasket {
  const money = (json: MoneyJson) => Money.fromJSON(json);
  return {
    lines: lines.map(({ unitPrice, discount, tax, total, ...line }) => ({
      ...line,
      unitPrice: money(unitPrice),
      discount: money(discount),
      tax: money(tax),
      total: money(total),
    })),
    amounts: {
      subtotal: money(amounts.subtotal),
      discount: money(amounts.discount),
      shipping: money(amounts.shipping),
      tax: money(amounts.tax),
      taxIncluded: amounts.taxIncluded,
      total: money(amounts.total),
    },
    reasons: {
      ...reasons,
      shippingRate: reasons.shippingRate && {
        ...reasons.shippingRate,
        price: money(reasons.shippingRate.price),
        freeFrom: reasons.shippingRate.freeFrom && money(reasons.shippingRate.freeFrom),
      },
      discounts: reasons.discounts.map(({ lines: ofLines, shipping, amount, ...discount }) => ({
        ...discount,
        lines: ofLines.map((line) => ({ ...line, amount: money(line.amount) })),
        shipping: money(shipping),
        amount: money(amount),
      })),
    },
  };
}
