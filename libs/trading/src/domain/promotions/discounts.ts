import type { Id, Money } from '@tradewind/shared-kernel';

export interface BasketLine {
  lineNo: number;
  sku: string;
  category: string | null;
  quantity: number;
  unitPrice: Money;
}

/** What is bought, at prices of one currency, with what its shipping would cost. */
export interface Basket {
  lines: readonly BasketLine[];
  shipping: Money;
}

/** A coupon that the buyer presents, with the promotion that it opens. */
export interface PresentedCoupon {
  code: string;
  promotionId: Id<'pro'>;
}

export interface DiscountContext {
  /** Null when nobody knows who buys. */
  buyer: { id: Id<'buy'>; level: number; isFirstOrder: boolean } | null;
  coupons: readonly PresentedCoupon[];
  now: Date;
  channel: string | null;
  region: string | null;
  /** Units of a SKU that nobody holds: gifts are given while there are some beside what is bought. */
  available: (sku: string) => bigint;
}

export type ReasonCode =
  | 'applied'
  | 'capped'
  | 'stopped'
  | 'not-started'
  | 'ended'
  | 'other-currency'
  | 'minimum-amount-not-reached'
  | 'minimum-quantity-not-reached'
  | 'goods-not-in-basket'
  | 'buyer-unknown'
  | 'buyer-level-too-low'
  | 'not-first-order'
  | 'coupon-missing'
  | 'other-channel'
  | 'other-region'
  | 'stacking-group-taken'
  | 'exclusive-applied'
  | 'others-applied'
  | 'nothing-to-discount'
  | 'gift-not-available'
  | 'promotion-not-active'
  | 'coupon-not-needed'
  | 'another-coupon-used';

/** A code to branch on, with a sentence for people. */
export interface Reason {
  code: ReasonCode;
  text: string;
}

/**
 * Whether one promotion applied, and why: for one that did not, everything that stood in its way, or just that its coupon is
 * missing.
 */
export interface Explanation {
  promotionId: Id<'pro'>;
  version: number;
  name: string;
  applied: boolean;
  reasons: Reason[];
}

/** What one promotion took off: `amount` is the sum of its lines and its shipping. */
export interface Adjustment {
  promotionId: Id<'pro'>;
  version: number;
  name: string;
  /** The coupon it used up. */
  coupon: string | null;
  /** Lines that it changed. */
  lines: { lineNo: number; amount: Money }[];
  shipping: Money;
  amount: Money;
}

export interface Gift {
  promotionId: Id<'pro'>;
  sku: string;
  quantity: number;
}

/** What became of a presented coupon; one that was not used is not counted. */
export interface CouponOutcome extends PresentedCoupon {
  used: boolean;
  reasons: Reason[];
}

/** A line's discount is between nothing and its whole price; shipping's too. Adjustments sum to them. */
export interface Discounts {
  /** Every line of the basket, in its order. */
  lines: { lineNo: number; discount: Money }[];
  shipping: Money;
  gifts: Gift[];
  /** In the order in which they were made. */
  adjustments: Adjustment[];
  /** Every promotion that was considered, in the order in which it was. */
  explanation: Explanation[];
  coupons: CouponOutcome[];
}
