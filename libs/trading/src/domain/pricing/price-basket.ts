import { Money } from '@tradewind/shared-kernel';
import { applyDiscounts } from '../promotions/apply-discounts';
import type { Adjustment, CouponOutcome, DiscountContext, Explanation } from '../promotions/discounts';
import type { Promotion } from '../promotions/promotion';
import { refusal } from '../refusals';
import { type ShippingRate, shippingOf } from './shipping';
import { type TaxRate, taxOnParts } from './tax';

export interface BasketLine {
  sku: string;
  category: string | null;
  quantity: number;
  unitPrice: Money;
}

/** What a price depends on beside the basket itself. */
export interface PricingTerms {
  taxRate: TaxRate | null;
  shippingRate: ShippingRate | null;
  promotions: readonly Promotion[];
  context: DiscountContext;
}

/** `total` is `unitPrice` times `quantity`, less `discount`, and plus `tax` where prices exclude it. */
export interface PricedLine {
  /** From 1; gifts come last, at a price of nothing. */
  lineNo: number;
  sku: string;
  quantity: number;
  unitPrice: Money;
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

/** Why a basket costs what it costs. */
export interface PriceReasons {
  /** The rates that counted. */
  taxRate: TaxRate | null;
  shippingRate: ShippingRate | null;
  /** What each promotion took off the lines and the shipping. */
  discounts: Adjustment[];
  coupons: CouponOutcome[];
  /** Every promotion that was considered. */
  explanation: Explanation[];
}

export interface PricedBasket {
  lines: PricedLine[];
  amounts: Amounts;
  reasons: PriceReasons;
}

/**
 * What a basket costs: for a quote and for a checkout alike, so that they cannot differ. Pure; the parts always sum to the
 * whole. Throws `mixed-currencies` and `amount-too-large`.
 */
export function priceBasket(basket: readonly BasketLine[], terms: PricingTerms): PricedBasket {
  const currency = basket[0]?.unitPrice.currency as string;
  if (basket.some(({ unitPrice }) => unitPrice.currency !== currency)) {
    throw refusal('mixed-currencies', 'order SKUs of one currency');
  }
  try {
    return priced(basket, currency, terms);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw refusal('amount-too-large', 'the total is beyond 2^53 - 1 minor units', {}, { cause: error });
  }
}

function priced(basket: readonly BasketLine[], currency: string, terms: PricingTerms): PricedBasket {
  const { taxRate, shippingRate } = terms;
  const none = Money.zero(currency);
  const sum = (parts: readonly Money[]) => parts.reduce((total, part) => total.plus(part), none);

  const bought = basket.map(({ unitPrice, quantity }) => unitPrice.times(quantity));
  const fullShipping = shippingRate ? shippingOf(shippingRate, sum(bought)) : none;
  sum([...bought, fullShipping]); // beyond what can be carried, before anything is taken off it
  const off = discountsOf(basket, fullShipping, terms);
  const shipping = fullShipping.minus(off.shipping);

  const gifts = off.gifts.map(({ sku, quantity }) => ({ sku, quantity, unitPrice: none }));
  const lines = [...basket, ...gifts].map(({ sku, quantity, unitPrice }, index) => {
    const price = bought[index] ?? none;
    const discount = off.lines[index]?.discount ?? none;
    return { lineNo: index + 1, sku, quantity, unitPrice, price, discount, net: price.minus(discount) };
  });

  const parts = lines.map(({ net }) => net);
  const taxes = taxOnParts(shippingRate?.isTaxed ? [...parts, shipping] : parts, currency, taxRate);
  const taxIncluded = taxRate?.included ?? false;
  const withTax = (amount: Money, tax: Money) => (taxIncluded ? amount : amount.plus(tax));

  const subtotal = sum(lines.map(({ price }) => price));
  const discount = sum(lines.map((line) => line.discount));
  const tax = sum(taxes);
  return {
    lines: lines.map(({ lineNo, sku, quantity, unitPrice, discount: ofLine, net }, index) => {
      const lineTax = taxes[index] as Money;
      return { lineNo, sku, quantity, unitPrice, discount: ofLine, tax: lineTax, total: withTax(net, lineTax) };
    }),
    amounts: {
      subtotal,
      discount,
      shipping,
      tax,
      taxIncluded,
      total: withTax(subtotal.minus(discount).plus(shipping), tax),
    },
    reasons: {
      taxRate,
      shippingRate,
      discounts: off.adjustments,
      coupons: off.coupons,
      explanation: off.explanation,
    },
  };
}

function discountsOf(basket: readonly BasketLine[], shipping: Money, { promotions, context }: PricingTerms) {
  if (promotions.length === 0 && context.coupons.length === 0) {
    return {
      lines: [],
      shipping: Money.zero(shipping.currency),
      gifts: [],
      adjustments: [],
      coupons: [],
      explanation: [],
    };
  }
  const lines = basket.map((line, index) => ({ ...line, lineNo: index + 1 }));
  return applyDiscounts({ lines, shipping }, promotions, context);
}
