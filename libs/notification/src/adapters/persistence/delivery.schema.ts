import { EntitySchema } from 'typeorm';
import { idColumn } from '@tradewind/shared-kernel/persistence';
import type { DeliveryState } from '../../domain/delivery';

export interface DeliveryEntity {
  id: string;
  orderId: string;
  eventId: string;
  event: string;
  rule: string;
  audience: string;
  template: string;
  channel: string;
  locale: string;
  facts: object;
  recipientName: string | null;
  recipientEmail: string | null;
  requestId: string | null;
  trace: string | null;
  state: DeliveryState;
  attempts: number;
  fence: number;
  dueAt: Date | null;
  lastError: string | null;
  createdAt: Date;
  sentAt: Date | null;
}

export const DeliverySchema = new EntitySchema<DeliveryEntity>({
  name: 'Delivery',
  schema: 'notification',
  tableName: 'delivery',
  columns: {
    id: { ...idColumn('ntf'), primary: true },
    orderId: idColumn('ord', { name: 'order_id' }),
    eventId: idColumn('evt', { name: 'event_id' }),
    event: { type: 'text' },
    rule: { type: 'text' },
    audience: { type: 'text' },
    template: { type: 'text' },
    channel: { type: 'text' },
    locale: { type: 'text' },
    facts: { type: 'jsonb' },
    recipientName: { type: 'text', name: 'recipient_name', nullable: true },
    recipientEmail: { type: 'text', name: 'recipient_email', nullable: true },
    requestId: { type: 'text', name: 'request_id', nullable: true },
    trace: { type: 'text', nullable: true },
    state: { type: 'text' },
    attempts: { type: 'integer', default: 0 },
    fence: { type: 'integer', default: 0 },
    dueAt: { type: 'timestamptz', name: 'due_at', nullable: true },
    lastError: { type: 'text', name: 'last_error', nullable: true },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    sentAt: { type: 'timestamptz', name: 'sent_at', nullable: true },
  },
});
