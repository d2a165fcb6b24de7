import type { Id } from '@tradewind/shared-kernel';
import { refusal } from '../refusals';
import { because } from './conditions';
import type { CouponOutcome, PresentedCoupon } from './discounts';

/** Opens a promotion for who presents its code, so many times. */
export interface Coupon extends PresentedCoupon {
  /** Orders that may use it altogether, and for each buyer; null is without limit. */
  totalLimit: number | null;
  perBuyerLimit: number | null;
  /** Orders that use it and were not cancelled. */
  used: number;
}

/** One order's use of a coupon. */
export interface CouponUse {
  code: string;
  orderId: Id<'ord'>;
  buyerId: Id<'buy'> | null;
  perBuyerLimit: number | null;
}

/** Codes are stored in capitals: whether a buyer types `spring` or `SPRING` makes no difference. */
export const couponCode = (typed: string): string => typed.replaceAll(/[a-z]/g, (letter) => letter.toUpperCase());

/** The codes that a buyer typed, each once. */
export const couponCodes = (typed: readonly string[]): string[] => [...new Set(typed.map(couponCode))];

/** Refuses an order to which one of its coupons makes no difference: `coupon-not-applicable`, with the reasons. */
export function refuseIdle(outcomes: readonly Pick<CouponOutcome, 'code' | 'used' | 'reasons'>[]): void {
  const idle = outcomes.filter(({ used }) => !used).map(({ code, reasons }) => ({ code, reasons }));
  if (idle.length === 0) return;
  const names = idle.map(({ code }) => code);
  throw refusal('coupon-not-applicable', `makes no difference: ${names.join(', ')}`, { coupons: idle });
}

const buyerKey = (code: string, buyerId: Id<'buy'>): string => `${code} ${buyerId}`;

/** The coupons of a batch, each locked: what one order uses is seen by the next one. */
export class CouponBook {
  readonly #coupons: ReadonlyMap<string, Coupon>;
  readonly #used: Map<string, number>;
  readonly #uses: CouponUse[] = [];

  /** `usedBy`: uses of single buyers, for coupons that limit them. */
  constructor(
    coupons: readonly Coupon[] = [],
    usedBy: readonly { code: string; buyerId: Id<'buy'>; used: number }[] = [],
  ) {
    this.#coupons = new Map(coupons.map((coupon) => [coupon.code, coupon]));
    this.#used = new Map([
      ...coupons.map(({ code, used }): [string, number] => [code, used]),
      ...usedBy.map(({ code, buyerId, used }): [string, number] => [buyerKey(code, buyerId), used]),
    ]);
  }

  /** The coupons behind what a buyer typed. Throws `unknown-coupon`. */
  presented(typed: readonly string[]): PresentedCoupon[] {
    if (typed.length === 0) return [];
    const codes = couponCodes(typed);
    const unknown = codes.filter((code) => !this.#coupons.has(code));
    if (unknown.length > 0) {
      throw refusal('unknown-coupon', `not known: ${unknown.join(', ')}`, { coupons: unknown });
    }
    return codes.map((code) => ({ code, promotionId: this.#coupon(code).promotionId }));
  }

  /**
   * Refuses a buyer whose order would use one of these coupons more often than it may be (`coupon-exhausted`), and one whom
   * nobody knows where uses count for each buyer (`coupon-not-applicable`).
   */
  check(codes: readonly string[], buyerId: Id<'buy'> | null): void {
    if (codes.length === 0) return;
    if (buyerId === null) {
      const reasons = [because('buyer-unknown', 'counts for each buyer, and nobody knows who buys')];
      const forKnown = codes.filter((code) => this.#coupon(code).perBuyerLimit !== null);
      refuseIdle(forKnown.map((code) => ({ code, reasons, used: false })));
    }
    const exhausted = codes.flatMap((code) => {
      const { totalLimit, perBuyerLimit } = this.#coupon(code);
      if (this.#usedOf(code) >= (totalLimit ?? Infinity)) return [{ code, limit: 'total' }];
      const ofBuyer = buyerId === null ? 0 : this.#usedOf(buyerKey(code, buyerId));
      return ofBuyer >= (perBuyerLimit ?? Infinity) ? [{ code, limit: 'per-buyer' }] : [];
    });
    if (exhausted.length > 0) {
      const names = exhausted.map(({ code }) => code);
      throw refusal('coupon-exhausted', `used as often as allowed: ${names.join(', ')}`, { coupons: exhausted });
    }
  }

  /** Counts the coupons of an order that is placed. */
  use(codes: readonly string[], order: { id: Id<'ord'>; buyerId: Id<'buy'> | null }): void {
    for (const code of codes) {
      const { perBuyerLimit } = this.#coupon(code);
      this.#uses.push({ code, orderId: order.id, buyerId: order.buyerId, perBuyerLimit });
      this.#used.set(code, this.#usedOf(code) + 1);
      if (order.buyerId === null) continue;
      const key = buyerKey(code, order.buyerId);
      this.#used.set(key, this.#usedOf(key) + 1);
    }
  }

  /** Uses counted since it was opened. */
  get uses(): readonly CouponUse[] {
    return this.#uses;
  }

  #coupon(code: string): Coupon {
    return this.#coupons.get(code) as Coupon;
  }

  #usedOf(key: string): number {
    return this.#used.get(key) ?? 0;
  }
}
