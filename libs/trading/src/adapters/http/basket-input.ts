import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsInt,
  IsISO31661Alpha2,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import type { QuotedRequest } from '../../domain/pricing/quote';
import { BUYER_ID, buyerIdOf } from './buyer-id';

const MAX_LINES = 200;
const MAX_QUANTITY = 100_000;

export class LineInput {
  @ApiProperty({ description: 'Stock keeping unit.', example: 'SKU-1' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  sku: string;

  @ApiProperty({ description: `Units, 1 to ${MAX_QUANTITY}.`, example: 2 })
  @IsInt()
  @Min(1)
  @Max(MAX_QUANTITY)
  quantity: number;
}

/** Text that is not empty. */
export const text =
  (max: number): PropertyDecorator =>
  (target, property) => {
    IsString()(target, property);
    IsNotEmpty()(target, property);
    MaxLength(max)(target, property);
  };

export class AddressInput {
  @ApiProperty({ description: 'Who receives it, up to 100 characters.', example: '王小明' })
  @text(100)
  name: string;
  @ApiProperty({ description: 'Telephone, 5 to 20 digits with + - and spaces.', example: '+86 138 0000 0000' })
  @Matches(/^\+?[0-9 ()-]{5,24}$/, { message: 'phone takes digits, spaces, + and -' })
  phone: string;
  @ApiProperty({ description: 'ISO 3166-1 alpha-2.', example: 'CN' })
  @IsISO31661Alpha2()
  country: string;
  @ApiProperty({ description: 'Province or state.', example: '广东省' })
  @text(100)
  province: string;
  @ApiProperty({ description: 'City.', example: '深圳市' })
  @text(100)
  city: string;
  @ApiPropertyOptional({ description: 'District.', example: '南山区' })
  @IsOptional()
  @text(100)
  district?: string;
  @ApiProperty({ description: 'Street, house, floor.', example: '科技园南路 1 号' })
  @text(200)
  line1: string;
  @ApiPropertyOptional({ description: 'Postal code.', example: '518057' })
  @IsOptional()
  @Matches(/^[A-Za-z0-9 -]{2,12}$/, { message: 'postcode takes letters, digits, spaces and -' })
  postcode?: string;
}

/** What a price depends on. */
export class BasketInput {
  @ApiProperty({ description: `What is bought: 1 to ${MAX_LINES} lines.`, type: [LineInput] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_LINES)
  @ValidateNested({ each: true })
  @IsObject({ each: true })
  @Type(() => LineInput)
  lines: LineInput[];

  @ApiPropertyOptional({
    description: 'A known buyer: `buy_…` or its UUID. Required by `balance`.',
    example: 'buy_01kc1xv8q1fwer8xv1wbq0z4a8',
  })
  @IsOptional()
  @Matches(BUYER_ID, { message: 'buyerId must be buy_… or a UUID' })
  buyerId?: string;

  @ApiPropertyOptional({ description: 'Coupon codes.', type: [String], example: [] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(10)
  @IsString({ each: true })
  @MaxLength(64, { each: true })
  coupons?: string[];

  @ApiPropertyOptional({ description: 'Where the sale is made, for promotions.', example: 'app' })
  @IsOptional()
  @text(64)
  channel?: string;

  @ApiPropertyOptional({
    description: 'Region of the sale: its taxes and shipping prices count before those of the country.',
    example: 'cn-south',
  })
  @IsOptional()
  @Matches(/^[A-Za-z0-9-]{1,32}$/, { message: 'region takes letters, digits and -' })
  region?: string;
}

/** What a price depends on, for the domain. */
export function quotedRequestOf(input: BasketInput, country: string | null): QuotedRequest {
  return {
    lines: input.lines.map(({ sku, quantity }) => ({ sku, quantity })),
    coupons: input.coupons ?? [],
    buyerId: input.buyerId ? buyerIdOf(input.buyerId) : null,
    channel: input.channel ?? null,
    region: input.region ?? null,
    country,
  };
}
