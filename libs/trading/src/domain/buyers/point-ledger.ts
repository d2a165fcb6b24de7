import type { Id, Money } from '@tradewind/shared-kernel';
import type { OrderEntry, PointEntry } from './points';

/** What the points of an order follow from. */
export interface RewardedOrder {
  buyerId: Id<'buy'>;
  /** What was captured, whatever was given back of it since. */
  paid: Money;
  /** Refunds that have succeeded and not failed later. */
  refunds: { id: Id<'ref'>; amount: bigint }[];
  /** Its lines in the ledger, oldest first. */
  lines: OrderEntry[];
}

/** The append-only ledger of points. */
export abstract class PointLedger {
  /** Those of the orders that have a buyer, as they stand now. */
  abstract rewardedOrders(orderIds: readonly Id<'ord'>[]): Promise<ReadonlyMap<string, RewardedOrder>>;
  /** Adds lines in the current unit of work. The database refuses a second one for the same delivery or refund. */
  abstract add(entries: readonly PointEntry[], requestKey?: string): Promise<void>;
  /** The line that a request with this key made, however long ago. */
  abstract entryOfRequest(requestKey: string): Promise<PointEntry | undefined>;
  /** Newest first, one more than `limit`; lines of no points are left out. */
  abstract entries(buyerId: Id<'buy'>, limit: number, after?: Id<'pnt'>): Promise<PointEntry[]>;
}
