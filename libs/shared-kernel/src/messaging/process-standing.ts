import { Injectable } from '@nestjs/common';
import { idOf } from '../core/ids';
import { UnitOfWork } from '../persistence/unit-of-work';
import type { ParkedEvent } from './parked-events';
import { IS_PROVISIONAL } from './postgres-lanes';

/** Events of one process that a subscription takes and has not come to yet. */
export interface Undelivered {
  subscription: string;
  events: number;
  /** When the first of them happened. */
  since: Date;
}

/** What the events of one business process wait for. */
@Injectable()
export class ProcessStanding {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Set aside: `retrying` and `parked`, without those behind an earlier one. */
  async parked(correlationId: string): Promise<ParkedEvent[]> {
    const rows = await this.unitOfWork.query<ParkedEvent & { id: string }>(
      `SELECT p.subscription, e.id, p.type, p.aggregate_id AS "aggregateId", p.status, p.attempts,
              p.last_error AS "lastError", p.since, p.due_at AS "dueAt"
         FROM messaging.event_log e JOIN messaging.parked_event p USING (lane, position)
        WHERE e.correlation_id = $1 AND p.status <> 'behind' AND NOT ${IS_PROVISIONAL}
        ORDER BY p.since, p.subscription, p.position`,
      [correlationId],
    );
    return rows.map(({ id, ...row }) => ({ ...row, eventId: idOf('evt', id) }));
  }

  async undelivered(correlationId: string): Promise<Undelivered[]> {
    const rows = await this.unitOfWork.query<{ subscription: string; events: bigint; since: Date }>(
      `SELECT s.name AS subscription, count(*) AS events, min(e.occurred_at) AS since
         FROM messaging.event_log e JOIN messaging.subscription s ON e.type = ANY(s.types)
         JOIN messaging.subscription_cursor c ON c.subscription = s.name AND c.lane = e.lane
        WHERE e.correlation_id = $1 AND e.position > c.position GROUP BY s.name ORDER BY s.name`,
      [correlationId],
    );
    return rows.map((row) => ({ ...row, events: Number(row.events) }));
  }
}
