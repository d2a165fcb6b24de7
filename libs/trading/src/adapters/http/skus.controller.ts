import { Body, Controller, Get, Param, Put, Query, Res } from '@nestjs/common';
import {
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { Money } from '@tradewind/shared-kernel';
import { decodeCursor, IsMinorUnits, NextCursor, pageOf, PageQuery } from '@tradewind/shared-kernel/http';
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
import { Catalogue } from '../../domain/stock/catalogue';
import { refusal } from '../../domain/refusals';
import { noSuchSku } from '../../features/stock/move-stock';
import { skuView } from '../../features/stock/sku-view';
import { MoneyShape, ProblemShape } from './shapes';

/** Most units of one entry. */
export const MOST_UNITS = 1_000_000_000;

export class SkuInput {
  @ApiProperty({ description: 'What people read, up to 200 characters.', example: 'Jasmine tea, 250 g' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  name: string;

  @ApiPropertyOptional({ description: 'What promotions choose lines by, up to 64 characters.', example: 'tea' })
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  category?: string;

  @ApiProperty({ description: 'Price of one unit.' })
  @IsObject()
  @ValidateNested()
  @Type(() => MoneyShape)
  price: MoneyShape;

  @ApiProperty({
    description: 'Units in the house, reserved ones included, as counted: what differs from the books is adjusted.',
    example: 100,
  })
  @IsMinorUnits()
  onHand: number;

  @ApiPropertyOptional({
    description:
      '`trading.stock-low.v1` tells when so many units, or fewer, are available. As `LOW_STOCK_UNITS` when absent.',
    example: 20,
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MOST_UNITS)
  lowAt?: number;
}

export class SkuShape {
  @ApiProperty({ description: 'Stock keeping unit.', example: 'SKU-1' })
  sku: string;
  @ApiProperty({ description: 'What people read.', example: 'Jasmine tea, 250 g' })
  name: string;
  @ApiProperty({ description: 'What promotions choose lines by.', type: String, nullable: true, example: 'tea' })
  category: string | null;
  @ApiProperty({ description: 'Price of one unit.' })
  price: MoneyShape;
  @ApiProperty({ description: 'Units in the house.', example: 100 })
  onHand: number;
  @ApiProperty({ description: 'Units held for orders that have not shipped.', example: 2 })
  reserved: number;
  @ApiProperty({ description: 'onHand - reserved.', example: 98 })
  available: number;
  @ApiProperty({
    description: 'Reserved units that were not found: they leave `onHand` as soon as no order holds them.',
    example: 0,
  })
  missing: number;
  @ApiProperty({
    description: 'So many available units, or fewer, are few; null: as `LOW_STOCK_UNITS` says.',
    type: Number,
    nullable: true,
    example: null,
  })
  lowAt: number | null;
}

export class SkuPage extends NextCursor {
  @ApiProperty({ description: 'In ascending order of SKU.', type: [SkuShape] })
  data: SkuShape[];
}

const SKU = /^[\x21-\x7e]{1,64}$/;
export const isSku = (text: string): boolean => SKU.test(text);

@ApiTags('Trading')
@Controller('v1/skus')
export class SkusController {
  constructor(private readonly catalogue: Catalogue) {}

  @Get()
  @ApiOperation({ summary: 'List SKUs' })
  @ApiOkResponse({ description: 'One page of SKUs with their stock.', type: SkuPage })
  async list(@Query() { limit, cursor }: PageQuery): Promise<SkuPage> {
    const after = cursor ? decodeCursor(cursor, [isSku])[0] : undefined;
    const page = pageOf(await this.catalogue.list(limit + 1, after), limit, ({ sku }) => [sku]);
    return { ...page, data: page.data.map(skuView) };
  }

  @Get(':sku')
  @ApiOperation({ summary: 'Read a SKU' })
  @ApiParam({ name: 'sku', description: 'Stock keeping unit.', example: 'SKU-1' })
  @ApiOkResponse({ description: 'The SKU with its stock.', type: SkuShape })
  @ApiResponse({ status: 404, description: '`not-found`.', type: ProblemShape })
  async read(@Param('sku') sku: string): Promise<SkuShape> {
    const found = isSku(sku) ? await this.catalogue.find(sku) : undefined;
    if (!found) throw noSuchSku();
    return skuView(found);
  }

  @Put(':sku')
  @ApiOperation({ summary: 'Create or replace a SKU' })
  @ApiParam({
    name: 'sku',
    description: 'Stock keeping unit, 1 to 64 printable ASCII characters.',
    example: 'TEA-250',
  })
  @ApiOkResponse({ description: 'Replaced.', type: SkuShape })
  @ApiResponse({ status: 201, description: 'Created.', type: SkuShape })
  @ApiResponse({ status: 409, description: '`stock-reserved`: more units are reserved than that.', type: ProblemShape })
  async put(
    @Param('sku') sku: string,
    @Body() { name, category, price, onHand, lowAt }: SkuInput,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SkuShape> {
    if (!isSku(sku)) throw refusal('malformed-sku', 'a SKU has 1 to 64 printable ASCII characters');
    const result = await this.catalogue.put({
      sku,
      name,
      category: category ?? null,
      price: Money.fromJSON(price),
      onHand: BigInt(onHand),
      lowAt: lowAt === undefined || lowAt === null ? null : BigInt(lowAt),
    });
    void reply.status(result.created ? 201 : 200);
    return skuView(result.sku);
  }
}
