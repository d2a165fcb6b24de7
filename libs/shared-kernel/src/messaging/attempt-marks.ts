import type { Attempt, EventPlace } from './lanes';
import type { DurableSubscription } from './subscription';

/**
 * What must be known even when the transaction it is about never commits: that a batch was begun, that an attempt at an
 * event was made. Written beside that transaction before the handler runs; a process that dies leaves the mark behind.
 */
export abstract class AttemptMarks {
  /** A batch that ends at this position is about to be handled. */
  abstract batchBegun(subscription: string, lane: number, position: bigint): Promise<void>;

  /**
   * An event is about to be handled by itself for the first time. The mark is provisional: nobody tries again because of it
   * until the cursor has passed its event, so that one that is written late, by a process that lost the lane meanwhile, does
   * no harm.
   */
  abstract firstAttempted(subscription: string, event: EventPlace): Promise<void>;

  /** An event that is set aside is about to be handled again. */
  abstract attempted(subscription: string, event: EventPlace, attempt: Attempt): Promise<void>;

  /** Why the last attempt at an event failed. */
  abstract failed(subscription: string, lane: number, position: bigint, error: unknown): Promise<void>;

  /**
   * Moves cursors past events that their subscriptions do not take, in all lanes at once. Lanes that are being worked on
   * are left alone; the way ends before a hole, which the delivery has to meet and report, and before what another version
   * of the subscription takes. True when a cursor went as far as it may at once: there may be more.
   */
  abstract stepOver(subscriptions: readonly DurableSubscription[]): Promise<boolean>;
}
