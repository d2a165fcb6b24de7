import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '@tradewind/shared-kernel';
import { PeriodicWorker, Workers } from '@tradewind/shared-kernel/messaging';
import { RiskReviewTable } from '../../domain/risk/risk-rows';
import { TradingSettings } from '../trading-settings';
import { DecideReviews } from './decide-reviews';

const BATCH = 50;

/** Decides reviews whose deadline has passed, by the default. */
@Injectable()
export class DecideOverdueReviews extends PeriodicWorker {
  readonly name = 'trading.decide-overdue-reviews';
  readonly #logger = new Logger(DecideOverdueReviews.name);

  constructor(
    private readonly reviews: RiskReviewTable,
    private readonly decisions: DecideReviews,
    private readonly clock: Clock,
    private readonly settings: TradingSettings,
    workers: Workers,
  ) {
    super();
    workers.add(this);
  }

  protected get everyMs(): number {
    return this.settings.expireEveryMs;
  }

  protected async round(): Promise<void> {
    for (let after: { deadline: Date; orderId: `ord_${string}` } | undefined; !this.isStopped;) {
      const pending = await this.reviews.pending(BATCH, after);
      const overdue = pending.filter(({ deadline }) => deadline <= this.clock.now());
      for (const { orderId } of overdue) {
        if (this.isStopped) return;
        // Each by itself: one that cannot be decided keeps no other from it.
        await this.decisions.decideOverdue(orderId).catch((error: unknown) => {
          this.#logger.error({
            msg: 'an overdue review could not be decided and will be tried again',
            orderId,
            err: error,
          });
        });
      }
      after = overdue.at(-1);
      if (overdue.length < BATCH) return;
    }
  }
}
