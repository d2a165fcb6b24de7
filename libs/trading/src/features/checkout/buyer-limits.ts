import { Injectable } from '@nestjs/common';
import type { Id } from '@tradewind/shared-kernel';
import { RateLimits } from '@tradewind/shared-kernel/http';
import { TradingSettings } from '../trading-settings';

/** How often one buyer may try. Both throw `rate-limited`; a request that names no buyer has no such limit. */
@Injectable()
export class BuyerLimits {
  constructor(
    private readonly limits: RateLimits,
    private readonly settings: TradingSettings,
  ) {}

  checkOut(buyerId: Id<'buy'> | null): Promise<void> {
    return this.#spend('buyer-checkouts', this.settings.buyerCheckoutsPerMinute, buyerId);
  }

  /** Before coupon codes are looked up, known or not: so that nobody finds out codes by trying. */
  tryCoupons(buyerId: Id<'buy'> | null): Promise<void> {
    return this.#spend('buyer-coupons', this.settings.buyerCouponsPerMinute, buyerId);
  }

  async #spend(name: string, perMinute: number, buyerId: Id<'buy'> | null): Promise<void> {
    if (buyerId !== null && perMinute > 0) await this.limits.spend({ name, perMinute }, buyerId);
  }
}
