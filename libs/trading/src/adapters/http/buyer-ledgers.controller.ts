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
import { type Id, isId, Money } from '@tradewind/shared-kernel';
import {
  decodeCursor,
  Idempotent,
  type IdempotentRequest,
  NextCursor,
  pageOf,
  PageQuery,
} from '@tradewind/shared-kernel/http';
import { Type } from 'class-transformer';
import {
  IsInt,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import type { FastifyReply } from 'fastify';
import { BalanceLedger } from '../../domain/buyers/balance-ledger';
import { Buyers } from '../../domain/buyers/buyers';
import { PointLedger } from '../../domain/buyers/point-ledger';
import { refusal } from '../../domain/refusals';
import { AdjustPoints, pointEntryView } from '../../features/buyers/adjust-points';
import { balanceEntryView, CreditBalance } from '../../features/buyers/credit-balance';
import { buyerInPath } from './buyer-id';
import { send } from './send';
import { MoneyShape, ProblemShape } from './shapes';

const MOST_POINTS = 1_000_000_000;

class WhyInput {
  @ApiProperty({ description: 'Why, for people who look at the ledger later.', example: 'welcome gift' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  reason: string;

  @ApiPropertyOptional({ description: "The shop's own reference, up to 64 characters.", example: 'gift-4711' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  reference?: string;
}

export class PointsInput extends WhyInput {
  @ApiProperty({ description: `Points to add, or to take when negative; up to ${MOST_POINTS}.`, example: 500 })
  @IsInt()
  @Min(-MOST_POINTS)
  @Max(MOST_POINTS)
  points: number;
}

export class CreditInput extends WhyInput {
  @ApiProperty({ description: 'What is put into store, more than 0.' })
  @IsObject()
  @ValidateNested()
  @Type(() => MoneyShape)
  amount: MoneyShape;
}

class EntryShape {
  @ApiProperty({ description: 'The order it belongs to.', type: String, nullable: true, example: null })
  orderId: string | null;
  @ApiProperty({ description: 'The refund that caused it.', type: String, nullable: true, example: null })
  refundId: string | null;
  @ApiProperty({ description: 'Why, when the shop did it.', type: String, nullable: true, example: 'welcome gift' })
  reason: string | null;
  @ApiProperty({ description: "The shop's own reference.", type: String, nullable: true, example: 'gift-4711' })
  reference: string | null;
  @ApiProperty({ description: 'RFC 3339, UTC.', format: 'date-time', example: '2026-01-31T08:30:00.000Z' })
  recordedAt: string;
}

export class PointEntryShape extends EntryShape {
  @ApiProperty({ description: 'Identifier of the line.', example: 'pnt_01kc1xv8q1fwer8xv1wbq0z4c1' })
  id: string;
  @ApiProperty({
    description: '`given-back`: a refund that had taken points back failed later. `adjusted`: by the shop.',
    enum: ['earned', 'taken-back', 'given-back', 'adjusted'],
    example: 'adjusted',
  })
  kind: string;
  @ApiProperty({ description: 'Signed.', example: 500 })
  points: number;
}

export class PointPage extends NextCursor {
  @ApiProperty({ description: 'Newest first.', type: [PointEntryShape] })
  data: PointEntryShape[];
}

export class SignedMoneyShape {
  @ApiProperty({ description: 'Integer minor units, negative when it was taken.', example: 10000 })
  amount: number;
  @ApiProperty({ description: 'ISO 4217 code.', example: 'CNY' })
  currency: string;
}

export class BalanceEntryShape extends EntryShape {
  @ApiProperty({ description: 'Identifier of the line.', example: 'bal_01kc1xv8q1fwer8xv1wbq0z4c2' })
  id: string;
  @ApiProperty({
    description: '`payment`: taken by an order; `refund`: given back.',
    enum: ['credit', 'payment', 'refund'],
    example: 'credit',
  })
  kind: string;
  @ApiProperty({ description: 'Signed.' })
  amount: SignedMoneyShape;
}

export class BalanceEntryPage extends NextCursor {
  @ApiProperty({ description: 'Newest first.', type: [BalanceEntryShape] })
  data: BalanceEntryShape[];
}

export class BalanceShape {
  @ApiProperty({ description: 'One for each currency that the buyer ever had.', type: [MoneyShape] })
  data: MoneyShape[];
}

const KEY = {
  name: 'Idempotency-Key',
  required: true,
  description: '1 to 255 printable ASCII characters; a repeat gets the first answer.',
  example: 'gift-4711',
};

/** What buyers earned and what they have in store; both are append-only ledgers, and a sum of their lines is what counts. */
@ApiTags('Buyers')
@ApiParam({
  name: 'id',
  description: 'Identifier of the buyer, `buy_…` or its UUID.',
  example: 'buy_01kc1xv8q1fwer8xv1wbq0z4a8',
})
@ApiResponse({ status: 404, description: '`unknown-buyer`.', type: ProblemShape })
@Controller('v1/buyers/:id')
export class BuyerLedgersController {
  constructor(
    private readonly commands: CommandBus,
    private readonly buyers: Buyers,
    private readonly points: PointLedger,
    private readonly balance: BalanceLedger,
  ) {}

  @Get('points')
  @ApiOperation({ summary: 'The ledger of points' })
  @ApiOkResponse({ description: 'One page of lines.', type: PointPage })
  async listPoints(@Param('id') given: string, @Query() { limit, cursor }: PageQuery): Promise<PointPage> {
    const id = await this.#known(given);
    const entries = await this.points.entries(id, limit, afterOf('pnt', cursor));
    return pageOf(entries.map(pointEntryView), limit, (entry) => [entry.id]);
  }

  @Post('points')
  @ApiOperation({ summary: 'Add or take points' })
  @ApiHeader(KEY)
  @ApiCreatedResponse({ description: 'The line.', type: PointEntryShape })
  @ApiResponse({ status: 400, description: '`nothing-to-record`.', type: ProblemShape })
  async adjust(
    @Param('id') given: string,
    @Body() { points, reason, reference }: PointsInput,
    @Idempotent('money') idempotency: IdempotentRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (points === 0) throw refusal('nothing-to-record', 'an adjustment is of at least one point');
    const id = buyerInPath(given);
    const why = { reason, reference: reference ?? null };
    send(reply, await this.commands.execute(new AdjustPoints(id, BigInt(points), why, idempotency)));
  }

  @Get('balance')
  @ApiOperation({ summary: 'What a buyer has in store' })
  @ApiOkResponse({ description: 'The balances.', type: BalanceShape })
  async balances(@Param('id') given: string): Promise<BalanceShape> {
    const balances = await this.balance.balances(await this.#known(given));
    return { data: balances.map((balance) => balance.toJSON()) };
  }

  @Get('balance/entries')
  @ApiOperation({ summary: 'The ledger of what a buyer has in store' })
  @ApiOkResponse({ description: 'One page of lines.', type: BalanceEntryPage })
  async listBalance(@Param('id') given: string, @Query() { limit, cursor }: PageQuery): Promise<BalanceEntryPage> {
    const id = await this.#known(given);
    const entries = await this.balance.entries(id, limit, afterOf('bal', cursor));
    return pageOf(entries.map(balanceEntryView), limit, (entry) => [entry.id]);
  }

  @Post('balance/credits')
  @ApiOperation({ summary: 'Put money into store' })
  @ApiHeader(KEY)
  @ApiCreatedResponse({ description: 'The line.', type: BalanceEntryShape })
  @ApiResponse({ status: 400, description: '`nothing-to-record`.', type: ProblemShape })
  @ApiResponse({ status: 422, description: '`amount-too-large`.', type: ProblemShape })
  async credit(
    @Param('id') given: string,
    @Body() { amount, reason, reference }: CreditInput,
    @Idempotent('money') idempotency: IdempotentRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (amount.amount === 0) throw refusal('nothing-to-record', 'a credit is of more than nothing');
    const id = buyerInPath(given);
    const why = { reason, reference: reference ?? null };
    send(reply, await this.commands.execute(new CreditBalance(id, Money.fromJSON(amount), why, idempotency)));
  }

  async #known(given: string): Promise<Id<'buy'>> {
    const id = buyerInPath(given);
    await this.buyers.find(id);
    return id;
  }
}

function afterOf<Prefix extends string>(prefix: Prefix, cursor: string | undefined): Id<Prefix> | undefined {
  return cursor ? (decodeCursor(cursor, [(part) => isId(prefix, part)])[0] as Id<Prefix>) : undefined;
}
