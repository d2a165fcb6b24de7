import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { Id } from '@tradewind/shared-kernel';
import { decodeCursor, httpRefusal, IsIdOf, NextCursor, PageQuery, pageOf } from '@tradewind/shared-kernel/http';
import { IsOptional, Matches } from 'class-validator';
import { type Coupon, couponCode } from '../../domain/promotions/coupon';
import { Coupons } from '../../domain/promotions/coupons';
import { AddCoupon } from '../../features/promotions/add-coupon';
import { integer } from './field-rules';
import { ProblemShape } from './shapes';

const CODE = /^[A-Za-z0-9_-]{3,32}$/;
const MOST_USES = 2 ** 31 - 1;
const PROMOTION_ID = 'pro_01kc1xv8q1fwer8xv1wbq0z4b1';

export class CouponInput {
  @ApiProperty({
    description: '3 to 32 letters, digits, _ and -. Kept in capitals: how a buyer types it makes no difference.',
    example: 'SPRING-2026',
  })
  @Matches(CODE, { message: 'code takes 3 to 32 letters, digits, _ and -' })
  code: string;

  @ApiProperty({ description: 'The promotion it opens: one with the condition `coupon`.', example: PROMOTION_ID })
  @IsIdOf('pro')
  promotionId: Id<'pro'>;

  @ApiPropertyOptional({ description: 'Orders that may use it altogether; without limit when absent.', example: 100 })
  @IsOptional()
  @integer(1, MOST_USES)
  totalLimit?: number;

  @ApiPropertyOptional({
    description: 'Orders of one buyer that may use it; then only for known buyers. Without limit when absent.',
    example: 1,
  })
  @IsOptional()
  @integer(1, MOST_USES)
  perBuyerLimit?: number;
}

export class CouponQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'Only coupons of this promotion, `pro_…`.', example: PROMOTION_ID })
  @IsOptional()
  @IsIdOf('pro')
  promotionId?: Id<'pro'>;
}

export class CouponShape {
  @ApiProperty({ description: 'What buyers type, in capitals.', example: 'SPRING-2026' })
  code: string;
  @ApiProperty({ description: 'The promotion it opens.', example: PROMOTION_ID })
  promotionId: string;
  @ApiProperty({ description: 'Orders that may use it; null: any number.', type: Number, nullable: true, example: 100 })
  totalLimit: number | null;
  @ApiProperty({ description: 'The same for each buyer.', type: Number, nullable: true, example: 1 })
  perBuyerLimit: number | null;
  @ApiProperty({ description: 'Orders that use it; a cancelled one has given it back.', example: 0 })
  used: number;
}

export class CouponPage extends NextCursor {
  @ApiProperty({ description: 'By code.', type: [CouponShape] })
  data: CouponShape[];
}

@ApiTags('Promotions')
@Controller('v1/coupons')
export class CouponsController {
  constructor(
    private readonly coupons: Coupons,
    private readonly addCoupon: AddCoupon,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Create a coupon of a promotion' })
  @ApiCreatedResponse({ description: 'Buyers can use it as soon as its promotion is active.', type: CouponShape })
  @ApiResponse({ status: 404, description: '`unknown-promotion`.', type: ProblemShape })
  @ApiResponse({ status: 409, description: '`coupon-exists`; `promotion-stopped`.', type: ProblemShape })
  @ApiResponse({ status: 422, description: '`promotion-takes-no-coupon`.', type: ProblemShape })
  async create(@Body() { code, promotionId, totalLimit, perBuyerLimit }: CouponInput): Promise<CouponShape> {
    const coupon = {
      code: couponCode(code),
      promotionId,
      totalLimit: totalLimit ?? null,
      perBuyerLimit: perBuyerLimit ?? null,
      used: 0,
    };
    await this.addCoupon.add(coupon);
    return coupon;
  }

  @Get()
  @ApiOperation({ summary: 'List coupons' })
  @ApiOkResponse({ description: 'One page of coupons.', type: CouponPage })
  async list(@Query() { promotionId, limit, cursor }: CouponQuery): Promise<CouponPage> {
    const [after] = cursor ? decodeCursor(cursor, [(part) => CODE.test(part)]) : [];
    return pageOf<Coupon>(await this.coupons.list({ promotionId, limit, after }), limit, ({ code }) => [code]);
  }

  @Get(':code')
  @ApiOperation({ summary: 'Read a coupon' })
  @ApiParam({ name: 'code', description: 'The code, in whatever case.', example: 'WELCOME-10' })
  @ApiOkResponse({ description: 'The coupon with how often it is used.', type: CouponShape })
  @ApiResponse({ status: 404, description: '`not-found`.', type: ProblemShape })
  async read(@Param('code') code: string): Promise<CouponShape> {
    const found = CODE.test(code) ? await this.coupons.find(couponCode(code)) : undefined;
    if (!found) throw httpRefusal('not-found', 'no such coupon');
    return found;
  }
}
