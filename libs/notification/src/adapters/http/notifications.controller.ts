import { Controller, Get, Query } from '@nestjs/common';
import { ApiBadRequestResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { isId } from '@tradewind/shared-kernel';
import { decodeCursor, pageOf } from '@tradewind/shared-kernel/http';
import { Deliveries } from '../../features/deliveries';
import { NotificationPage, NotificationsQuery, NotificationView } from './notification.dto';

@ApiTags('Notification')
@Controller('v1/notifications')
export class NotificationsController {
  constructor(private readonly deliveries: Deliveries) {}

  @Get()
  @ApiOperation({ summary: 'List the messages of an order, newest first', operationId: 'listNotifications' })
  @ApiOkResponse({ type: NotificationPage })
  @ApiBadRequestResponse({ description: '`invalid-request`, `invalid-cursor`' })
  async list(@Query() { orderId, limit, cursor }: NotificationsQuery): Promise<NotificationPage> {
    const records = await this.deliveries.ofOrder(orderId, limit + 1, cursor && lastSeen(cursor));
    const { data, nextCursor } = pageOf(records, limit, ({ id }) => [id]);
    return { data: data.map((record) => NotificationView.of(record)), nextCursor };
  }
}

function lastSeen(cursor: string): string {
  return decodeCursor(cursor, [(part) => isId('ntf', part)])[0] as string;
}
