import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../persistence/unit-of-work';
import {
  type ClaimedLane,
  type EventPlace,
  type LaneBehind,
  Lanes,
  STEP,
  type StoredEvent,
  type Attempt,
  type SetAside,
} from './lanes';
import type { DurableSubscription } from './subscription';

/**
 * Positions follow the order of commits, times the clocks of processes: what follows in a lane may be a little older. How
 * much is allowed for; more than that costs a second look, and loses nothing.
 */
export const SLACK = "interval '1 day'";
/** Events of the months to come are not asked for. */
export const SOON = `now() + ${SLACK}`;

/** Cursors and parked events in the schema `messaging`. */
@Injectable()
export class PostgresLanes extends Lanes {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async claim<T>(
    subscription: DurableSubscription,
    lane: number,
    work: (lane: ClaimedLane) => Promise<T>,
  ): Promise<T | 'taken'> {
    return this.unitOfWork.runOnce(async () => {
      const [cursor] = await this.unitOfWork.query<Cursor & Record<string, unknown>>(
        `SELECT c.position, b.position AS begun, c.since, l.head
           FROM messaging.subscription_cursor c JOIN messaging.batch_begun b USING (subscription, lane)
           JOIN messaging.lane l USING (lane)
          WHERE c.subscription = $1 AND c.lane = $2 FOR UPDATE OF c SKIP LOCKED`,
        [subscription.name, lane],
      );
      if (!cursor) return 'taken';
      return work(new LockedLane(this.unitOfWork, subscription, lane, cursor));
    });
  }

  async behind(subscriptions: readonly DurableSubscription[]): Promise<LaneBehind[]> {
    return this.unitOfWork.query<LaneBehind & Record<string, unknown>>(
      `SELECT subscription, lane, bool_or(retry) AS retry FROM (
         SELECT c.subscription, c.lane, false AS retry
           FROM messaging.subscription_cursor c JOIN messaging.lane l USING (lane)
           JOIN unnest($1::text[], $2::text[]) AS s(subscription, types) USING (subscription)
           JOIN messaging.subscription r ON r.name = c.subscription
           LEFT JOIN LATERAL (
             SELECT e.type FROM messaging.event_log e
              WHERE e.lane = c.lane AND e.position > c.position AND e.position <= c.position + ${STEP}
                AND e.occurred_at >= c.since AND e.occurred_at < ${SOON} AND e.type = ANY(string_to_array(s.types, ',') || r.types)
              ORDER BY e.position LIMIT 1) AS next ON true
          WHERE l.head > c.position AND (next.type = ANY(string_to_array(s.types, ',')) OR NOT EXISTS (
             SELECT FROM messaging.event_log e WHERE e.lane = c.lane AND e.position = c.position + 1
                AND e.occurred_at >= c.since AND e.occurred_at < ${SOON}))
         UNION ALL
         SELECT p.subscription, p.lane, true FROM messaging.parked_event p
           JOIN unnest($1::text[], $2::text[]) AS s(subscription, types) USING (subscription)
          WHERE p.status = 'retrying' AND p.due_at <= now() AND p.type = ANY(string_to_array(s.types, ','))
         UNION ALL
         SELECT p.subscription, p.lane, true FROM messaging.parked_event p
           JOIN unnest($1::text[], $2::text[]) AS s(subscription, types) USING (subscription)
           JOIN messaging.subscription_cursor c USING (subscription, lane)
          WHERE p.status = 'retrying' AND p.due_at IS NULL AND p.position <= c.position
       ) AS behind GROUP BY subscription, lane`,
      [subscriptions.map(({ name }) => name), subscriptions.map(({ events }) => [...events.keys()].join(','))],
    );
  }

  /** In order, as other processes start too; and not while the events are dropped that it would begin with. */
  async open({ name, startFrom }: DurableSubscription): Promise<void> {
    await this.unitOfWork.run(async () => {
      await this.unitOfWork.query('SELECT pg_advisory_xact_lock_shared(7391204562)');
      await this.unitOfWork.query(
        `INSERT INTO messaging.subscription_cursor (subscription, lane, position)
         SELECT $1, lane, CASE WHEN $2 THEN l.head ELSE coalesce(d.position, 0) END
           FROM messaging.lane l LEFT JOIN messaging.dropped d USING (lane) ORDER BY lane ON CONFLICT DO NOTHING`,
        [name, startFrom === 'now'],
      );
      await this.unitOfWork.query(
        `INSERT INTO messaging.batch_begun (subscription, lane)
         SELECT $1, lane FROM messaging.lane ORDER BY lane ON CONFLICT DO NOTHING`,
        [name],
      );
    });
  }

  async recordTypes({ name, events }: DurableSubscription): Promise<string[]> {
    const [recorded] = await this.unitOfWork.query<{ types: string[] }>(
      `INSERT INTO messaging.subscription AS s (name, types) VALUES ($1, $2)
       ON CONFLICT (name) DO UPDATE
         SET types = ARRAY(SELECT DISTINCT type FROM unnest(s.types || excluded.types) AS type ORDER BY type)
       RETURNING types`,
      [name, [...events.keys()]],
    );
    return recorded?.types ?? [];
  }
}

/** The mark of a first attempt whose event the cursor has not passed yet. */
export const IS_PROVISIONAL = "(status = 'retrying' AND due_at IS NULL)";

interface Cursor {
  position: bigint;
  begun: bigint;
  since: Date | number;
  head: bigint;
}

