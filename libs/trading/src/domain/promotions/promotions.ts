import type { Id } from '@tradewind/shared-kernel';
import type { Promotion, PromotionState } from './promotion';

export interface PromotionQuestion {
  state?: PromotionState;
  limit: number;
  /** Only those after it. */
  after?: Id<'pro'>;
}

/** The promotions as they are stored. */
export abstract class Promotions {
  /** Those that count at this moment, by priority. They stay in memory until one of them changes: one cheap read. */
  abstract active(now: Date): Promise<readonly Promotion[]>;
  abstract find(id: Id<'pro'>): Promise<Promotion | undefined>;
  /** Newest first; one more than the limit when there are more. */
  abstract list(question: PromotionQuestion, now: Date): Promise<Promotion[]>;
  abstract add(promotion: Promotion): Promise<void>;
  /** Locks it and stores what `change` makes of it. Throws `unknown-promotion`. */
  abstract change(id: Id<'pro'>, change: (promotion: Promotion) => Promotion): Promise<Promotion>;
}
