import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { Money } from '@tradewind/shared-kernel';
import { IsMinorUnits, IsTime } from '@tradewind/shared-kernel/http';
import { IsBoolean, IsNotEmpty, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import type { Adjustment, Explanation } from '../../domain/promotions/discounts';
import type { Tried } from '../../features/promotions/dry-run';
import { integer, object, objects } from './field-rules';
import { MAX_UNITS, PromotionInput } from './promotion-inputs';
import { AdjustmentShape, ExplanationShape } from './promotion-shapes';
import { MoneyShape } from './shapes';

export class BasketLineInput {
  @ApiProperty({ description: 'Stock keeping unit.', example: 'SKU-1' })
  @MaxLength(64)
  @IsNotEmpty()
  @IsString()
  sku: string;

  @ApiProperty({ description: 'Units.', example: 4 })
  @integer(1, MAX_UNITS)
  quantity: number;

  @ApiPropertyOptional({ description: 'Price of one unit; that of the catalogue when absent.' })
  @IsOptional()
  @object(() => MoneyShape)
  unitPrice?: MoneyShape;

  @ApiPropertyOptional({ description: 'Category; that of the catalogue when absent.', example: 'tea' })
  @IsOptional()
  @MaxLength(64)
  @IsNotEmpty()
  @IsString()
  category?: string;
}

export class DryRunBuyerInput {
  @ApiProperty({ description: "The buyer's level.", example: 3 })
  @integer(0, 1000)
  level: number;

  @ApiProperty({ description: 'Whether the buyer has ordered nothing yet.', example: true })
  @IsBoolean()
  isFirstOrder: boolean;
}

export class DryRunInput {
  @ApiPropertyOptional({ description: 'The rule to try; or `promotionId`.', type: PromotionInput })
  @IsOptional()
  @object(() => PromotionInput)
  promotion?: PromotionInput;

  @ApiPropertyOptional({ description: 'The stored promotion to try; or `promotion`.', type: String, example: null })
  @IsOptional()
  @Matches(/^pro_[0-7][0-9a-hjkmnp-tv-z]{25}$/, { message: 'promotionId must be pro_…' })
  promotionId?: string;

  @ApiProperty({ description: 'The basket, up to 200 lines.', type: [BasketLineInput] })
  @objects(() => BasketLineInput, 1, 200)
  lines: BasketLineInput[];

  @ApiPropertyOptional({ description: 'What shipping would cost, minor units.', default: 0, example: 1200 })
  @IsOptional()
  @IsMinorUnits()
  shipping?: number;

  @ApiPropertyOptional({ description: 'Who buys; unknown when absent.', type: DryRunBuyerInput })
  @IsOptional()
  @object(() => DryRunBuyerInput)
  buyer?: DryRunBuyerInput;

  @ApiPropertyOptional({ description: 'Whether one of its coupons is presented.', default: true, example: true })
  @IsOptional()
  @IsBoolean()
  withCoupon?: boolean;

  @ApiPropertyOptional({
    description: 'Whether the promotions that are active now are tried along with it.',
    default: false,
    example: true,
  })
  @IsOptional()
  @IsBoolean()
  withActive?: boolean;

  @ApiPropertyOptional({ description: 'When, RFC 3339; now when absent.', example: '2026-06-01T00:00:00Z' })
  @IsOptional()
  @IsTime()
  at?: string;

  @ApiPropertyOptional({ description: 'Channel of the sale.', example: 'app' })
  @IsOptional()
  @MaxLength(64)
  @IsString()
  channel?: string;

  @ApiPropertyOptional({ description: 'Region of the sale.', example: 'cn-south' })
  @IsOptional()
  @MaxLength(64)
  @IsString()
  region?: string;
}

export class DiscountedLineShape {
  @ApiProperty({ description: 'Number of the line, from 1.', example: 1 })
  lineNo: number;
  @ApiProperty({ description: 'Stock keeping unit.', example: 'SKU-1' })
  sku: string;
  @ApiProperty({ description: 'Units.', example: 4 })
  quantity: number;
  @ApiProperty({ description: 'Price of one unit.' })
  unitPrice: MoneyShape;
  @ApiProperty({ description: 'Off the line.' })
  discount: MoneyShape;
}

export class GiftShape {
  @ApiProperty({ description: 'Stock keeping unit.', example: 'SKU-2' })
  sku: string;
  @ApiProperty({ description: 'Units.', example: 1 })
  quantity: number;
}

export class DryRunAnswer {
  @ApiProperty({ description: 'Every line of the basket.', type: [DiscountedLineShape] })
  lines: DiscountedLineShape[];
  @ApiProperty({ description: 'Off shipping.' })
  shippingDiscount: MoneyShape;
  @ApiProperty({ description: 'What would be added for nothing.', type: [GiftShape] })
  gifts: GiftShape[];
  @ApiProperty({ description: 'What each promotion took off.', type: [AdjustmentShape] })
  adjustments: AdjustmentShape[];
  @ApiProperty({
    description: 'Every promotion that was tried, with why it applied or did not.',
    type: [ExplanationShape],
  })
  explanation: ExplanationShape[];
}

/** `isInline`: the rule is stored nowhere, so that it has no identifier to show. */
export function dryRunAnswer({ basket, promotion, discounts }: Tried, isInline: boolean): DryRunAnswer {
  const named = <Part extends Explanation | Adjustment>(part: Part) => ({
    ...part,
    promotionId: isInline && part.promotionId === promotion.id ? null : part.promotionId,
  });
  return {
    lines: basket.lines.map(({ lineNo, sku, quantity, unitPrice }, index) => {
      const { discount } = discounts.lines[index] as { discount: Money };
      return { lineNo, sku, quantity, unitPrice: unitPrice.toJSON(), discount: discount.toJSON() };
    }),
    shippingDiscount: discounts.shipping.toJSON(),
    gifts: discounts.gifts.map(({ sku, quantity }) => ({ sku, quantity })),
    adjustments: discounts.adjustments.map(named).map(({ promotionId, version, name, ...taken }) => ({
      promotionId,
      version,
      name,
      lines: taken.lines.map(({ lineNo, amount }) => ({ lineNo, amount: amount.toJSON() })),
      shipping: taken.shipping.toJSON(),
      amount: taken.amount.toJSON(),
    })),
    explanation: discounts.explanation.map(named),
  };
}
