import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIdOf, NextCursor, PageQuery } from '@tradewind/shared-kernel/http';
import { DELIVERY_STATUSES, type DeliveryStatus, statusOf } from '../../domain/delivery';
import { LOCALES } from '../../domain/locale';
import { maskEmail } from '../../domain/recipient';
import type { DeliveryRecord } from '../../features/deliveries';

export class NotificationsQuery extends PageQuery {
  @ApiProperty({
    description: 'The order whose messages are listed: `order.id` in the answer of `POST /v1/checkout`.',
    example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5',
  })
  @IsIdOf('ord')
  orderId: string;
}

export class NotificationView {
  @ApiProperty({ description: 'Identifier of the message.', example: 'ntf_01jdx3p9q2f7r8m1v0c4k7n5r9' })
  id: string;

  @ApiProperty({ description: 'What happened: name of the event.', example: 'trading.order-paid.v1' })
  event: string;

  @ApiProperty({ description: 'What is said.', example: 'order-paid' })
  template: string;

  @ApiProperty({ description: 'The language it is said in.', enum: LOCALES, example: 'zh-CN' })
  locale: string;

  @ApiProperty({ description: 'What it goes over.', example: 'email' })
  channel: string;

  @ApiProperty({
    description: 'To whom, masked; null when there is nobody to tell.',
    type: String,
    nullable: true,
    example: 'z***@example.com',
  })
  recipient: string | null;

  @ApiProperty({
    description:
      '`pending`: will be sent or is tried again; `sent`: the channel took it; `failed`: refused for good; ' +
      '`skipped`: nobody to tell; `stuck`: a person has to look.',
    enum: DELIVERY_STATUSES,
    example: 'sent',
  })
  status: DeliveryStatus;

  @ApiProperty({ description: 'How often sending was attempted.', example: 1 })
  attempts: number;

  @ApiPropertyOptional({ description: 'Why it is not sent: a code.', example: 'smtp-550' })
  reason?: string;

  @ApiProperty({ description: 'When it was decided on.', example: '2026-01-05T08:00:00.000Z' })
  createdAt: Date;

  @ApiProperty({
    description: 'When the channel took it.',
    type: Date,
    nullable: true,
    example: '2026-01-05T08:00:01.000Z',
  })
  sentAt: Date | null;

  static of(record: DeliveryRecord): NotificationView {
    const { id, event, template, locale, channel, attempts, createdAt, sentAt } = record;
    return {
      id,
      event,
      template,
      locale,
      channel,
      recipient: record.recipientEmail && maskEmail(record.recipientEmail),
      status: statusOf(record.state),
      attempts,
      ...(record.lastError && { reason: record.lastError }),
      createdAt,
      sentAt,
    };
  }
}

export class NotificationPage extends NextCursor {
  @ApiProperty({ description: 'Messages, newest first.', type: [NotificationView] })
  data: NotificationView[];
}
