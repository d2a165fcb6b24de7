import { Injectable } from '@nestjs/common';
import type { IEventPublisher } from '@nestjs/cqrs';
import { Clock } from '../core/clock';
import { ContractEvent } from '../core/contract-event';
import { idOf, Ids, laneOf, uuidOf } from '../core/ids';
import { currentContext } from '../observability/request-context';
import { jsonSequence } from '../persistence/statement';
import { UnitOfWork } from '../persistence/unit-of-work';

interface Pending {
  event: ContractEvent;
  lane: number;
  id: string;
  causationId: string | null;
  requestId: string | null;
  actor: string;
  trace: string | null;
  occurredAt: Date;
}

/** One event of a process, as audits and timelines show it. */
export interface LoggedEvent {
  id: string;
  type: string;
  aggregateId: string;
  aggregateVersion: number;
  data: Record<string, unknown>;
  causationId: string | null;
  requestId: string | null;
  actor: string;
  occurredAt: Date;
}

export interface Appended {
  lane: number;
  type: string;
}

/** The publisher behind the standard `EventBus`: events wait in the unit of work and become rows as it commits. */
@Injectable()
export class EventLog implements IEventPublisher {
  #onAppended: (appended: Appended[]) => void = () => undefined;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  publish(event: object): void {
    this.publishAll([event]);
  }

  publishAll(events: object[]): void {
    if (events.length === 0) return;
    if (!this.unitOfWork.isActive) throw new Error('events are published inside a unit of work only');
    const { causationId, requestId, actor, trace = null } = currentContext();
    const occurredAt = this.clock.now();
    const buffer = this.#buffer();
    for (const event of events) {
      if (!(event instanceof ContractEvent) || !event.type || event.aggregateVersion < 1) {
        throw new Error(`${event.constructor.name} has no contract name or was not raised by an aggregate`);
      }
      const lane = laneOf(event.aggregateId);
      buffer.push({ event, lane, id: this.ids.next('evt'), causationId, requestId, actor, trace, occurredAt });
    }
  }

  /** Called after each commit with what it appended; wakes this process's subscriptions. */
  onAppended(listener: (appended: Appended[]) => void): void {
    this.#onAppended = listener;
  }

  /** Every event of one business process in every context, causes before effects. */
  async history(correlationId: string): Promise<LoggedEvent[]> {
    const rows = await this.unitOfWork.query<{
      id: string;
      type: string;
      aggregate_id: string;
      aggregate_version: number;
      payload: Record<string, unknown>;
      causation_id: string | null;
      request_id: string | null;
      actor: string;
      occurred_at: Date;
    }>(
      `SELECT id, type, aggregate_id, aggregate_version, payload, causation_id, request_id, actor, occurred_at
         FROM messaging.event_log WHERE correlation_id = $1 ORDER BY occurred_at, id`,
      [correlationId],
    );
    return causesFirst(
      rows.map((row) => ({
        id: idOf('evt', row.id),
        type: row.type,
        aggregateId: row.aggregate_id,
        aggregateVersion: row.aggregate_version,
        data: row.payload,
        causationId: row.causation_id && idOf('evt', row.causation_id),
        requestId: row.request_id,
        actor: row.actor,
        occurredAt: row.occurred_at,
      })),
    );
  }

  #buffer(): Pending[] {
    return this.unitOfWork.stateOf(this, () => {
      const pending: Pending[] = [];
      this.unitOfWork.beforeCommit(() => this.#append(pending));
      return pending;
    });
  }

  /** Locks the lanes in ascending order, takes positions from their heads and inserts: nothing is locked after this. */
  #append(pending: Pending[]): Promise<unknown> {
    const countOf = new Map<number, number>();
    const offsets = pending.map(({ lane }) => {
      const offset = (countOf.get(lane) ?? 0) + 1;
      countOf.set(lane, offset);
      return offset;
    });
    const lanes = [...countOf.keys()].toSorted((a, b) => a - b);
    const locked =
      lanes.length > 1 &&
      this.unitOfWork.query('SELECT FROM messaging.lane WHERE lane = ANY($1::smallint[]) ORDER BY lane FOR UPDATE', [
        lanes,
      ]);
    const inserted = this.unitOfWork.query(
      `WITH taken AS (
         UPDATE messaging.lane l SET head = l.head + n.count
           FROM unnest($1::smallint[], $2::int[]) AS n(lane, count) WHERE l.lane = n.lane
         RETURNING l.lane, l.head - n.count AS base)
       INSERT INTO messaging.event_log (lane, position, id, type, aggregate_id, aggregate_version, payload,
                                        correlation_id, causation_id, request_id, actor, trace, occurred_at)
       SELECT e.lane, taken.base + e.offset_in_lane, e.id, e.type, e.aggregate_id, e.aggregate_version, e.payload::jsonb,
              e.correlation_id, e.causation_id, e.request_id, e.actor, e.trace, e.occurred_at
         FROM unnest($3::smallint[], $4::int[], $5::uuid[], $6::text[], $7::text[], $8::int[], string_to_array($9, chr(30)),
                     $10::text[], $11::uuid[], $12::text[], $13::text[], $14::text[], $15::timestamptz[])
           AS e(lane, offset_in_lane, id, type, aggregate_id, aggregate_version, payload,
                correlation_id, causation_id, request_id, actor, trace, occurred_at)
         JOIN taken ON taken.lane = e.lane`,
      [
        lanes,
        lanes.map((lane) => countOf.get(lane)),
        pending.map((row) => row.lane),
        offsets,
        pending.map((row) => uuidOf(row.id)),
        pending.map((row) => row.event.type),
        pending.map((row) => row.event.aggregateId),
        pending.map((row) => row.event.aggregateVersion),
        jsonSequence(pending.map((row) => JSON.stringify(row.event.data))),
        pending.map((row) => row.event.correlationId),
        pending.map((row) => row.causationId && uuidOf(row.causationId)),
        pending.map((row) => row.requestId),
        pending.map((row) => row.actor),
        pending.map((row) => row.trace),
        pending.map((row) => row.occurredAt),
      ],
    );
    this.unitOfWork.afterCommit(() => this.#onAppended(pending.map(({ lane, event }) => ({ lane, type: event.type }))));
    return Promise.all([locked, inserted]);
  }
}

/** Keeps the given order of time, except that no event stands before the one that caused it. */
function causesFirst(events: LoggedEvent[]): LoggedEvent[] {
  const byId = new Map(events.map((event) => [event.id, event]));
  const ordered = new Set<LoggedEvent>();
  const place = (event: LoggedEvent): void => {
    if (ordered.has(event)) return;
    const cause = event.causationId && byId.get(event.causationId);
    if (cause) place(cause);
    ordered.add(event);
  };
  for (const event of events) place(event);
  return [...ordered];
}
