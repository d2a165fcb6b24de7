import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
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
import { type Id, isId } from '@tradewind/shared-kernel';
import {
  decodeCursor,
  Idempotent,
  type IdempotentRequest,
  IsIdOf,
  NextCursor,
  pageOf,
  PageQuery,
} from '@tradewind/shared-kernel/http';
import { IsBoolean, IsIn, IsNotEmpty, IsOptional, IsString, MaxLength } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { refusal } from '../../domain/refusals';
import { Returns } from '../../domain/returns/return';
import { DecideReturn, ReceiveReturn, RequestReturn, returnView } from '../../features/returns/return-goods';
import { orderIdOf } from './orders.controller';
import { send } from './send';
import { ProblemShape } from './shapes';
import { Units, UnitsInput } from './units';

export class ReturnInput {
  @ApiProperty({ description: 'The order, `ord_…`.', example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5' })
  @IsIdOf('ord')
  orderId: string;

  @ApiProperty({ description: 'What comes back: units that arrived.', type: [UnitsInput] })
  @Units()
  lines: UnitsInput[];

  @ApiProperty({ description: 'Why.', example: 'too small' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  reason: string;
}

export class DecisionInput extends UnitsInput {
  @ApiProperty({ description: 'Whether these units are paid back.', enum: ['accepted', 'rejected'] })
  @IsIn(['accepted', 'rejected'])
  outcome: 'accepted' | 'rejected';

  @ApiPropertyOptional({ description: 'Put accepted units on the shelf again.', default: false, example: true })
  @IsOptional()
  @IsBoolean()
  restock?: boolean;
}

export class DecisionsInput {
  @ApiProperty({
    description: 'Every unit of the return, each once; a line may be named twice.',
    type: [DecisionInput],
  })
  @Units(DecisionInput)
  lines: DecisionInput[];
}

export class DecisionShape extends UnitsInput {
  @ApiProperty({ description: 'Whether these units are paid back.', enum: ['accepted', 'rejected'] })
  outcome: string;
  @ApiProperty({ description: 'Whether they were put on the shelf again.', example: true })
  restock: boolean;
}

export class ReturnShape {
  @ApiProperty({ description: 'Identifier of the return.', example: 'ret_01kc1xv8q1fwer8xv1wbq0z4d1' })
  id: string;
  @ApiProperty({ description: 'The order.', example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5' })
  orderId: string;
  @ApiProperty({ description: 'Where it is.', enum: ['requested', 'received', 'decided'] })
  status: string;
  @ApiProperty({ description: 'Why it comes back.', example: 'too small' })
  reason: string;
  @ApiProperty({ description: 'What comes back.', type: [UnitsInput] })
  lines: UnitsInput[];
  @ApiProperty({ description: 'What was decided; none before.', type: [DecisionShape] })
  decisions: DecisionShape[];
  @ApiProperty({
    description: 'The refund of the accepted units; null when there was nothing to give back.',
    type: String,
    nullable: true,
    example: 'ref_01kc1xv8q1fwer8xv1wbq0z4b1',
  })
  refundId: string | null;
  @ApiProperty({ description: 'When it was announced.', format: 'date-time', example: '2026-01-31T08:30:00.000Z' })
  requestedAt: string;
  @ApiProperty({ description: 'When it was here.', type: String, format: 'date-time', nullable: true, example: null })
  receivedAt: string | null;
  @ApiProperty({
    description: 'When it was decided.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: null,
  })
  decidedAt: string | null;
}

export class ReturnsQuery extends PageQuery {
  @ApiProperty({ description: 'The order, `ord_…`.', example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5' })
  @IsIdOf('ord')
  orderId: string;
}

export class ReturnPage extends NextCursor {
  @ApiProperty({ description: 'Oldest first.', type: [ReturnShape] })
  data: ReturnShape[];
}

const KEY = {
  name: 'Idempotency-Key',
  required: true,
  description: '1 to 255 printable ASCII characters; a repeat gets the first answer.',
  example: 'return-4711',
};
const RETURN = {
  name: 'id',
  description: 'Identifier of the return, `ret_…`: `id` in the answer of `POST /v1/returns`.',
  example: 'ret_01kc1xv8q1fwer8xv1wbq0z4d1',
};

@ApiTags('Trading')
@Controller('v1/returns')
export class ReturnsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly returns: Returns,
  ) {}

  @Post()
  @ApiOperation({
    summary: 'Announce that delivered units come back',
    description:
      'For an order whose waybill is `DELIVERED`: `POST /v1/carriers/{carrier}/callbacks/{secret}` has an example that ' +
      'tells so.',
  })
  @ApiHeader(KEY)
  @ApiCreatedResponse({ description: 'The return.', type: ReturnShape })
  @ApiResponse({ status: 404, description: '`unknown-order`.', type: ProblemShape })
  @ApiResponse({
    status: 409,
    description: '`insufficient-units` with what is `left` of each line: units that arrived and that no return names.',
    type: ProblemShape,
  })
  @ApiResponse({ status: 422, description: '`unknown-line`.', type: ProblemShape })
  async request(
    @Body() { orderId, lines, reason }: ReturnInput,
    @Idempotent('money') idempotency: IdempotentRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    send(reply, await this.commands.execute(new RequestReturn(orderIdOf(orderId), lines, reason, idempotency)));
  }

  @Get()
  @ApiOperation({ summary: 'The returns of an order' })
  @ApiOkResponse({ description: 'One page.', type: ReturnPage })
  async ofOrder(@Query() { orderId, limit, cursor }: ReturnsQuery): Promise<ReturnPage> {
    const returns = await this.returns.ofOrder(orderIdOf(orderId), limit + 1, cursor ? lastSeen(cursor) : undefined);
    const { data, nextCursor } = pageOf(returns, limit, ({ id }) => [id]);
    return { data: data.map(returnView), nextCursor };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read a return' })
  @ApiParam(RETURN)
  @ApiOkResponse({ description: 'The return as it stands.', type: ReturnShape })
  @ApiResponse({ status: 404, description: '`unknown-return`.', type: ProblemShape })
  async read(@Param('id') id: string): Promise<ReturnShape> {
    return returnView(await this.returns.find(returnIdOf(id)));
  }

  @Post(':id/receive')
  @HttpCode(200)
  @ApiOperation({ summary: 'The goods of a return are here' })
  @ApiParam(RETURN)
  @ApiHeader(KEY)
  @ApiOkResponse({ description: 'The return.', type: ReturnShape })
  @ApiResponse({ status: 404, description: '`unknown-return`.', type: ProblemShape })
  @ApiResponse({ status: 409, description: '`illegal-return-step` with `from` and `step`.', type: ProblemShape })
  async receive(
    @Param('id') id: string,
    @Idempotent('money') idempotency: IdempotentRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    send(reply, await this.commands.execute(new ReceiveReturn(returnIdOf(id), idempotency)));
  }

  /** Accepted units are paid back, as far as their price was not given back before. */
  @Post(':id/decide')
  @HttpCode(200)
  @ApiOperation({ summary: 'Accept or reject the units of a return' })
  @ApiParam(RETURN)
  @ApiHeader(KEY)
  @ApiOkResponse({ description: 'The return, with its refund.', type: ReturnShape })
  @ApiResponse({ status: 404, description: '`unknown-return`.', type: ProblemShape })
  @ApiResponse({ status: 409, description: '`illegal-return-step` with `from` and `step`.', type: ProblemShape })
  @ApiResponse({ status: 422, description: '`invalid-decision`.', type: ProblemShape })
  async decide(
    @Param('id') id: string,
    @Body() { lines }: DecisionsInput,
    @Idempotent('money') idempotency: IdempotentRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const decisions = lines.map(({ restock, ...line }) => ({ ...line, restock: restock ?? false }));
    send(reply, await this.commands.execute(new DecideReturn(returnIdOf(id), decisions, idempotency)));
  }
}

function returnIdOf(text: string): Id<'ret'> {
  if (!isId('ret', text)) throw refusal('unknown-return', 'not the identifier of a return');
  return text;
}

const lastSeen = (cursor: string): Id<'ret'> => decodeCursor(cursor, [(part) => isId('ret', part)])[0] as Id<'ret'>;
