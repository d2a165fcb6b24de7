import { Body, Controller, Get, Param, Put, Res } from '@nestjs/common';
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
import { httpRefusal, IsMinorUnits } from '@tradewind/shared-kernel/http';
import { Type } from 'class-transformer';
import { IsNotEmpty, IsObject, IsOptional, IsString, MaxLength, ValidateNested } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { Catalogue, type Sku } from '../../domain/stock/catalogue';
import { refusal } from '../../domain/refusals';
import { MoneyShape, ProblemShape } from './shapes';

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

  @ApiProperty({ description: 'Units in the house, reserved ones included.', example: 100 })
  @IsMinorUnits()
  onHand: number;
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
}

const SKU = /^[\x21-\x7e]{1,64}$/;

@ApiTags('Trading')
@ApiParam({ name: 'sku', description: 'Stock keeping unit, 1 to 64 printable ASCII characters.', example: 'TEA-250' })
@Controller('v1/skus/:sku')
export class SkusController {
  constructor(private readonly catalogue: Catalogue) {}

  @Get()
  @ApiOperation({ summary: 'Read a SKU' })
  @ApiOkResponse({ description: 'The SKU with its stock.', type: SkuShape })
  @ApiResponse({ status: 404, description: '`not-found`.', type: ProblemShape })
  async read(@Param('sku') sku: string): Promise<SkuShape> {
    const found = SKU.test(sku) ? await this.catalogue.find(sku) : undefined;
    if (!found) throw httpRefusal('not-found', 'no such SKU');
    return skuShape(found);
  }

  @Put()
  @ApiOperation({ summary: 'Create or replace a SKU' })
  @ApiOkResponse({ description: 'Replaced.', type: SkuShape })
  @ApiResponse({ status: 201, description: 'Created.', type: SkuShape })
  @ApiResponse({ status: 409, description: '`stock-reserved`: more units are reserved than that.', type: ProblemShape })
  async put(
    @Param('sku') sku: string,
    @Body() input: SkuInput,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SkuShape> {
    if (!SKU.test(sku)) throw refusal('malformed-sku', 'a SKU has 1 to 64 printable ASCII characters');
    const result = await this.catalogue.put({
      sku,
      name: input.name,
      category: input.category ?? null,
      price: Money.fromJSON(input.price),
      onHand: BigInt(input.onHand),
    });
    void reply.status(result.created ? 201 : 200);
    return skuShape(result.sku);
  }
}

function skuShape({ sku, name, category, price, onHand, reserved }: Sku): SkuShape {
  return {
    sku,
    name,
    category,
    price: price.toJSON(),
    onHand: Number(onHand),
    reserved: Number(reserved),
    available: Number(onHand - reserved),
  };
}