class LockedLane implements ClaimedLane {
  readonly position: bigint;
  readonly begun: bigint;
  readonly #subscription: string;
  readonly #types: string[];
  #lastRead: StoredEvent[] = [];

  constructor(
    private readonly unitOfWork: UnitOfWork,
    { name, events }: DurableSubscription,
    private readonly lane: number,
    private readonly cursor: Cursor,
  ) {
    this.position = cursor.position;
    this.begun = cursor.begun;
    this.#subscription = name;
    this.#types = [...events.keys()];
  }

  /** Looks in the months where they should be, and everywhere when they are not all there. */
  async read(after: bigint, limit: number): Promise<StoredEvent[]> {
    let events = await this.#readBetween(after, limit, this.cursor.since, SOON);
    const isComplete = events.length === limit || after + BigInt(events.length) >= this.cursor.head;
    const isUnbroken = events.at(-1)?.position === after + BigInt(events.length);
    if (!isComplete || (events.length > 0 && !isUnbroken)) {
      events = await this.#readBetween(after, limit, -Infinity, "'infinity'");
    }
    this.#lastRead = events;
    return events;
  }

  async moveTo(position: bigint): Promise<void> {
    const since = this.#lastRead.find((event) => event.position === position)?.occurredAt ?? null;
    await this.#query(
      `UPDATE messaging.subscription_cursor SET position = $3, since = coalesce($4::timestamptz - ${SLACK}, since)
        WHERE subscription = $1 AND lane = $2`,
      position,
      since,
    );
  }

  async setAsideOf(aggregateIds: string[]): Promise<SetAside[]> {
    return this.#query(
      `SELECT aggregate_id AS "aggregateId", position, ${IS_PROVISIONAL} AS "isProvisional" FROM messaging.parked_event
        WHERE subscription = $1 AND lane = $2 AND aggregate_id = ANY($3::text[])
          AND NOT (${IS_PROVISIONAL} AND position <= $4)`,
      aggregateIds,
      this.position,
    );
  }

  async setBehind(events: EventPlace[]): Promise<void> {
    await this.#query(
      `INSERT INTO messaging.parked_event (subscription, lane, position, aggregate_id, type, status)
       SELECT $1, $2, e.position, e.aggregate_id, e.type, 'behind'
         FROM unnest($3::bigint[], $4::text[], $5::text[]) AS e(position, aggregate_id, type)`,
      events.map((event) => event.position),
      events.map((event) => event.aggregateId),
      events.map((event) => event.type),
    );
  }

  async settleMark(position: bigint, next: Attempt): Promise<void> {
    await this.#query(
      `UPDATE messaging.parked_event SET status = $4, attempts = $5, due_at = now() + $6 * interval '1 millisecond'
        WHERE subscription = $1 AND lane = $2 AND position = $3`,
      position,
      next.status,
      next.number,
      next.dueInMs,
    );
  }

  async dropLateMarks(): Promise<void> {
    await this.#query(
      `DELETE FROM messaging.parked_event
        WHERE subscription = $1 AND lane = $2 AND ${IS_PROVISIONAL} AND position <= $3`,
      this.position,
    );
  }

  async firstDue(): Promise<{ position: bigint; attempts: number } | undefined> {
    const [due] = await this.#query<{ position: bigint; attempts: number }>(
      `SELECT position, attempts FROM messaging.parked_event
        WHERE subscription = $1 AND lane = $2 AND status = 'retrying' AND due_at <= now() AND type = ANY($3::text[])
        ORDER BY position LIMIT 1`,
      this.#types,
    );
    return due;
  }

  async forget({ position, aggregateId }: EventPlace): Promise<void> {
    await this.#query(
      'DELETE FROM messaging.parked_event WHERE subscription = $1 AND lane = $2 AND position = $3',
      position,
    );
    await this.#query(
      `UPDATE messaging.parked_event SET status = 'retrying', attempts = 0, due_at = now()
        WHERE (subscription, lane, position) IN (
          SELECT subscription, lane, position FROM messaging.parked_event
           WHERE subscription = $1 AND lane = $2 AND aggregate_id = $3 AND NOT ${IS_PROVISIONAL}
           ORDER BY position LIMIT 1)
          AND status = 'behind'`,
      aggregateId,
    );
  }

  async #readBetween(after: bigint, limit: number, since: Date | number, until: string): Promise<StoredEvent[]> {
    return this.unitOfWork.query<StoredEvent & Record<string, unknown>>(
      `SELECT lane, position, id, type, aggregate_id AS "aggregateId", aggregate_version AS version,
              CASE WHEN type = ANY($3::text[]) THEN payload END AS payload,
              type <> ALL($3::text[])
                AND type IN (SELECT unnest(types) FROM messaging.subscription WHERE name = $5) AS elsewhere,
              causation_id AS "causationId",
              correlation_id AS "correlationId", request_id AS "requestId", actor, trace, occurred_at AS "occurredAt"
         FROM messaging.event_log
        WHERE lane = $1 AND position > $2 AND occurred_at >= $6::timestamptz AND occurred_at < ${until}
        ORDER BY position LIMIT $4`,
      [this.lane, after, this.#types, limit, this.#subscription, since],
    );
  }

  /** SQL whose first two parameters are the subscription and the lane. */
  async #query<R extends object>(text: string, ...values: unknown[]): Promise<R[]> {
    return this.unitOfWork.query<R & Record<string, unknown>>(text, [this.#subscription, this.lane, ...values]);
  }
}
