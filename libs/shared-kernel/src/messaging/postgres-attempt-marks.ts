import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Pool } from 'pg';
import { connectionOptions } from '../persistence/data-source';
import { type Row, statement } from '../persistence/statement';
import { MessagingOptions } from './messaging-options';
import { AttemptMarks } from './attempt-marks';
import { type Attempt, type EventPlace, STEP } from './lanes';
import { SLACK, SOON } from './postgres-lanes';
import type { DurableSubscription } from './subscription';

/** Marks on connections of their own. These commits do not wait for the disk: they have to outlive a process, not the server. */
@Injectable()
export class PostgresAttemptMarks extends AttemptMarks implements OnApplicationShutdown {
  readonly #pool: Pool;

  constructor({ database }: MessagingOptions) {
    super();
    const connection = connectionOptions({ ...database, poolSize: 2 });
    this.#pool = new Pool({
      ...connection,
      options: `${connection.options} -c synchronous_commit=off`,
      application_name: 'tradewind-marks',
    });
    this.#pool.on('error', () => undefined); // an idle connection that broke is replaced at the next use
  }

  async batchBegun(subscription: string, lane: number, position: bigint): Promise<void> {
    await this.#write(
      'UPDATE messaging.batch_begun SET position = greatest(position, $3) WHERE subscription = $1 AND lane = $2',
      [subscription, lane, position],
    );
  }

  async firstAttempted(subscription: string, event: EventPlace): Promise<void> {
    await this.#write(
      `INSERT INTO messaging.parked_event (subscription, lane, position, aggregate_id, type, status, attempts)
       VALUES ($1, $2, $3, $4, $5, 'retrying', 1) ON CONFLICT DO NOTHING`,
      [subscription, event.lane, event.position, event.aggregateId, event.type],
    );
  }

  async attempted(subscription: string, event: EventPlace, attempt: Attempt): Promise<void> {
    await this.#write(
      `UPDATE messaging.parked_event SET status = $4, attempts = $5, due_at = now() + $6 * interval '1 millisecond'
        WHERE subscription = $1 AND lane = $2 AND position = $3`,
      [subscription, event.lane, event.position, attempt.status, attempt.number, attempt.dueInMs],
    );
  }

  async failed(subscription: string, lane: number, position: bigint, error: unknown): Promise<void> {
    await this.#write(
      'UPDATE messaging.parked_event SET last_error = $4 WHERE subscription = $1 AND lane = $2 AND position = $3',
      [
        subscription,
        lane,
        position,
        error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 500) : 'error',
      ],
    );
  }

  async stepOver(subscriptions: readonly DurableSubscription[]): Promise<boolean> {
    const moved = await this.#write<{ steps: bigint }>(
      `WITH behind AS (
         SELECT c.subscription, c.lane, c.position, c.since, string_to_array(s.types, ',') || r.types AS types
           FROM messaging.subscription_cursor c JOIN messaging.lane l USING (lane)
           JOIN unnest($1::text[], $2::text[]) AS s(subscription, types) USING (subscription)
           JOIN messaging.subscription r ON r.name = c.subscription
          WHERE l.head > c.position ORDER BY c.subscription, c.lane FOR UPDATE OF c SKIP LOCKED),
       ahead AS (
         SELECT b.*, coalesce(taken.position - 1, b.position + ${STEP}) AS last
           FROM behind b LEFT JOIN LATERAL (
             SELECT e.position FROM messaging.event_log e
              WHERE e.lane = b.lane AND e.position > b.position AND e.position <= b.position + ${STEP}
                AND e.occurred_at >= b.since AND e.occurred_at < ${SOON} AND e.type = ANY(b.types)
              ORDER BY e.position LIMIT 1) AS taken ON true),
       free AS (
         SELECT a.subscription, a.lane, a.position, a.position + next.unbroken AS until, next.oldest
           FROM ahead a CROSS JOIN LATERAL (
             SELECT count(*) AS unbroken, min(occurred_at) AS oldest
               FROM (SELECT e.position, e.occurred_at, row_number() OVER (ORDER BY e.position) AS n
                       FROM messaging.event_log e
                      WHERE e.lane = a.lane AND e.position > a.position AND e.position <= a.last
                        AND e.occurred_at >= a.since AND e.occurred_at < ${SOON}) AS events
              WHERE position = a.position + n) AS next
          WHERE a.last > a.position)
       UPDATE messaging.subscription_cursor c SET position = free.until, since = free.oldest - ${SLACK} FROM free
        WHERE c.subscription = free.subscription AND c.lane = free.lane AND free.until > c.position
       RETURNING free.until - free.position AS steps`,
      [subscriptions.map(({ name }) => name), subscriptions.map(({ events }) => [...events.keys()].join(','))],
    );
    return moved.some(({ steps }) => steps === BigInt(STEP));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#pool.end();
  }

  async #write<R extends Row>(text: string, values: unknown[]): Promise<R[]> {
    return (await this.#pool.query<R>(statement(text, values))).rows;
  }
}
