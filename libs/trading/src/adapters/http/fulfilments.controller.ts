import { Body, Controller, Get, Param, Post, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import {
  ApiCreatedResponse,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { Idempotent, type IdempotentRequest } from '@tradewind/shared-kernel/http';
import { IsOptional, Matches } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { Orders } from '../../domain/orders/orders';
import { fulfilmentView, RequestFulfilment } from '../../features/fulfilments/request-fulfilment';
import { orderIdOf } from './orders.controller';
import { send } from './send';
import { ProblemShape } from './shapes';
import { Units, UnitsInput } from './units';

export class FulfilmentInput {
  @ApiPropertyOptional({
    description: 'What to ship; all that is open and not asked for yet when absent.',
    type: [UnitsInput],
  })
  @IsOptional()
  @Units()
  lines?: UnitsInput[];

  @ApiPropertyOptional({ description: 'Carrier wished for; otherwise that of the order.', example: 'SF' })
  @IsOptional()
  @Matches(/^[A-Z][A-Z0-9-]{1,19}$/, { message: 'carrier must be a carrier code such as SF' })
  carrier?: string;
}

export class FulfilmentWaybillShape {
  @ApiProperty({ description: 'Identifier of the waybill.', example: 'wbl_01kaqz3v8pe5ws3v1x2m9c6r4t' })
  waybillId: string;
  @ApiProperty({ description: 'Who moves it.', example: 'SF' })
  carrier: string;
  @ApiProperty({ description: "The carrier's number.", example: 'SF4406512873912' })
  number: string;
}

export class FulfilmentShape {
  @ApiProperty({ description: 'Identifier of the fulfilment.', example: 'ful_01kc1xv8q1fwer8xv1wbq0z4c1' })
  id: string;
  @ApiProperty({ description: 'The order.', example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5' })
  orderId: string;
  @ApiProperty({
    description: '`cancelled`: units of it were cancelled before a carrier had it; the others are open again.',
    enum: ['requested', 'shipped', 'delivered', 'returned', 'cancelled'],
  })
  status: string;
  @ApiProperty({ description: 'Carrier wished for.', type: String, nullable: true, example: 'SF' })
  carrier: string | null;
  @ApiProperty({ description: 'What it holds.', type: [UnitsInput] })
  lines: UnitsInput[];
  @ApiProperty({ description: 'Its parcel, once a carrier has it.', type: FulfilmentWaybillShape, nullable: true })
  waybill: FulfilmentWaybillShape | null;
  @ApiProperty({ description: 'When it was asked for.', format: 'date-time', example: '2026-01-31T08:30:00.000Z' })
  requestedAt: string;
  @ApiProperty({ description: 'When it came to its status.', format: 'date-time', example: '2026-01-31T08:30:00.000Z' })
  changedAt: string;
}

export class FulfilmentsShape {
  @ApiProperty({ description: 'Oldest first.', type: [FulfilmentShape] })
  data: FulfilmentShape[];
}

const ORDER = {
  name: 'id',
  description: 'Identifier of the order, `ord_…`: `order.id` in the answer of `POST /v1/checkout`.',
  example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5',
};

@ApiTags('Trading')
@ApiResponse({ status: 404, description: '`unknown-order`.', type: ProblemShape })
@Controller('v1/orders/:id/fulfilments')
export class FulfilmentsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly orders: Orders,
  ) {}

  /** For orders that were checked out with `fulfilment: "manual"`. */
  @Post()
  @ApiOperation({
    summary: 'Ship units of a paid order',
    description: 'For a checkout with `fulfilment: "manual"`, once it is paid.',
  })
  @ApiParam(ORDER)
  @ApiHeader({
    name: 'Idempotency-Key',
    required: true,
    description: '1 to 255 printable ASCII characters; a repeat gets the first answer.',
    example: 'fulfilment-4711',
  })
  @ApiCreatedResponse({ description: 'What Logistics was asked to ship.', type: FulfilmentShape })
  @ApiResponse({
    status: 409,
    description:
      '`illegal-transition` when the order is not paid; `fulfilled-automatically`; `insufficient-units` with what is ' +
      '`left` of each line.',
    type: ProblemShape,
  })
  @ApiResponse({ status: 422, description: '`unknown-line`.', type: ProblemShape })
  async request(
    @Param('id') id: string,
    @Body() { lines, carrier }: FulfilmentInput,
    @Idempotent('money') idempotency: IdempotentRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const command = new RequestFulfilment(orderIdOf(id), lines, carrier ?? null, idempotency);
    send(reply, await this.commands.execute(command));
  }

  @Get()
  @ApiOperation({ summary: 'The fulfilments of an order' })
  @ApiParam(ORDER)
  @ApiOkResponse({ description: 'Oldest first; none while the order ships as a whole.', type: FulfilmentsShape })
  async ofOrder(@Param('id') id: string): Promise<FulfilmentsShape> {
    const order = await this.orders.find(orderIdOf(id));
    return { data: order.goods.state.fulfilments.map((fulfilment) => fulfilmentView(order.id, fulfilment)) };
  }
}
