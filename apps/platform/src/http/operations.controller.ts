import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { type ParkedEvent, ParkedEvents } from '@tradewind/shared-kernel/messaging';
import { Type } from 'class-transformer';
import { IsInt, IsNotEmpty, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

export class ParkedEventShape {
  @ApiProperty({ description: 'Who could not handle it.', example: 'logistics.book-waybill-when-order-paid' })
  subscription: string;
  @ApiProperty({ description: 'The event.', example: 'evt_01kc1xv8q1fwer8xv1wbq0z4a9' })
  eventId: string;
  @ApiProperty({ description: 'Its type.', example: 'trading.order-paid.v1' })
  type: string;
  @ApiProperty({ description: 'What it is about.', example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5' })
  aggregateId: string;
  @ApiProperty({
    description: '`retrying` by itself, `parked` until replayed, or `behind` an earlier one.',
    enum: ['retrying', 'parked', 'behind'],
  })
  status: string;
  @ApiProperty({ description: 'Attempts so far.', example: 6 })
  attempts: number;
  @ApiProperty({
    description: 'Why the last attempt failed.',
    type: String,
    nullable: true,
    example: 'Error: out of paper',
  })
  lastError: string | null;
  @ApiProperty({ description: 'Since when it is set aside.', format: 'date-time', example: '2026-01-31T08:30:00.000Z' })
  since: Date;
  @ApiProperty({
    description: 'When it is tried again.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: null,
  })
  dueAt: Date | null;
}

export class ParkedEventQuery {
  @ApiPropertyOptional({ description: 'Most entries of the answer, 1 to 1000.', default: 100, example: 100 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1000)
  limit: number = 100;
}

export class ParkedEventList {
  @ApiProperty({ description: 'Oldest first.', type: [ParkedEventShape] })
  data: ParkedEvent[];
}

export class ReplayInput {
  @ApiProperty({
    description: 'Subscription whose parked events are put back to work.',
    example: 'logistics.book-waybill-when-order-paid',
  })
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  subscription: string;

  @ApiPropertyOptional({ description: 'Only those of this aggregate.', example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  aggregateId?: string;
}

export class ReplayAnswer {
  @ApiProperty({ description: 'Events put back to work.', example: 1 })
  replayed: number;
}

@ApiTags('Operations')
@Controller('v1/operations/parked-events')
export class OperationsController {
  constructor(private readonly parkedEvents: ParkedEvents) {}

  @Get()
  @ApiOperation({ summary: 'Events that a subscription could not handle' })
  @ApiOkResponse({ description: 'The events, oldest first.', type: ParkedEventList })
  async list(@Query() { limit }: ParkedEventQuery): Promise<ParkedEventList> {
    return { data: await this.parkedEvents.list(limit) };
  }

  @Post('replay')
  @HttpCode(200)
  @ApiOperation({ summary: 'Put parked events back to work, after the cause was mended' })
  @ApiOkResponse({ description: 'They are due now.', type: ReplayAnswer })
  async replay(@Body() { subscription, aggregateId }: ReplayInput): Promise<ReplayAnswer> {
    return { replayed: await this.parkedEvents.replay(subscription, aggregateId) };
  }
}
