import { Injectable } from '@nestjs/common';
import { Clock, type Id } from '@tradewind/shared-kernel';
import type { Order } from '../../domain/orders/order';
import type { ReviewDecider } from '../../domain/orders/order-verdicts';
import { Orders } from '../../domain/orders/orders';
import { type Review, RiskReviewTable } from '../../domain/risk/risk-rows';
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
  decide(orderId: Id<'ord'>, decision: 'approved' | 'rejected', comment: string): Promise<Review> {
    return this.#change(orderId, (order, review) => {
      const taken = review.decision;
      if (taken === decision) return review;
      if (taken) throw refusal('risk-review-decided', `the review was ${taken}`, { decision: taken });
      return this.#end(order, review, decision, 'reviewer', comment);
    });
  }

  /** Goes by the default, unless somebody came first. */
  decideOverdue(orderId: Id<'ord'>): Promise<Review> {
    return this.#change(orderId, (order, review) =>
      review.decision ? review : this.#end(order, review, this.settings.reviewDefault, 'deadline', null),
    );
  }

  #change(orderId: Id<'ord'>, change: (order: Order, review: Review) => Review | Promise<Review>): Promise<Review> {
    return this.orders.change(orderId, async (order) => {
      const review = await this.reviews.find(orderId);
      if (!review) throw refusal('unknown-risk-review', `order ${orderId} never waited for a review`);
      return change(order, review);
    });
  }

  async #end(
    order: Order,
    review: Review,
    decision: 'approved' | 'rejected',
    decidedBy: ReviewDecider,
    comment: string | null,
  ): Promise<Review> {
    const now = this.clock.now();
    if (decision === 'approved') order.approveReview(decidedBy, now, this.settings.holdMs);
    else {
      order.rejectReview(decidedBy, now);
      await this.money.giveBack(order, 'the order was declined');
    }
    const decided: Review = { ...review, decision, decidedAt: now, decidedBy, comment };
    await this.reviews.decide(decided);
    return decided;
  }
}
