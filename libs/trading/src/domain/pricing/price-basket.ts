import { Money } from '@tradewind/shared-kernel';
import { refusal } from '../refusals';
import { type ShippingRate, shippingOf } from './shipping';
import { type TaxRate, taxOnParts } from './tax';

export interface BasketLine {
  sku: string;
  quantity: number;
  unitPrice: Money;
}

/** What a price depends on beside the basket itself. */
export interface PricingTerms {
  taxRate: TaxRate | null;
  shippingRate: ShippingRate | null;
}

/** Where no tax and no shipping is configured. */
export const NO_TERMS: PricingTerms = { taxRate: null, shippingRate: null };

/** `total` is `unitPrice` times `quantity`, less `discount`, and plus `tax` where prices exclude it. */
export interface PricedLine extends BasketLine {
  /** From 1. */
  lineNo: number;
  discount: Money;
  tax: Money;
  total: Money;
}

/** `total` is `subtotal` less `discount`, plus `shipping`, and plus `tax` where prices exclude it. */
export interface Amounts {
  /** Of all lines, before discounts. */
  subtotal: Money;
  discount: Money;
  /** What is charged for shipping: nothing when it is free. */
  shipping: Money;
  /** Of all lines and of shipping. */
  tax: Money;
  /** Whether prices contain the tax. */
  taxIncluded: boolean;
  total: Money;
}

export interface PricedBasket extends Amounts {
  lines: PricedLine[];
}

/**
 * What a basket costs: for a quote and for a checkout alike, so that they cannot differ. Pure; the parts always sum to the
 * whole. Throws `mixed-currencies` and `amount-too-large`.
 */
export function priceBasket(lines: readonly BasketLine[], { taxRate, shippingRate }: PricingTerms): PricedBasket {
  const currency = lines[0]?.unitPrice.currency as string;
  if (lines.some(({ unitPrice }) => unitPrice.currency !== currency)) {
    throw refusal('mixed-currencies', 'order SKUs of one currency');
  }
  try {
    const none = Money.zero(currency);
    const prices = lines.map(({ unitPrice, quantity }) => unitPrice.times(quantity));
    const subtotal = sum(prices, currency);
    const discounts = lines.map(() => none);
    const discount = sum(discounts, currency);
    const net = prices.map((price, index) => price.minus(discounts[index] as Money));
    const goods = subtotal.minus(discount);

    const shipping = shippingRate ? shippingOf(shippingRate, subtotal) : none;

    const taxes = taxOnParts(shippingRate?.isTaxed ? [...net, shipping] : net, currency, taxRate);
    const tax = sum(taxes, currency);
    const taxIncluded = taxRate?.included ?? false;
    const taxed = (amount: Money, added: Money) => (taxIncluded ? amount : amount.plus(added));
    return {
      lines: lines.map(({ sku, quantity, unitPrice }, index) => ({
        lineNo: index + 1,
        sku,
        quantity,
        unitPrice,
        discount: discounts[index] as Money,
        tax: taxes[index] as Money,
        total: taxed(net[index] as Money, taxes[index] as Money),
      })),
      subtotal,
      discount,
      shipping,
      tax,
      taxIncluded,
      total: taxed(goods.plus(shipping), tax),
    };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw refusal('amount-too-large', 'the total is beyond 2^53 - 1 minor units', {}, { cause: error });
  }
}

const sum = (parts: readonly Money[], currency: string): Money =>
  parts.reduce((total, part) => total.plus(part), Money.zero(currency));
