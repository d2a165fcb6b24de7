import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '@tradewind/shared-kernel';
import { type Worker, Workers } from '@tradewind/shared-kernel/messaging';
import { runInContext } from '@tradewind/shared-kernel/observability';
import { RiskReviewTable } from '../../domain/risk/risk-rows';
import { TradingSettings } from '../trading-settings';
import { DecideReviews } from './decide-reviews';

const BATCH = 50;

/** Decides reviews whose deadline has passed, by the default. */
@Injectable()
export class DecideOverdueReviews implements Worker {
  readonly name = 'trading.decide-overdue-reviews';
  readonly #logger = new Logger(DecideOverdueReviews.name);
  #timer: NodeJS.Timeout | undefined;
  #stopped = true;
  #round: Promise<void> = Promise.resolve();

  constructor(
    private readonly reviews: RiskReviewTable,
    private readonly decisions: DecideReviews,
    private readonly clock: Clock,
    private readonly settings: TradingSettings,
    workers: Workers,
  ) {
    workers.add(this);
  }

  start(): void {
    this.#stopped = false;
    this.#round = this.#sweep();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  async #sweep(): Promise<void> {
    try {
      await runInContext({ requestId: null, actor: `worker:${this.name}`, causationId: null }, () => this.#decideAll());
    } catch (error) {
      this.#logger.warn({ msg: 'looking for overdue reviews failed and will be tried again', err: error });
    }
    if (!this.#stopped) {
      this.#timer = setTimeout(() => {
        this.#round = this.#sweep();
      }, this.settings.expireEveryMs);
    }
  }

  async #decideAll(): Promise<void> {
    for (let after: { deadline: Date; orderId: `ord_${string}` } | undefined; !this.#stopped;) {
      const pending = await this.reviews.pending(BATCH, after);
      const overdue = pending.filter(({ deadline }) => deadline <= this.clock.now());
      for (const { orderId } of overdue) {
        if (this.#stopped) return;
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
