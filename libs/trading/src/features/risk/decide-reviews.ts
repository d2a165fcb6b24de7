import { Injectable } from '@nestjs/common';
import { Clock, type Id } from '@tradewind/shared-kernel';
import type { Order } from '../../domain/orders/order';
import type { ReviewDecider } from '../../domain/orders/order-verdicts';
import { Orders } from '../../domain/orders/orders';
import { type Review, type ReviewDecision, RiskReviewTable } from '../../domain/risk/risk-rows';
import { refusal } from '../../domain/refusals';
import { GiveMoneyBack } from '../payments/give-money-back';
import { TradingSettings } from '../trading-settings';

/** Ends the wait of an order for its review. Whoever comes first decides: the order's lock is the queue's. */
@Injectable()
export class DecideReviews {
  constructor(
    private readonly orders: Orders,
    private readonly reviews: RiskReviewTable,
    private readonly money: GiveMoneyBack,
    private readonly clock: Clock,
    private readonly settings: TradingSettings,
  ) {}

  /**
   * A repeat of the decision that was taken changes nothing. Throws `unknown-risk-review`, and `risk-review-decided` when
   * another decision was taken or the order has been cancelled.
   */
  decide(
    orderId: Id<'ord'>,
    decision: 'approved' | 'rejected',
    comment: string | null,
    by: ReviewDecider = 'reviewer',
  ): Promise<Review> {
    return this.orders.change(orderId, async (order) => {
      const review = await this.reviews.find(orderId);
      if (!review) throw refusal('unknown-risk-review', `order ${orderId} never waited for a review`);
      if (review.decision === decision) return review;
      const taken = review.decision ?? (order.state.review ? null : 'closed');
      if (taken) throw refusal('risk-review-decided', `the review was ${taken}`, { decision: taken });
      if (decision === 'approved') order.approveReview(by, this.clock.now(), this.settings.holdMs);
      else await this.#reject(order, by);
      return this.#keep(review, decision, by, comment);
    });
  }

  /** Goes by the default; an order that was cancelled meanwhile leaves the queue. */
  decideOverdue(orderId: Id<'ord'>): Promise<Review> {
    return this.orders.change(orderId, async (order) => {
      const review = await this.reviews.find(orderId);
      if (!review) throw refusal('unknown-risk-review', `order ${orderId} never waited for a review`);
      if (review.decision) return review;
      if (order.state.review === null) return this.#keep(review, 'closed', 'deadline', null);
      return this.decide(orderId, this.settings.reviewDefault, null, 'deadline');
    });
  }

  async #reject(order: Order, by: ReviewDecider): Promise<void> {
    order.rejectReview(by, this.clock.now());
    await this.money.giveBack(order, 'the order was declined');
  }

  async #keep(review: Review, decision: ReviewDecision, decidedBy: ReviewDecider, comment: string | null) {
    const decided = { ...review, decision, decidedAt: this.clock.now(), decidedBy, comment };
    await this.reviews.decide(decided);
    return decided;
  }
}
