import { Injectable, Logger } from '@nestjs/common';
import type { ContractEvent, ContractEventClass, Delivered } from '../core/contract-event';
import { crashPoint } from '../core/crash-points';
import { idOf } from '../core/ids';
import { withJitter } from '../core/jitter';
import { type RequestContext, runInContext } from '../observability/request-context';
import { isUnavailable } from '../persistence/postgres-errors';
import { AttemptMarks } from './attempt-marks';
import { type Attempt, type ClaimedLane, Lanes, type StoredEvent } from './lanes';
import { MessagingOptions } from './messaging-options';
import { deliveryFailures, eventsDelivered, lanesWithHoles } from './metrics';
import type { DurableSubscription } from './subscription';

/** Read to deliver one of them: a whole batch, read again for each of its events, would cost far more than the events. */
const READ_FOR_ONE = 10;

/** `more`: call again at once; `done`: nothing left for now; `taken`: another process works on this lane. */
export type Progress = 'more' | 'done' | 'taken';

/**
 * Brings one lane's next events to one subscription. The cursor row is locked for the whole transaction, which holds the
 * handler's effect and the cursor's move: both happen or neither does, and no two processes work on one lane.
 *
 * A batch runs as one transaction. When it fails, or its process dies, the mark of the begun batch stays beyond the cursor,
 * and the same events are then delivered one by one: each attempt is recorded before the handler runs, so the event at
 * fault is found, set aside with the later events of its aggregate, retried with backoff and at last parked, while
 * everything else flows on.
 */
@Injectable()
export class LaneDelivery {
  readonly #logger = new Logger('EventLog');
  readonly #turns = new Turns();

  constructor(
    private readonly lanes: Lanes,
    private readonly marks: AttemptMarks,
    private readonly options: MessagingOptions,
  ) {}

  /** Delivers the lane's next batch. */
  async next(subscription: DurableSubscription, lane: number): Promise<Progress> {
    let attempted: StoredEvent[] = [];
    let endTurn = (): void => undefined;
    crashPoint('delivery.before-claim');
    try {
      return await this.lanes.claim(subscription, lane, async (claimed) => {
        const careful = claimed.begun > claimed.position;
        const limit = careful ? Math.min(READ_FOR_ONE, this.options.batchSize) : this.options.batchSize;
        const events = upToElsewhere(await this.#read(subscription, claimed, claimed.position, limit));
        if (events.length === 0) return 'done';
        crashPoint('delivery.after-claim');
        const until = careful ? firstTaken(events) : events.length;
        const slice = events.slice(0, until);
        const last = slice.at(-1)?.position ?? claimed.position;
        const due = await this.#setAside(claimed, slice.filter(isTaken));
        if (due.length > 0) {
          attempted = due;
          if (careful) {
            endTurn = await this.#turns.next();
            await this.marks.firstAttempted(subscription.name, due[0] as StoredEvent);
          } else await this.marks.batchBegun(subscription.name, lane, last);
          await this.#handle(subscription, due);
          if (careful) await claimed.forget(due[0] as StoredEvent);
        }
        await claimed.moveTo(last);
        return slice.length < events.length || events.length === limit ? 'more' : 'done';
      });
    } catch (error) {
      if (attempted.length === 0) throw error;
      await this.#report(subscription, attempted, error);
      return 'more';
    } finally {
      endTurn();
    }
  }

  /** Tries again what failed before and is due, oldest first. */
  async retry(subscription: DurableSubscription, lane: number): Promise<Progress> {
    let attempted: StoredEvent | undefined;
    let endTurn = (): void => undefined;
    try {
      return await this.lanes.claim(subscription, lane, async (claimed) => {
        await claimed.dropLateMarks();
        const due = await claimed.firstDue();
        if (!due) return 'done';
        const [event] = await this.#read(subscription, claimed, due.position - 1n, 1);
        if (!event) throw new Error(`event ${lane}/${due.position} is gone`);
        attempted = event;
        endTurn = await this.#turns.next();
        await this.marks.attempted(subscription.name, event, this.#attempt(due.attempts + 1));
        await this.#handle(subscription, [event]);
        await claimed.forget(event);
        return 'more';
      });
    } catch (error) {
      if (!attempted) throw error;
      await this.#report(subscription, [attempted], error);
      return 'more';
    } finally {
      endTurn();
    }
  }

  /** The lane's next events; a hole among them stops it, loudly. */
  async #read({ name }: DurableSubscription, lane: ClaimedLane, after: bigint, limit: number): Promise<StoredEvent[]> {
    const events = await lane.read(after, limit);
    events.forEach((event, index) => {
      if (event.position !== after + BigInt(index + 1)) {
        lanesWithHoles.inc({ subscription: name });
        throw new Error(
          `lane ${event.lane} has a hole before position ${event.position}: events were removed undelivered`,
        );
      }
    });
    return events;
  }

  /**
   * Sets aside what was attempted before without success, and behind it the later events of its aggregate; the cursor passes
   * them in this transaction. Returns the others.
   */
  async #setAside(lane: ClaimedLane, events: StoredEvent[]): Promise<StoredEvent[]> {
    if (events.length === 0) return events;
    const parked = await lane.setAsideOf([...new Set(events.map((event) => event.aggregateId))]);
    if (parked.length === 0) return events;
    for (const { isProvisional, position } of parked) {
      if (isProvisional) await lane.settleMark(position, this.#attempt(1));
    }
    const waiting = new Set(parked.map((row) => row.aggregateId));
    const known = new Set(parked.map((row) => row.position));
    const behind = events.filter((event) => waiting.has(event.aggregateId) && !known.has(event.position));
    if (behind.length > 0) await lane.setBehind(behind);
    return events.filter((event) => !waiting.has(event.aggregateId));
  }

  /** An attempt is counted before it is made; the last one allowed leaves the event parked unless it succeeds. */
  #attempt(number: number): Attempt {
    const { maxAttempts, backoffMs, maxBackoffMs } = this.options;
    const status = number >= maxAttempts ? 'parked' : 'retrying';
    return { number, status, dueInMs: withJitter(Math.min(backoffMs * 2 ** (number - 1), maxBackoffMs)) };
  }

