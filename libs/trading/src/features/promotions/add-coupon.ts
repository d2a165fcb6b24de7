import { Injectable } from '@nestjs/common';
import type { Coupon } from '../../domain/promotions/coupon';
import { Coupons } from '../../domain/promotions/coupons';
import { needsCoupon } from '../../domain/promotions/promotion';
import { Promotions } from '../../domain/promotions/promotions';
import { refusal } from '../../domain/refusals';

/** Adds a coupon to a promotion that it can open. */
@Injectable()
export class AddCoupon {
  constructor(
    private readonly promotions: Promotions,
    private readonly coupons: Coupons,
  ) {}

  /** Throws `unknown-promotion`, `promotion-stopped`, `promotion-takes-no-coupon`, `coupon-exists`. */
  async add(coupon: Coupon): Promise<void> {
    const promotion = await this.promotions.find(coupon.promotionId);
    if (!promotion) throw refusal('unknown-promotion', `no promotion ${coupon.promotionId}`);
    if (promotion.stoppedAt) throw refusal('promotion-stopped', `${promotion.id} was stopped`);
    if (!needsCoupon(promotion)) {
      throw refusal('promotion-takes-no-coupon', 'give the promotion the condition `coupon` first');
    }
    await this.coupons.add(coupon);
  }
}
