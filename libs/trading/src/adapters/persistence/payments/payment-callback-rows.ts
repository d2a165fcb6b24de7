import { Injectable } from '@nestjs/common';
import { type Id, idOf, uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import {
  type AppliedCallback,
  CALLBACK_OUTCOMES,
  type ListedCallback,
  PaymentCallbacks,
  type StoredCallback,
} from '../../../domain/payments/payment-callback';

@Injectable()
export class PaymentCallbackRows extends PaymentCallbacks {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  /** In ascending order of their keys, so that processes that store the same messages wait for each other in one direction. */
  async add(callbacks: readonly StoredCallback[]): Promise<ReadonlySet<Id<'pcb'>>> {
    const added = await this.unitOfWork.query<{ id: string }>(
      `INSERT INTO trading.payment_callback (id, gateway, event_id, body, received_at)
       SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::timestamptz[])
         AS c(id, gateway, event_id, body, received_at) ORDER BY gateway, event_id
       ON CONFLICT (gateway, event_id) DO NOTHING RETURNING id`,
      [
        callbacks.map(({ id }) => uuidOf(id)),
        callbacks.map(({ gateway }) => gateway),
        callbacks.map(({ eventId }) => eventId),
        callbacks.map(({ body }) => body),
        callbacks.map(({ receivedAt }) => receivedAt),
      ],
    );
    return new Set(added.map(({ id }) => idOf('pcb', id)));
  }

  async find(ids: readonly Id<'pcb'>[]): Promise<ReadonlyMap<Id<'pcb'>, StoredCallback>> {
    const rows = await this.unitOfWork.query<CallbackRow>(
      'SELECT id, gateway, event_id, body, received_at FROM trading.payment_callback WHERE id = ANY($1::uuid[])',
      [ids.map(uuidOf)],
    );
    return new Map(rows.map(callbackOf).map((callback) => [callback.id, callback]));
  }

  async list(outcome: string | undefined, limit: number, after?: Id<'pcb'>): Promise<ListedCallback[]> {
    const values: unknown[] = [limit];
    const where: string[] = [];
    // As text of the statement: the planner then sees whether the index of what was set aside serves.
    if (outcome && (CALLBACK_OUTCOMES as readonly string[]).includes(outcome)) where.push(`outcome = '${outcome}'`);
    if (after) where.push(`id < $${values.push(uuidOf(after))}`);
    const rows = await this.unitOfWork.query<CallbackRow & { applied_at: Date | null; outcome: string | null }>(
      `SELECT id, gateway, event_id, body, received_at, applied_at, outcome FROM trading.payment_callback
        ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''} ORDER BY id DESC LIMIT $1`,
      values,
    );
    return rows.map((row) => ({ ...callbackOf(row), appliedAt: row.applied_at, outcome: row.outcome }));
  }

  async markApplied(callbacks: readonly AppliedCallback[], at: Date): Promise<void> {
    await this.unitOfWork.query(
      `UPDATE trading.payment_callback AS c SET applied_at = $3, outcome = a.outcome
         FROM unnest($1::uuid[], $2::text[]) AS a(id, outcome) WHERE c.id = a.id`,
      [callbacks.map(({ id }) => uuidOf(id)), callbacks.map(({ outcome }) => outcome), at],
    );
  }
}

interface CallbackRow {
  id: string;
  gateway: string;
  event_id: string;
  body: Buffer;
  received_at: Date;
}

const callbackOf = ({
  id,
  gateway,
  event_id: eventId,
  body,
  received_at: receivedAt,
}: CallbackRow): StoredCallback => ({
  id: idOf('pcb', id),
  gateway,
  eventId,
  body,
  receivedAt,
});