  async #handle({ name, handler, events: classes }: DurableSubscription, stored: StoredEvent[]): Promise<void> {
    crashPoint('delivery.before-handler');
    const events = stored.map((event) => rehydrate(classes.get(event.type) as ContractEventClass, event));
    if ('handleBatch' in handler) {
      await runInContext({ requestId: null, actor: `subscription:${name}`, causationId: null }, () =>
        handler.handleBatch(events),
      );
    } else {
      for (const event of events) await runInContext(contextOf(event, name), () => handler.handle(event));
    }
    crashPoint('delivery.after-handler');
    eventsDelivered.inc({ subscription: name }, events.length);
  }

  async #report({ name }: DurableSubscription, attempted: StoredEvent[], error: unknown): Promise<void> {
    deliveryFailures.inc({ subscription: name });
    const [first] = attempted as [StoredEvent];
    if (attempted.length === 1 && !isUnavailable(error)) {
      await this.marks.failed(name, first.lane, first.position, error).catch(() => undefined);
    }
    this.#logger.warn({
      msg: attempted.length === 1 ? 'an event failed' : 'a batch of events failed; they follow one by one',
      subscription: name,
      lane: first.lane,
      position: Number(first.position),
      type: first.type,
      aggregateId: first.aggregateId,
      events: attempted.length,
      err: error,
    });
    if (isUnavailable(error)) throw error;
  }
}

/** Events under suspicion run one at a time in a process: should one kill it, no other is counted with it. */
class Turns {
  #last: Promise<void> = Promise.resolve();

  async next(): Promise<() => void> {
    const before = this.#last;
    let end = (): void => undefined;
    this.#last = new Promise((resolve) => (end = resolve));
    await before;
    return end;
  }
}

const isTaken = (event: StoredEvent): boolean => event.payload !== null;

function upToElsewhere(events: StoredEvent[]): StoredEvent[] {
  const index = events.findIndex((event) => event.elsewhere);
  return index === -1 ? events : events.slice(0, index);
}

/** How many leading events hold exactly one that the subscription takes. */
function firstTaken(events: StoredEvent[]): number {
  const index = events.findIndex(isTaken);
  return index === -1 ? events.length : index + 1;
}

function rehydrate(type: ContractEventClass, stored: StoredEvent): Delivered<ContractEvent> {
  const event = new type(stored.payload as never);
  event.aggregateVersion = stored.version;
  return Object.assign(event, {
    meta: {
      id: idOf('evt', stored.id),
      aggregateVersion: stored.version,
      occurredAt: stored.occurredAt,
      correlationId: stored.correlationId,
      causationId: stored.causationId && idOf('evt', stored.causationId),
      requestId: stored.requestId,
      actor: stored.actor,
      trace: stored.trace,
    },
  });
}

/** What a handler publishes or logs names the event as its cause and the request that began it all. */
export function contextOf(event: Delivered<ContractEvent>, subscription: string): RequestContext {
  const { id, requestId, trace } = event.meta;
  return { requestId, actor: `subscription:${subscription}`, causationId: id, trace };
}
