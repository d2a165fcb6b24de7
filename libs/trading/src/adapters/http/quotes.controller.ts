import { Body, Controller, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import {
  ApiCreatedResponse,
  ApiOperation,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsISO31661Alpha2, IsObject, IsOptional, ValidateNested } from 'class-validator';
import { BuyerLimits } from '../../features/checkout/buyer-limits';
import { QuoteBasket } from '../../features/pricing/quote-basket';
import type { QuoteView } from '../../features/pricing/quoting';
import { AddressInput, BasketInput, quotedRequestOf } from './basket-input';
import { buyerIdOf } from './buyer-id';
import { AdjustmentShape, ExplanationShape, ReasonShape } from './promotion-shapes';
import { AmountsShape, PricedLineShape, ProblemShape } from './shapes';
import { ShippingRateShape } from './shipping-rates.controller';
import { TaxRateShape } from './tax-rates.controller';

export class QuoteInput extends BasketInput {
  @ApiPropertyOptional({
    description: 'Where it goes, when that is known. Only its country is looked at, and none of it kept.',
  })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => AddressInput)
  shippingAddress?: AddressInput;

  @ApiPropertyOptional({ description: 'Where it goes, without an address: ISO 3166-1 alpha-2.', example: 'CN' })
  @IsOptional()
  @IsISO31661Alpha2()
  country?: string;
}

export class QuoteLineShape extends PricedLineShape {
  @ApiProperty({ description: 'Units of the SKU that nobody holds now.', example: 98 })
  available: number;
  @ApiProperty({ description: 'Whether they suffice for all lines of the SKU together.', example: true })
  isAvailable: boolean;
}

export class CouponOutcomeShape {
  @ApiProperty({ description: 'The coupon, in capitals.', example: 'SPRING' })
  code: string;
  @ApiProperty({ description: 'The promotion that it opens.', example: 'pro_01kc1xv8q1fwer8xv1wbq0z4b1' })
  promotionId: string;
  @ApiProperty({ description: 'Whether the price depends on it.', example: true })
  used: boolean;
  @ApiProperty({ description: 'Why.', type: [ReasonShape] })
  reasons: ReasonShape[];
}

export class QuoteShape extends AmountsShape {
  @ApiProperty({
    description: 'Give it to the checkout of the same basket to be charged these prices.',
    example: 'Zt2pqJLaM8XNnXwGC3Zj8oIpzLlKmcE6kQnTzR0aJ1A',
  })
  quoteHash: string;
  @ApiProperty({
    description: 'Until when the prices count. RFC 3339, UTC.',
    format: 'date-time',
    example: '2026-01-31T08:45:00.000Z',
  })
  expiresAt: string;
  @ApiProperty({ description: 'What was asked for, and gifts behind it.', type: [QuoteLineShape] })
  lines: QuoteLineShape[];
  @ApiProperty({ description: 'The tax rate that counted.', type: TaxRateShape, nullable: true })
  taxRate: TaxRateShape | null;
  @ApiProperty({ description: 'The shipping rate that counted.', type: ShippingRateShape, nullable: true })
  shippingRate: ShippingRateShape | null;
  @ApiProperty({ description: 'What each promotion took off the lines and the shipping.', type: [AdjustmentShape] })
  discounts: AdjustmentShape[];
  @ApiProperty({ description: 'What became of the coupons.', type: [CouponOutcomeShape] })
  coupons: CouponOutcomeShape[];
  @ApiProperty({
    description: 'Every promotion that was considered, with why it applied or did not.',
    type: [ExplanationShape],
  })
  explanation: ExplanationShape[];
}

@ApiTags('Trading')
@Controller('v1/quotes')
export class QuotesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly limits: BuyerLimits,
  ) {}

  /**
   * What a checkout of this basket would cost now. Until `expiresAt`, a checkout of the same lines, coupons, buyer, region and
   * country with this `quoteHash` is charged these prices, whatever becomes of them meanwhile. Holds no stock.
   */
  @Post()
  @ApiOperation({ summary: 'Quote a basket' })
  @ApiCreatedResponse({ description: 'The prices and until when they count.', type: QuoteShape })
  @ApiResponse({ status: 400, description: 'Invalid request.', type: ProblemShape })
  @ApiResponse({
    status: 422,
    description: '`unknown-sku`, `unknown-coupon`, `coupon-not-applicable`, `mixed-currencies`, `amount-too-large`.',
    type: ProblemShape,
  })
  @ApiResponse({ status: 429, description: '`rate-limited`, with `Retry-After`.', type: ProblemShape })
  async quote(@Body() input: QuoteInput): Promise<QuoteView> {
    if (input.coupons?.length) await this.limits.tryCoupons(input.buyerId ? buyerIdOf(input.buyerId) : null);
    const country = input.shippingAddress?.country ?? input.country ?? null;
    return this.commands.execute(new QuoteBasket(quotedRequestOf(input, country)));
  }
}
