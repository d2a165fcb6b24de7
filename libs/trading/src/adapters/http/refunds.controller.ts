import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import {
  ApiBody,
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
import { type Id, isId, Money } from '@tradewind/shared-kernel';
import {
  decodeCursor,
  Idempotent,
  type IdempotentRequest,
  IsIdOf,
  NextCursor,
  pageOf,
  PageQuery,
  withinBudget,
} from '@tradewind/shared-kernel/http';
import { Type } from 'class-transformer';
import { IsNotEmpty, IsObject, IsOptional, IsString, MaxLength, ValidateNested } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { PaymentOperations } from '../../domain/payments/payment-operations';
import { refusal } from '../../domain/refusals';
import { refundView, RequestRefund } from '../../features/refunds/request-refund';
import { TradingSettings } from '../../features/trading-settings';
import { Units, UnitsInput } from './units';
import { orderIdOf } from './orders.controller';
import { send } from './send';
import { MoneyShape, ProblemShape } from './shapes';

export class RefundInput {
  @ApiProperty({ description: 'The paid order, `ord_…`.', example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5' })
  @IsIdOf('ord')
  orderId: string;

  @ApiPropertyOptional({ description: 'How much; all that is left when neither amount nor lines are given.' })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => MoneyShape)
  amount?: MoneyShape;

  @ApiPropertyOptional({
    description: 'The price of these units, instead of an amount.',
    type: [UnitsInput],
  })
  @IsOptional()
  @Units()
  lines?: UnitsInput[];

  @ApiProperty({ description: 'Why.', example: 'damaged on arrival' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  reason: string;
}

export class RefundedLineShape {
  @ApiProperty({ description: 'Number of the line within the order.', example: 1 })
  lineNo: number;
  @ApiProperty({ description: 'Units.', example: 1 })
  quantity: number;
  @ApiProperty({ description: 'Their price.' })
  amount: MoneyShape;
}

export class RefundShape {
  @ApiProperty({ description: 'Identifier of the refund.', example: 'ref_01kc1xv8q1fwer8xv1wbq0z4b1' })
  id: string;
  @ApiProperty({ description: 'The order.', example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5' })
  orderId: string;
  @ApiProperty({
    description: '`unknown`: the gateway has not told; it is being asked.',
    enum: ['pending', 'success', 'failed', 'unknown'],
  })
  status: string;
  @ApiProperty({ description: 'What is given back.' })
  amount: MoneyShape;
  @ApiProperty({ description: 'The units whose price it is; none when it was by amount.', type: [RefundedLineShape] })
  lines: RefundedLineShape[];
  @ApiProperty({ description: 'Why.', example: 'damaged on arrival' })
  reason: string;
  @ApiProperty({ description: 'When it was asked for.', format: 'date-time', example: '2026-01-31T08:30:00.000Z' })
  requestedAt: string;
}

export class RefundsQuery extends PageQuery {
  @ApiProperty({ description: 'The order, `ord_…`.', example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5' })
  @IsIdOf('ord')
  orderId: string;
}

export class RefundPage extends NextCursor {
  @ApiProperty({ description: 'Oldest first.', type: [RefundShape] })
  data: RefundShape[];
}

const REFUND = { orderId: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5', reason: 'damaged on arrival' };
const EXAMPLES = {
  units: { summary: 'The price of units', value: { ...REFUND, lines: [{ lineNo: 1, quantity: 1 }] } },
  amount: { summary: 'An amount', value: { ...REFUND, amount: { amount: 500, currency: 'CNY' } } },
  rest: { summary: 'All that is left', value: REFUND },
};

@ApiTags('Trading')
@Controller()
export class RefundsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly operations: PaymentOperations,
    private readonly settings: TradingSettings,
  ) {}

  /** `POST /refund` is the same call under its old name. */
  @Post(['v1/refunds', 'refund'])
  @ApiOperation({
    summary: 'Give money back',
    description: 'For an order that `POST /v1/checkout` answered, once it is paid.',
  })
  @ApiBody({ type: RefundInput, examples: EXAMPLES })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: true,
    description: '1 to 255 printable ASCII characters; a repeat gets the first answer.',
    example: 'refund-4711',
  })
  @ApiCreatedResponse({ description: 'The refund; its money is set aside whatever its status.', type: RefundShape })
  @ApiResponse({ status: 404, description: '`unknown-order`.', type: ProblemShape })
  @ApiResponse({ status: 409, description: '`not-refundable`.', type: ProblemShape })
  @ApiResponse({
    status: 422,
    description: '`refund-exceeds-captured`, `amount-or-lines`, `unknown-line`.',
    type: ProblemShape,
  })
  async refund(
    @Body() { orderId, amount, lines, reason }: RefundInput,
    @Idempotent('money') idempotency: IdempotentRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (amount && lines) throw refusal('amount-or-lines', 'give an amount or lines, not both');
    if (amount?.amount === 0) throw refusal('not-refundable', 'a refund gives back more than nothing');
    const money = amount ? Money.fromJSON(amount) : undefined;
    // Both names are one call: a key used under one is known under the other.
    const key = { ...idempotency, scope: 'anonymous POST /v1/refunds' };
    const answer = await withinBudget(this.settings.timeBudgetMs, (deadline) =>
      this.commands.execute(new RequestRefund(orderIdOf(orderId), { amount: money, lines }, reason, key, deadline)),
    );
    send(reply, answer);
  }

  @Get('v1/refunds')
  @ApiOperation({ summary: 'The refunds of an order' })
  @ApiOkResponse({ description: 'One page.', type: RefundPage })
  async ofOrder(@Query() { orderId, limit, cursor }: RefundsQuery): Promise<RefundPage> {
    const after = cursor ? lastSeen(cursor) : undefined;
    const refunds = await this.operations.refundsOfOrder(orderIdOf(orderId), limit + 1, after);
    const { data, nextCursor } = pageOf(refunds, limit, ({ id }) => [id]);
    return { data: data.map(refundView), nextCursor };
  }

  @Get('v1/refunds/:id')
  @ApiOperation({ summary: 'Read a refund' })
  @ApiParam({
    name: 'id',
    description: 'Identifier of the refund, `ref_…`: `id` in the answer of `POST /v1/refunds`.',
    example: 'ref_01kc1xv8q1fwer8xv1wbq0z4b1',
  })
  @ApiOkResponse({ description: 'The refund as it stands.', type: RefundShape })
  @ApiResponse({ status: 404, description: '`unknown-refund`.', type: ProblemShape })
  async read(@Param('id') id: string): Promise<RefundShape> {
    if (!isId('ref', id)) throw refusal('unknown-refund', 'not the identifier of a refund');
    return refundView(await this.operations.findRefund(id));
  }
}

const lastSeen = (cursor: string): Id<'ref'> => decodeCursor(cursor, [(part) => isId('ref', part)])[0] as Id<'ref'>;
