import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import {
  ApiBody,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { type Id, isId } from '@tradewind/shared-kernel';
import { Idempotent, type IdempotentRequest, IsTime, NextCursor, PageQuery } from '@tradewind/shared-kernel/http';
import { EventLog } from '@tradewind/shared-kernel/messaging';
import { IsIn, IsNotEmpty, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { refusal } from '../../domain/refusals';
import { CancelOrder } from '../../features/orders/cancel-order';
import { OrderReads } from '../persistence/orders/order-reads';
import { send, sendJson } from './send';
import { OrderShape, ProblemShape } from './shapes';
import { summaryOf } from './timeline';
import { Units, UnitsInput } from './units';

const STATUSES = ['created', 'paid', 'shipped', 'delivered', 'cancelled'] as const;

export class OrderQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'Only orders that are there now.', enum: STATUSES })
  @IsOptional()
  @IsIn(STATUSES)
  status?: (typeof STATUSES)[number];

  @ApiPropertyOptional({
    description: 'Only orders of this buyer, `buy_…`.',
    example: 'buy_01kc1xv8q1fwer8xv1wbq0z4a8',
  })
  @IsOptional()
  @Matches(/^buy_[0-7][0-9a-hjkmnp-tv-z]{25}$/, { message: 'buyerId must be buy_…' })
  buyerId?: Id<'buy'>;

  @ApiPropertyOptional({ description: 'Only orders with a line of this SKU.', example: 'SKU-1' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  sku?: string;

  @ApiPropertyOptional({ description: 'Placed at this time or later, RFC 3339.', example: '2026-01-01T00:00:00Z' })
  @IsOptional()
  @IsTime()
  from?: string;

  @ApiPropertyOptional({ description: 'Placed before this time, RFC 3339.', example: '2036-01-01T00:00:00Z' })
  @IsOptional()
  @IsTime()
  to?: string;
}

export class CancelInput {
  @ApiProperty({ description: 'Why, for people who look at the order later.', example: 'changed my mind' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  reason: string;

  @ApiPropertyOptional({ description: 'Only these units; the whole order when absent.', type: [UnitsInput] })
  @IsOptional()
  @Units()
  lines?: UnitsInput[];
}

export class OrderPage extends NextCursor {
  @ApiProperty({ description: 'Newest first.', type: [OrderShape] })
  data: OrderShape[];
}

export class TimelineEntry {
  @ApiProperty({ description: 'When it happened.', format: 'date-time', example: '2026-01-31T08:30:00.000Z' })
  at: string;
  @ApiProperty({ description: 'Name of the event.', example: 'trading.order-paid.v1' })
  type: string;
  @ApiProperty({ description: 'Who or what acted.', example: 'gateway:sandbox' })
  actor: string;
  @ApiProperty({ description: 'One line for people.', example: 'Order paid: 129.90 CNY' })
  summary: string;
  @ApiProperty({ description: 'Identifier of the event.', example: 'evt_01kc1xv8q1fwer8xv1wbq0z4a9' })
  eventId: string;
  @ApiProperty({ description: 'The event that caused this one.', type: String, nullable: true, example: null })
  causationId: string | null;
  @ApiProperty({ description: 'The request that began it.', type: String, nullable: true, example: null })
  requestId: string | null;
  @ApiProperty({ description: 'What the event tells.', type: Object, example: {} })
  data: Record<string, unknown>;
}

export class Timeline {
  @ApiProperty({ description: 'Causes before effects.', type: [TimelineEntry] })
  data: TimelineEntry[];
}

const CANCELS = {
  whole: { summary: 'The whole order', value: { reason: 'changed my mind' } },
  units: {
    summary: 'Some units of a paid order',
    value: { reason: 'changed my mind', lines: [{ lineNo: 1, quantity: 1 }] },
  },
};

@ApiTags('Trading')
@ApiResponse({ status: 404, description: '`unknown-order`.', type: ProblemShape })
@Controller('v1/orders')
export class OrdersController {
  constructor(
    private readonly commands: CommandBus,
    private readonly reads: OrderReads,
    private readonly eventLog: EventLog,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List orders' })
  @ApiOkResponse({ description: 'One page of orders.', type: OrderPage })
  async list(@Query() { from, to, ...question }: OrderQuery, @Res() reply: FastifyReply): Promise<void> {
    const range = { from: from ? new Date(from) : undefined, to: to ? new Date(to) : undefined };
    sendJson(reply, await this.reads.list({ ...question, ...range }));
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read an order' })
  @ApiParam({
    name: 'id',
    description: 'Identifier of the order, `ord_…`: `order.id` in the answer of `POST /v1/checkout`.',
    example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5',
  })
  @ApiOkResponse({ description: 'The order, with its version as ETag.', type: OrderShape })
  @ApiResponse({ status: 304, description: 'It is still the version of If-None-Match.' })
  async read(
    @Param('id') id: string,
    @Headers('if-none-match') known: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const order = await this.reads.find(orderIdOf(id));
    if (!order) throw refusal('unknown-order', `no order ${id}`);
    const etag = `"${order.version}"`;
    void reply.header('etag', etag);
    if (known === etag) void reply.status(304).send();
    else sendJson(reply, order.json);
  }

  @Get(':id/timeline')
  @ApiOperation({ summary: 'Everything that happened to an order, in every context' })
  @ApiParam({
    name: 'id',
    description: 'Identifier of the order, `ord_…`: `order.id` in the answer of `POST /v1/checkout`.',
    example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5',
  })
  @ApiOkResponse({ description: 'Every event of the order.', type: Timeline })
  async timeline(@Param('id') id: string): Promise<Timeline> {
    const events = await this.eventLog.history(orderIdOf(id));
    // Events of long ago may have been dropped: the order is still known.
    if (events.length === 0 && !(await this.reads.find(orderIdOf(id))))
      throw refusal('unknown-order', `no order ${id}`);
    return {
      data: events.map((event) => ({
        at: event.occurredAt.toISOString(),
        type: event.type,
        actor: event.actor,
        summary: summaryOf(event),
        eventId: event.id,
        causationId: event.causationId,
        requestId: event.requestId,
        data: event.data,
      })),
    };
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @ApiOperation({ summary: 'Cancel an order, or units of it, that have not shipped' })
  @ApiBody({ type: CancelInput, examples: CANCELS })
  @ApiParam({
    name: 'id',
    description: 'Identifier of the order, `ord_…`: `order.id` in the answer of `POST /v1/checkout`.',
    example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: true,
    description: '1 to 255 printable ASCII characters; a repeat gets the first answer.',
    example: 'cancel-4711',
  })
  @ApiOkResponse({ description: 'The order after it.', type: OrderShape })
  @ApiResponse({
    status: 409,
    description:
      '`illegal-transition` with `from`, `event`, `allowed`; `insufficient-units` with what is `left` of each line; ' +
      '`partial-cancel-unpaid`.',
    type: ProblemShape,
  })
  @ApiResponse({ status: 422, description: '`unknown-line`.', type: ProblemShape })
  async cancel(
    @Param('id') id: string,
    @Body() { reason, lines }: CancelInput,
    @Idempotent('money') idempotency: IdempotentRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    send(reply, await this.commands.execute(new CancelOrder(orderIdOf(id), reason, lines, idempotency)));
  }
}

export function orderIdOf(text: string): Id<'ord'> {
  if (!isId('ord', text)) throw refusal('unknown-order', 'not the identifier of an order');
  return text;
}
