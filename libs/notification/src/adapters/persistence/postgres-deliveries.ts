import { Injectable } from '@nestjs/common';
import { In, LessThan, Not } from 'typeorm';
import { uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import type { UnsentMessage } from '../../contract';
import { type Intent, statusOf } from '../../domain/delivery';
import { Deliveries, type DeliveryRecord } from '../../features/deliveries';
import { DeliverySchema } from './delivery.schema';

@Injectable()
export class PostgresDeliveries extends Deliveries {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  /** The effect worker compares with the database's clock, so that is what an intent is due by. */
  async add(intents: readonly Intent[]): Promise<void> {
    const recipients = intents.map(({ to }) => ('recipient' in to ? to.recipient : undefined));
    await this.unitOfWork.query(
      `INSERT INTO notification.delivery (id, order_id, event_id, event, rule, audience, template, channel, locale, facts,
                                          recipient_name, recipient_email, request_id, trace, created_at, last_error,
                                          state, due_at)
       SELECT id, order_id, event_id, event, rule, audience, template, channel, locale, facts::jsonb,
              recipient_name, recipient_email, request_id, trace, created_at, skipped,
              CASE WHEN skipped IS NULL THEN 'requested' ELSE 'skipped' END, CASE WHEN skipped IS NULL THEN now() END
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                     $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::timestamptz[],
                     $16::text[])
           AS i(id, order_id, event_id, event, rule, audience, template, channel, locale, facts,
                recipient_name, recipient_email, request_id, trace, created_at, skipped)
       ON CONFLICT ON CONSTRAINT delivery_once DO NOTHING`,
      [
        intents.map(({ id }) => uuidOf(id)),
        intents.map(({ orderId }) => uuidOf(orderId)),
        intents.map(({ eventId }) => uuidOf(eventId)),
        intents.map(({ event }) => event),
        intents.map(({ rule }) => rule),
        intents.map(({ audience }) => audience),
        intents.map(({ template }) => template),
        intents.map(({ channel }) => channel),
        intents.map(({ locale }) => locale),
        intents.map(({ facts }) => JSON.stringify(facts)),
        recipients.map((recipient) => recipient?.name ?? null),
        recipients.map((recipient) => recipient?.email ?? null),
        intents.map(({ requestId }) => requestId),
        intents.map(({ trace }) => trace),
        intents.map(({ createdAt }) => createdAt),
        intents.map(({ to }) => ('skipped' in to ? to.skipped : null)),
      ],
    );
  }

  async markSent(ids: readonly string[], at: Date): Promise<void> {
    if (ids.length === 0) return;
    await this.unitOfWork.query('UPDATE notification.delivery SET sent_at = $2 WHERE id = ANY($1::uuid[])', [
      ids.map(uuidOf),
      at,
    ]);
  }

  ofOrder(orderId: string, limit: number, before?: string): Promise<DeliveryRecord[]> {
    return this.unitOfWork.manager.find(DeliverySchema, {
      where: { orderId, ...(before && { id: LessThan(before) }) },
      order: { id: 'DESC' },
      take: limit,
    });
  }

  async unsentOf(orderIds: readonly string[]): Promise<UnsentMessage[]> {
    const rows = await this.unitOfWork.manager.find(DeliverySchema, {
      where: { orderId: In([...orderIds]), state: Not(In(['succeeded', 'skipped'])) },
      order: { id: 'ASC' },
    });
    return rows.map(({ id, orderId, template, channel, state, attempts, dueAt, lastError, createdAt }) => ({
      deliveryId: id,
      orderId,
      template,
      channel,
      status: statusOf(state) as UnsentMessage['status'],
      attempts,
      dueAt: dueAt?.toISOString() ?? null,
      lastError,
      createdAt: createdAt.toISOString(),
    }));
  }
}
