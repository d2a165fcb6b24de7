import type { Id } from '@tradewind/shared-kernel';
import type { Buyer } from './buyer';

/** A buyer with the sum of the points ledger. */
export interface ScoredBuyer {
  buyer: Buyer;
  points: bigint;
}

/** What rules of discount and risk may ask of who buys. Also known of buyers that were never registered. */
export interface BuyerStanding {
  /** 0 for who is not registered. */
  level: number;
  /** Has placed an order before that was not cancelled. */
  hasOrdered: boolean;
  /** Has paid for an order before that was not cancelled. */
  hasPaid: boolean;
}

export abstract class Buyers {
  /** Throws `unknown-buyer`. */
  abstract find(id: Id<'buy'>): Promise<ScoredBuyer>;
  /** Newest first, one more than `limit`, after the last one seen. */
  abstract list(question: BuyerQuestion): Promise<ScoredBuyer[]>;
  /**
   * Locks the row, if there is one, and saves what `change` gives, in one unit of work. Throws `member-number-taken`.
   */
  abstract save(
    id: Id<'buy'>,
    change: (known: Buyer | undefined) => Buyer,
  ): Promise<{ created: boolean; buyer: ScoredBuyer }>;
  /** One statement for all of them; every id is in the answer. Sees what has committed and the current unit of work. */
  abstract standings(ids: readonly Id<'buy'>[]): Promise<ReadonlyMap<Id<'buy'>, BuyerStanding>>;
}

export interface BuyerQuestion {
  memberNumber?: bigint;
  limit: number;
  after?: { registeredAt: Date; id: Id<'buy'> };
}
