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
import { isId, Money } from '@tradewind/shared-kernel';
import { Idempotent, type IdempotentRequest, IsIdOf, withinBudget } from '@tradewind/shared-kernel/http';
import { Type } from 'class-transformer';
import { IsNotEmpty, IsObject, IsOptional, IsString, MaxLength, ValidateNested } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { PaymentOperations } from '../../domain/payments/payment-operations';
import { refusal } from '../../domain/refusals';
import { refundView, RequestRefund } from '../../features/refunds/request-refund';
import { TradingSettings } from '../../features/trading-settings';
import { orderIdOf } from './orders.controller';
import { send } from './send';
import { MoneyShape, ProblemShape } from './shapes';

export class RefundInput {
  @ApiProperty({ description: 'The paid order, `ord_…`.', example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5' })
  @IsIdOf('ord')
  orderId: string;

  @ApiPropertyOptional({ description: 'How much; all that is left when absent.' })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => MoneyShape)
  amount?: MoneyShape;

  @ApiProperty({ description: 'Why.', example: 'damaged on arrival' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  reason: string;
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
  @ApiProperty({ description: 'Why.', example: 'damaged on arrival' })
  reason: string;
  @ApiProperty({ description: 'When it was asked for.', format: 'date-time', example: '2026-01-31T08:30:00.000Z' })
  requestedAt: string;
}

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
  @ApiOperation({ summary: 'Give money back' })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: true,
    description: '1 to 255 printable ASCII characters; a repeat gets the first answer.',
    example: 'refund-4711',
  })
  @ApiCreatedResponse({ description: 'The refund; its money is set aside whatever its status.', type: RefundShape })
  @ApiResponse({ status: 404, description: '`unknown-order`.', type: ProblemShape })
  @ApiResponse({ status: 409, description: '`not-refundable`.', type: ProblemShape })
  @ApiResponse({ status: 422, description: '`refund-exceeds-captured`.', type: ProblemShape })
  async refund(
    @Body() { orderId, amount, reason }: RefundInput,
    @Idempotent('money') idempotency: IdempotentRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (amount?.amount === 0) throw refusal('not-refundable', 'a refund gives back more than nothing');
    const money = amount ? Money.fromJSON(amount) : undefined;
    // Both names are one call: a key used under one is known under the other.
    const key = { ...idempotency, scope: 'anonymous POST /v1/refunds' };
    const answer = await withinBudget(this.settings.timeBudgetMs, () =>
      this.commands.execute(new RequestRefund(orderIdOf(orderId), money, reason, key)),
    );
    send(reply, answer);
  }

  @Get('v1/refunds/:id')
  @ApiOperation({ summary: 'Read a refund' })
  @ApiParam({
    name: 'id',
    description: 'Identifier of the refund, `ref_…`.',
    example: 'ref_01kc1xv8q1fwer8xv1wbq0z4b1',
  })
  @ApiOkResponse({ description: 'The refund as it stands.', type: RefundShape })
  @ApiResponse({ status: 404, description: '`unknown-refund`.', type: ProblemShape })
  async read(@Param('id') id: string): Promise<RefundShape> {
    if (!isId('ref', id)) throw refusal('unknown-refund', 'not the identifier of a refund');
    return refundView(await this.operations.findRefund(id));
  }
}
