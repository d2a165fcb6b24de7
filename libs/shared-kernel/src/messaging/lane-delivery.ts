import { Injectable, Logger } from '@nestjs/common';
import type { ContractEvent, ContractEventClass, Delivered } from '../core/contract-event';
import { crashPoint } from '../core/crash-points';
import { idOf } from '../core/ids';
import { type RequestContext, runInContext } from '../observability/request-context';
import { UnitOfWork } from '../persistence/unit-of-work';
import { isUnavailable } from '../persistence/postgres-errors';
import { AttemptMarks } from './attempt-marks';
import { MessagingOptions } from './messaging-options';
import { deliveryFailures, eventsDelivered, lanesWithHoles } from './metrics';
import type { DurableSubscription } from './subscription';

interface StoredEvent {
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
    private readonly unitOfWork: UnitOfWork,
    private readonly marks: AttemptMarks,
    private readonly options: MessagingOptions,
  ) {}

  /** Delivers the lane's next batch. */
  async next(subscription: DurableSubscription, lane: number): Promise<Progress> {
    let attempted: StoredEvent[] = [];
    let endTurn = (): void => undefined;
    crashPoint('delivery.before-claim');
    try {
      return await this.unitOfWork.runOnce(async () => {
        attempted = [];
        const cursor = await this.#lock(subscription.name, lane);
        if (!cursor) return 'taken';
        const careful = cursor.begun > cursor.position;
        const events = upToElsewhere(await this.#read(subscription, lane, cursor.position));
        if (events.length === 0) return 'done';
        crashPoint('delivery.after-claim');
        const until = careful ? firstTaken(events) : events.length;
        const slice = events.slice(0, until);
        const last = slice.at(-1)?.position ?? cursor.position;
        const due = await this.#setAsideBehindParked(subscription.name, lane, slice.filter(isTaken));
        if (due.length > 0) {
          attempted = due;
          if (careful) {
            endTurn = await this.#turns.next();
            await this.marks.attempted(subscription.name, due[0] as StoredEvent, 1);
          } else await this.marks.batchBegun(subscription.name, lane, last);
          await this.#handle(subscription, due);
          if (careful) await this.#forget(subscription.name, due[0] as StoredEvent);
        }
        await this.unitOfWork.query(
          'UPDATE messaging.subscription_cursor SET position = $3 WHERE subscription = $1 AND lane = $2',
          [subscription.name, lane, last],
        );
        return slice.length < events.length || events.length === this.options.batchSize ? 'more' : 'done';
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
      return await this.unitOfWork.runOnce(async () => {
        attempted = undefined;
        if (!(await this.#lock(subscription.name, lane))) return 'taken';
        const [parked] = await this.unitOfWork.query<{ position: bigint; attempts: number }>(
          `SELECT position, attempts FROM messaging.parked_event
            WHERE subscription = $1 AND lane = $2 AND status = 'retrying' AND due_at <= now() AND type = ANY($3::text[])
            ORDER BY position LIMIT 1`,
          [subscription.name, lane, [...subscription.events.keys()]],
        );
        if (!parked) return 'done';
        const [event] = await this.#read(subscription, lane, parked.position - 1n, 1);
        if (!event || event.position !== parked.position) throw new Error(`event ${lane}/${parked.position} is gone`);
        attempted = event;
        endTurn = await this.#turns.next();
        await this.marks.attempted(subscription.name, event, parked.attempts + 1);
        await this.#handle(subscription, [event]);
        await this.#forget(subscription.name, event);
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

  async #lock(subscription: string, lane: number): Promise<{ position: bigint; begun: bigint } | undefined> {
    const [cursor] = await this.unitOfWork.query<{ position: bigint; begun: bigint }>(
      `SELECT c.position, b.position AS begun
         FROM messaging.subscription_cursor c JOIN messaging.batch_begun b USING (subscription, lane)
        WHERE c.subscription = $1 AND c.lane = $2 FOR UPDATE OF c SKIP LOCKED`,
      [subscription, lane],
    );
    return cursor;
  }

  /** The lane's next events of every type, so that a hole would be seen; payloads of the subscribed types only. */
  async #read(
    subscription: DurableSubscription,
    lane: number,
    position: bigint,
    limit = this.options.batchSize,
  ): Promise<StoredEvent[]> {
    const events = await this.unitOfWork.query<StoredEvent>(
      `SELECT lane, position, id, type, aggregate_id AS "aggregateId", aggregate_version AS version,
              CASE WHEN type = ANY($3::text[]) THEN payload END AS payload,
              type <> ALL($3::text[])
                AND type IN (SELECT unnest(types) FROM messaging.subscription WHERE name = $5) AS elsewhere,
              causation_id AS "causationId",
              correlation_id AS "correlationId", request_id AS "requestId", actor, trace, occurred_at AS "occurredAt"
         FROM messaging.event_log WHERE lane = $1 AND position > $2 ORDER BY position LIMIT $4`,
      [lane, position, [...subscription.events.keys()], limit, subscription.name],
    );
    events.forEach((event, index) => {
      if (event.position !== position + BigInt(index + 1)) {
        lanesWithHoles.inc({ subscription: subscription.name });
        throw new Error(`lane ${lane} has a hole before position ${event.position}: events were removed undelivered`);
      }
    });
    return events;
  }

  /** Events of aggregates that wait for an earlier event keep their place behind it; returns the others. */
  async #setAsideBehindParked(subscription: string, lane: number, events: StoredEvent[]): Promise<StoredEvent[]> {
    if (events.length === 0) return events;
    const parked = await this.unitOfWork.query<{ aggregate_id: string; position: bigint }>(
      `SELECT aggregate_id, position FROM messaging.parked_event
        WHERE subscription = $1 AND lane = $2 AND aggregate_id = ANY($3::text[])`,
      [subscription, lane, [...new Set(events.map((event) => event.aggregateId))]],
    );
    if (parked.length === 0) return events;
    const waiting = new Set(parked.map((row) => row.aggregate_id));
    const known = new Set(parked.map((row) => row.position));
    const behind = events.filter((event) => waiting.has(event.aggregateId) && !known.has(event.position));
    if (behind.length > 0) {
      await this.unitOfWork.query(
        `INSERT INTO messaging.parked_event (subscription, lane, position, aggregate_id, type, status)
         SELECT $1, $2, e.position, e.aggregate_id, e.type, 'behind'
           FROM unnest($3::bigint[], $4::text[], $5::text[]) AS e(position, aggregate_id, type)`,
        [
          subscription,
          lane,
          behind.map((event) => event.position),
          behind.map((event) => event.aggregateId),
          behind.map((event) => event.type),
        ],
      );
    }
    return events.filter((event) => !waiting.has(event.aggregateId));
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

  /** The event succeeded: the next one of its aggregate that waited behind it is due now. */
  async #forget(subscription: string, event: StoredEvent): Promise<void> {
    await this.unitOfWork.query(
      'DELETE FROM messaging.parked_event WHERE subscription = $1 AND lane = $2 AND position = $3',
      [subscription, event.lane, event.position],
    );
    await this.unitOfWork.query(
      `UPDATE messaging.parked_event SET status = 'retrying', attempts = 0, due_at = now()
        WHERE (subscription, lane, position) IN (
          SELECT subscription, lane, position FROM messaging.parked_event
           WHERE subscription = $1 AND lane = $2 AND aggregate_id = $3 ORDER BY position LIMIT 1)
          AND status = 'behind'`,
      [subscription, event.lane, event.aggregateId],
    );
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
