import type { DurableSubscription } from './subscription';

/** Most events of one lane that are stepped over, or searched for one to deliver, at once. */
export const STEP = 1000;

export interface StoredEvent {
  lane: number;
  position: bigint;
  id: string;
  type: string;
  aggregateId: string;
  version: number;
  /** Null when the subscription does not take this type in this process. */
  payload: Record<string, unknown> | null;
  /** The subscription takes this type in processes of another version only: the cursor waits for one of them. */
  elsewhere: boolean;
  causationId: string | null;
  correlationId: string;
  requestId: string | null;
  actor: string;
  trace: string | null;
  occurredAt: Date;
}

/** What of one event is needed to set it aside. */
export type EventPlace = Pick<StoredEvent, 'lane' | 'position' | 'aggregateId' | 'type'>;

/** One attempt at one event: how many there were with it, and what is to come should this one not succeed. */
export interface Attempt {
  number: number;
  /** `retrying`: due again after `dueInMs`; `parked`: it was the last. */
  status: 'retrying' | 'parked';
  dueInMs: number;
}

export interface SetAside {
  aggregateId: string;
  position: bigint;
  isProvisional: boolean;
}

/** A lane of a subscription that may have something to do. */
export interface LaneBehind {
  subscription: string;
  lane: number;
  /** A failed event is due again. */
  retry: boolean;
}

/** How far each subscription is in each lane of the log, and what it had to set aside on its way. */
export abstract class Lanes {
  /**
   * Runs `work` in one transaction that holds the lane for this subscription: what `work` changes and how far the lane moves
   * are committed together. `taken` when another transaction holds it.
   */
  abstract claim<T>(
    subscription: DurableSubscription,
    lane: number,
    work: (lane: ClaimedLane) => Promise<T>,
  ): Promise<T | 'taken'>;

  /** Every lane where there is an event for one of these subscriptions, or a hole to be found. */
  abstract behind(subscriptions: readonly DurableSubscription[]): Promise<LaneBehind[]>;

  /** Gives a new subscription its cursors, before the first event that is kept; those of a known one stay where they are. */
  abstract open(subscription: DurableSubscription): Promise<void>;

  /** Adds to the types that any version of this subscription takes; returns all of them. */
  abstract recordTypes(subscription: DurableSubscription): Promise<string[]>;
}

/** A lane as the transaction that holds it sees and changes it. */
export interface ClaimedLane {
  /** Position of the last event that was passed. */
  readonly position: bigint;
  /** End of the batch that was begun last; beyond `position` when that batch did not succeed. */
  readonly begun: bigint;
  /** Events of every type after a position, in order, so that a hole would be seen. */
  read(after: bigint, limit: number): Promise<StoredEvent[]>;
  moveTo(position: bigint): Promise<void>;
  /** Which events of these aggregates are set aside, or are ahead with the provisional mark of a first attempt. */
  setAsideOf(aggregateIds: string[]): Promise<SetAside[]>;
  /** The first attempt did not succeed: its event is set aside and tried again as `next` says. */
  settleMark(position: bigint, next: Attempt): Promise<void>;
  /** Forgets provisional marks of what the cursor has passed: they came late, another process has handled the event. */
  dropLateMarks(): Promise<void>;
  /** Sets events aside until the earlier one of their aggregate has succeeded. */
  setBehind(events: EventPlace[]): Promise<void>;
  /** The first failed event that is due again, with its attempts so far. */
  firstDue(): Promise<{ position: bigint; attempts: number } | undefined>;
  /** The event succeeded: it is set aside no longer, and the next of its aggregate that waited behind it is due now. */
  forget(event: EventPlace): Promise<void>;
}
