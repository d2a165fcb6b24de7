import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
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
import { Idempotent, type IdempotentRequest, NextCursor, PageQuery } from '@tradewind/shared-kernel/http';
import { IsInt, IsNotEmpty, IsOptional, IsString, Max, MaxLength, Min, NotEquals } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { Catalogue } from '../../domain/stock/catalogue';
import type { HandKind } from '../../domain/stock/stock-by-hand';
import { type MovementReason, MOVEMENTS } from '../../domain/stock/stock-movement';
import { MoveStock, noSuchSku } from '../../features/stock/move-stock';
import { StockRows } from '../persistence/stock/stock-rows';
import { send } from './send';
import { ProblemShape } from './shapes';
import { isSku, MOST_UNITS, SkuShape } from './skus.controller';

export class AdjustmentInput {
  @ApiProperty({ description: 'Units more (or, negative, fewer) than the books say; not 0.', example: -2 })
  @IsInt()
  @Min(-MOST_UNITS)
  @Max(MOST_UNITS)
  @NotEquals(0)
  delta: number;

  @ApiProperty({ description: 'Why, up to 200 characters.', example: 'two cups broke' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  reason: string;
}

export class ReceiptInput {
  @ApiProperty({ description: 'Units that arrived.', example: 500 })
  @IsInt()
  @Min(1)
  @Max(MOST_UNITS)
  quantity: number;

  @ApiPropertyOptional({
    description: 'The paper they came with, up to 200 characters.',
    example: 'delivery note 4711',
  })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  reference?: string;
}

export class ShortfallInput {
  @ApiProperty({ description: 'Units that should be there and are not.', example: 3 })
  @IsInt()
  @Min(1)
  @Max(MOST_UNITS)
  quantity: number;

  @ApiProperty({ description: 'Why, up to 200 characters.', example: 'not found at the yearly count' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  reason: string;
}

export class AffectedOrder {
  @ApiProperty({ description: 'The order.', example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5' })
  orderId: string;
  @ApiProperty({ description: 'Where it is.', enum: ['created', 'paid'] })
  status: string;
}

export class ShortfallShape extends SkuShape {
  @ApiProperty({
    description: 'While reserved units are missing, the orders that may hold them, newest first, at most 100.',
    type: [AffectedOrder],
  })
  affectedOrders: AffectedOrder[];
}

export class MovementShape {
  @ApiProperty({ description: 'When it was written.', format: 'date-time', example: '2026-01-31T08:30:00.000Z' })
  at: string;
  @ApiProperty({ description: 'What happened to the units.', enum: Object.keys(MOVEMENTS) })
  kind: string;
  @ApiProperty({ description: 'Units; negative only in an adjustment downwards.', example: 2 })
  quantity: number;
  @ApiProperty({ description: 'By how much it changed `onHand`.', example: 0 })
  deltaOnHand: number;
  @ApiProperty({ description: 'By how much it changed `reserved`.', example: 2 })
  deltaReserved: number;
  @ApiProperty({
    description: 'The order that moved them; its timeline tells who acted.',
    type: String,
    nullable: true,
    example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5',
  })
  orderId: string | null;
  @ApiProperty({ description: 'What people said.', type: String, nullable: true, example: null })
  reason: string | null;
  @ApiProperty({ description: 'The paper it is on.', type: String, nullable: true, example: null })
  reference: string | null;
  @ApiProperty({ description: 'Who moved them by hand.', type: String, nullable: true, example: null })
  actor: string | null;
  @ApiProperty({ description: 'The request that did.', type: String, nullable: true, example: null })
  requestId: string | null;
}

export class MovementPage extends NextCursor {
  @ApiProperty({ description: 'Newest first.', type: [MovementShape] })
  data: MovementShape[];
}

const KEY = (example: string) => ({
  name: 'Idempotency-Key',
  required: true,
  description: '1 to 255 printable ASCII characters; a repeat gets the first answer.',
  example,
});

@ApiTags('Trading')
@ApiParam({ name: 'sku', description: 'Stock keeping unit.', example: 'SKU-1' })
@ApiResponse({ status: 404, description: '`not-found`.', type: ProblemShape })
@Controller('v1/skus/:sku')
export class StockController {
  constructor(
    private readonly commands: CommandBus,
    private readonly catalogue: Catalogue,
    private readonly stock: StockRows,
  ) {}

  @Get('movements')
  @ApiOperation({ summary: 'Everything that moved the stock of a SKU' })
  @ApiOkResponse({ description: 'One page of its ledger.', type: MovementPage })
  async movements(@Param('sku') sku: string, @Query() { limit, cursor }: PageQuery): Promise<MovementPage> {
    const { data, nextCursor } = await this.stock.ledger(known(sku), limit, cursor);
    if (data.length === 0 && !(await this.catalogue.find(sku))) throw noSuchSku();
    return {
      data: data.map((row) => ({
        at: row.at.toISOString(),
        kind: row.kind,
        quantity: Number(row.quantity),
        deltaOnHand: Number(row.deltaOnHand),
        deltaReserved: Number(row.deltaReserved),
        orderId: row.orderId,
        reason: row.reason,
        reference: row.reference,
        actor: row.actor,
        requestId: row.requestId,
      })),
      nextCursor,
    };
  }

  @Post('adjustments')
  @ApiOperation({ summary: 'Put the count of a SKU right' })
  @ApiHeader(KEY('adjustment-4711'))
  @ApiCreatedResponse({ description: 'The SKU after it.', type: SkuShape })
  @ApiResponse({ status: 409, description: '`stock-reserved`: it would take reserved units.', type: ProblemShape })
  @ApiResponse({ status: 422, description: '`too-many-units`.', type: ProblemShape })
  async adjust(
    @Param('sku') sku: string,
    @Body() { delta, reason }: AdjustmentInput,
    @Idempotent('money') idempotency: IdempotentRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.#move(sku, 'adjust', delta, { reason, reference: null }, idempotency, reply);
  }

  @Post('receipts')
  @ApiOperation({ summary: 'Take goods in' })
  @ApiHeader(KEY('receipt-4711'))
  @ApiCreatedResponse({ description: 'The SKU after it.', type: SkuShape })
  @ApiResponse({ status: 422, description: '`too-many-units`.', type: ProblemShape })
  async receive(
    @Param('sku') sku: string,
    @Body() { quantity, reference }: ReceiptInput,
    @Idempotent('money') idempotency: IdempotentRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.#move(sku, 'receive', quantity, { reason: null, reference: reference ?? null }, idempotency, reply);
  }

  @Post('shortfalls')
  @ApiOperation({
    summary: 'Report that fewer units are there than there should be',
    description:
      'What is free is written off at once, so that nobody buys it. The rest is missing from what orders hold: it stays in ' +
      '`onHand` until units are free again (an order of `affectedOrders` is cancelled, a hold expires, goods come in) and is ' +
      'written off then, before anybody can buy them.',
  })
  @ApiHeader(KEY('shortfall-4711'))
  @ApiCreatedResponse({ description: 'The SKU after it, and who waits for what is missing.', type: ShortfallShape })
  @ApiResponse({ status: 422, description: '`shortfall-exceeds-stock`.', type: ProblemShape })
  async fallShort(
    @Param('sku') sku: string,
    @Body() { quantity, reason }: ShortfallInput,
    @Idempotent('money') idempotency: IdempotentRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.#move(sku, 'shortfall', quantity, { reason, reference: null }, idempotency, reply);
  }

  async #move(
    sku: string,
    kind: HandKind,
    quantity: number,
    why: MovementReason,
    idempotency: IdempotentRequest,
    reply: FastifyReply,
  ): Promise<void> {
    send(reply, await this.commands.execute(new MoveStock(known(sku), kind, BigInt(quantity), why, idempotency)));
  }
}

function known(sku: string): string {
  if (!isSku(sku)) throw noSuchSku();
  return sku;
}
