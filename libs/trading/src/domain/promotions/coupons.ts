import type { Id } from '@tradewind/shared-kernel';
import type { Coupon, CouponBook, CouponUse } from './coupon';

export interface CouponQuestion {
  promotionId?: Id<'pro'>;
  limit: number;
  /** Only codes after it. */
  after?: string;
}

/** The coupons as they are stored; codes in capitals. */
export abstract class Coupons {
  abstract find(code: string): Promise<Coupon | undefined>;
  /** By code; one more than the limit when there are more. */
  abstract list(question: CouponQuestion): Promise<Coupon[]>;
  /** Throws `coupon-exists`. */
  abstract add(coupon: Coupon): Promise<void>;
  /**
   * Those of these codes that exist, for orders of these buyers; `locked` until the unit of work ends, in ascending order.
   * Asks nothing of the database where there are no codes.
   */
  abstract open(codes: readonly string[], buyers: readonly Id<'buy'>[], how: 'locked' | 'read'): Promise<CouponBook>;
  /** Counts the uses of locked coupons, in one statement that nothing has to wait for. */
  abstract redeem(uses: readonly CouponUse[], now: Date): Promise<unknown>;
  /** Gives back what cancelled orders have used; again for the same order gives nothing. */
  abstract giveBack(cancelled: readonly { id: Id<'ord'>; at: Date }[]): Promise<unknown>;
}
