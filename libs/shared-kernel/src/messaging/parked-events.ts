import { Injectable } from '@nestjs/common';
import { idOf } from '../core/ids';
import { UnitOfWork } from '../persistence/unit-of-work';
import { parkedEvents, subscriptionLag } from './metrics';
import { IS_PROVISIONAL } from './postgres-lanes';

export interface ParkedEvent {
  subscription: string;
  eventId: string;
  type: string;
  aggregateId: string;
  /** `retrying` by itself, `parked` until replayed, `behind` an earlier event of the same aggregate. */
  status: 'retrying' | 'parked' | 'behind';
  attempts: number;
  lastError: string | null;
  since: Date;
  dueAt: Date | null;
}

/** What subscriptions could not handle, for operators: look, mend the cause, replay. */
@Injectable()
export class ParkedEvents {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async list(limit: number): Promise<ParkedEvent[]> {
    const rows = await this.unitOfWork.query<ParkedEvent & { id: string }>(
      `SELECT p.subscription, e.id, p.type, p.aggregate_id AS "aggregateId", p.status, p.attempts,
              p.last_error AS "lastError", p.since, p.due_at AS "dueAt"
         FROM messaging.parked_event p JOIN messaging.event_log e USING (lane, position)
        WHERE NOT ${IS_PROVISIONAL}
        ORDER BY p.since, p.subscription, p.lane, p.position LIMIT $1`,
      [limit],
    );
    return rows.map(({ id, ...row }) => ({ ...row, eventId: idOf('evt', id) }));
  }

  /** Puts parked events back to work with all their attempts; returns how many. The ones behind them follow in order. */
  async replay(subscription: string, aggregateId?: string): Promise<number> {
    const rows = await this.unitOfWork.query(
      `UPDATE messaging.parked_event SET status = 'retrying', attempts = 0, due_at = now()
        WHERE subscription = $1 AND status = 'parked' AND ($2::text IS NULL OR aggregate_id = $2) RETURNING position`,
      [subscription, aggregateId ?? null],
    );
    return rows.length;
  }

  /** Refreshes the gauges; called when metrics are read. */
  async measure(): Promise<void> {
    const lag = await this.unitOfWork.query<{ subscription: string; lag: bigint }>(
      `SELECT c.subscription, sum(l.head - c.position)::bigint AS lag
         FROM messaging.subscription_cursor c JOIN messaging.lane l USING (lane) GROUP BY c.subscription`,
    );
    for (const row of lag) subscriptionLag.set({ subscription: row.subscription }, Number(row.lag));
    parkedEvents.reset();
    const parked = await this.unitOfWork.query<{ subscription: string; status: string; count: bigint }>(
      `SELECT subscription, status, count(*) AS count FROM messaging.parked_event
        WHERE NOT ${IS_PROVISIONAL} GROUP BY subscription, status`,
    );
    for (const row of parked) {
      parkedEvents.set({ subscription: row.subscription, status: row.status }, Number(row.count));
    }
  }
}
