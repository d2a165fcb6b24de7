import { Body, Controller, Get, HttpCode, Param, Post, Put, Query, Res } from '@nestjs/common';
import {
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { Clock, type Id, isId } from '@tradewind/shared-kernel';
import { decodeCursor, isTimeText, IsTime, NextCursor, PageQuery, pageOf } from '@tradewind/shared-kernel/http';
import { IsInt, IsOptional, IsString } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { badgeOf } from '../../domain/buyers/badge';
import { Buyer, memberNumberOf, MOST_LEVEL, MOST_NICKNAME_BYTES } from '../../domain/buyers/buyer';
import { Buyers, type ScoredBuyer } from '../../domain/buyers/buyers';
import { refusal } from '../../domain/refusals';
import { BUYER_ID, buyerIdOf, buyerInPath } from './buyer-id';
import { ProblemShape } from './shapes';

const memberNumber = {
  description: 'Member number of the shop: a signed 64-bit integer as a decimal string.',
  example: '1001',
};

export class BuyerInput {
  @ApiProperty(memberNumber)
  @IsString()
  memberNumber: string;

  @ApiProperty({
    description: `What the buyer is called, at most ${MOST_NICKNAME_BYTES} bytes of UTF-8.`,
    example: '小明',
  })
  @IsString()
  nickname: string;

  @ApiPropertyOptional({ description: `Set by the shop, 0 to ${MOST_LEVEL}.`, default: 0, example: 3 })
  @IsOptional()
  @IsInt()
  level?: number;
}

export class LoginInput {
  @ApiProperty({
    description: 'When, as RFC 3339 with the offset of the place; the offset is kept.',
    example: '2026-01-31T08:30:00+08:00',
  })
  @IsTime()
  at: string;
}

export class BuyerQuery extends PageQuery {
  @ApiPropertyOptional({ ...memberNumber, description: 'Only the buyer with this member number.' })
  @IsOptional()
  @IsString()
  memberNumber?: string;
}

export class BadgeShape {
  @ApiProperty({ description: 'What is shown.', enum: ['gold', 'silver', 'bronze'], example: 'silver' })
  name: string;
  @ApiProperty({
    description: 'The rule that gave it. A1: level 3 or more and more than 5000 points. A2: exactly one of the two.',
    enum: ['A1', 'A2', null],
    type: String,
    nullable: true,
    example: 'A2',
  })
  rule: string | null;
}

export class BuyerShape {
  @ApiProperty({ description: 'Identifier of the buyer.', example: 'buy_01kc1xv8q1fwer8xv1wbq0z4a8' })
  id: string;
  @ApiProperty(memberNumber)
  memberNumber: string;
  @ApiProperty({ description: 'What the buyer is called.', example: '小明' })
  nickname: string;
  @ApiProperty({ description: 'Set by the shop.', example: 3 })
  level: number;
  @ApiProperty({ description: 'Sum of the points ledger; below 0 when spent points were taken back.', example: 5000 })
  points: number;
  @ApiProperty({ description: 'From level and points.' })
  badge: BadgeShape;
  @ApiProperty({
    description: 'The latest login that was reported, with its offset.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: '2026-01-31T08:30:00+08:00',
  })
  lastLogin: string | null;
  @ApiProperty({ description: 'RFC 3339, UTC.', format: 'date-time', example: '2026-01-31T08:30:00.000Z' })
  registeredAt: string;
}

export class BuyerPage extends NextCursor {
  @ApiProperty({ description: 'Registered last, first.', type: [BuyerShape] })
  data: BuyerShape[];
}

const PATH_ID = {
  name: 'id',
  description: 'Identifier of the buyer, `buy_…` or its UUID.',
  example: 'buy_01kc1xv8q1fwer8xv1wbq0z4a8',
};

@ApiTags('Buyers')
@Controller('v1/buyers')
export class BuyersController {
  constructor(
    private readonly buyers: Buyers,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List buyers' })
  @ApiOkResponse({ description: 'One page of buyers.', type: BuyerPage })
  async list(@Query() { limit, cursor, memberNumber: wanted }: BuyerQuery): Promise<BuyerPage> {
    const [registeredAt, id] = cursor ? decodeCursor(cursor, [isTimeText, (part) => isId('buy', part)]) : [];
    const after = registeredAt ? { registeredAt: new Date(registeredAt), id: id as Id<'buy'> } : undefined;
    const found = await this.buyers.list({
      memberNumber: wanted === undefined ? undefined : memberNumberOf(wanted),
      limit,
      after,
    });
    return pageOf(found.map(buyerShape), limit, (buyer) => [buyer.registeredAt, buyer.id]);
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read a buyer' })
  @ApiParam(PATH_ID)
  @ApiOkResponse({ description: 'The buyer with points and badge.', type: BuyerShape })
  @ApiResponse({ status: 404, description: '`unknown-buyer`.', type: ProblemShape })
  async read(@Param('id') id: string): Promise<BuyerShape> {
    return buyerShape(await this.buyers.find(buyerInPath(id)));
  }

  @Put(':id')
  @ApiOperation({ summary: 'Register a buyer or replace the profile' })
  @ApiParam(PATH_ID)
  @ApiOkResponse({ description: 'Replaced.', type: BuyerShape })
  @ApiResponse({ status: 201, description: 'Registered.', type: BuyerShape })
  @ApiResponse({
    status: 400,
    description: '`nickname-too-long`, `malformed-nickname`, `malformed-member-number`, `level-out-of-range`.',
    type: ProblemShape,
  })
  @ApiResponse({ status: 409, description: '`member-number-taken`.', type: ProblemShape })
  async put(
    @Param('id') given: string,
    @Body() input: BuyerInput,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BuyerShape> {
    if (!BUYER_ID.test(given)) throw refusal('malformed-buyer-id', 'name the buyer by buy_… or a UUID');
    const id = buyerIdOf(given);
    const { nickname, level = 0 } = input;
    const profile = { memberNumber: memberNumberOf(input.memberNumber), nickname, level };
    const { created, buyer } = await this.buyers.save(id, (known) => {
      if (!known) return Buyer.register(id, profile, this.clock.now());
      known.update(profile);
      return known;
    });
    void reply.status(created ? 201 : 200);
    return buyerShape(buyer);
  }

  @Post(':id/logins')
  @HttpCode(200)
  @ApiOperation({ summary: 'Tell of a login' })
  @ApiParam(PATH_ID)
  @ApiOkResponse({ description: 'The buyer; an older login than the known one changes nothing.', type: BuyerShape })
  @ApiResponse({ status: 404, description: '`unknown-buyer`.', type: ProblemShape })
  @ApiResponse({ status: 422, description: '`login-in-future`: more than five minutes ahead.', type: ProblemShape })
  async logIn(@Param('id') given: string, @Body() { at }: LoginInput): Promise<BuyerShape> {
    const id = buyerInPath(given);
    const { buyer } = await this.buyers.save(id, (known) => {
      if (!known) throw refusal('unknown-buyer', `no buyer ${id}`);
      known.logIn(at, this.clock.now());
      return known;
    });
    return buyerShape(buyer);
  }
}

function buyerShape({ buyer, points }: ScoredBuyer): BuyerShape {
  const { id, memberNumber: number, nickname, level, lastLogin, registeredAt } = buyer.state;
  return {
    id,
    memberNumber: String(number),
    nickname,
    level,
    points: Number(points),
    badge: badgeOf(level, points),
    lastLogin,
    registeredAt: registeredAt.toISOString(),
  };
}
