import { Body, Controller, Delete, Get, HttpCode, Param, Put, Query, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { currencyExponent, Money } from '@tradewind/shared-kernel';
import { decodeCursor, httpRefusal, NextCursor, PageQuery, pageOf } from '@tradewind/shared-kernel/http';
import { Type } from 'class-transformer';
import { IsBoolean, IsObject, IsOptional, ValidateNested } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { ShippingRates } from '../../domain/pricing/rates';
import type { ShippingRate } from '../../domain/pricing/shipping';
import { MoneyShape, ProblemShape } from './shapes';
import { isRegionKey, REGION_PARAM, regionOf } from './tax-rates.controller';

export class ShippingRateInput {
  @ApiProperty({ description: 'For one order, in the currency of the address.' })
  @IsObject()
  @ValidateNested()
  @Type(() => MoneyShape)
  price: MoneyShape;

  @ApiPropertyOptional({ description: 'Goods for this much before discounts, or more, ship for nothing.' })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => MoneyShape)
  freeFrom?: MoneyShape;

  @ApiPropertyOptional({ description: "Whether the region's tax is also on shipping.", default: false, example: true })
  @IsOptional()
  @IsBoolean()
  isTaxed?: boolean;
}

export class ShippingRateShape {
  @ApiProperty({ description: 'The region, in upper case.', example: 'CN-SOUTH' })
  region: string;
  @ApiProperty({ description: 'For one order.' })
  price: MoneyShape;
  @ApiProperty({ description: 'From where it is free; null when never.', type: MoneyShape, nullable: true })
  freeFrom: MoneyShape | null;
  @ApiProperty({ description: "Whether the region's tax is also on shipping.", example: true })
  isTaxed: boolean;
}

export class ShippingRatePage extends NextCursor {
  @ApiProperty({ description: 'By region and currency.', type: [ShippingRateShape] })
  data: ShippingRateShape[];
}

const CURRENCY_PARAM = {
  name: 'currency',
  description: 'ISO 4217 code of the baskets that it is for.',
  example: 'CNY',
};

@ApiTags('Prices')
@Controller('v1/shipping-rates')
export class ShippingRatesController {
  constructor(private readonly rates: ShippingRates) {}

  @Get()
  @ApiOperation({ summary: 'List shipping rates' })
  @ApiOkResponse({ description: 'One page of shipping rates.', type: ShippingRatePage })
  async list(@Query() { limit, cursor }: PageQuery): Promise<ShippingRatePage> {
    const [region, currency] = cursor ? decodeCursor(cursor, [isRegionKey, isCurrency]) : [];
    const after = region && currency ? { region, currency } : undefined;
    const rates = await this.rates.list(limit, after);
    const { data, nextCursor } = pageOf(rates, limit, (rate) => [rate.region, rate.price.currency]);
    return { data: data.map(shapeOf), nextCursor };
  }

  @Get(':region/:currency')
  @ApiOperation({ summary: 'Read the shipping rate of a region in one currency' })
  @ApiParam(REGION_PARAM)
  @ApiParam(CURRENCY_PARAM)
  @ApiOkResponse({ description: 'The shipping rate.', type: ShippingRateShape })
  @ApiResponse({ status: 404, description: '`not-found`.', type: ProblemShape })
  async read(@Param('region') region: string, @Param('currency') currency: string): Promise<ShippingRateShape> {
    const rate = await this.rates.find(regionOf(region), currency);
    if (!rate) throw none();
    return shapeOf(rate);
  }

  /** Counts for every price that is computed from then on; quotes that were given keep theirs. */
  @Put(':region/:currency')
  @ApiOperation({ summary: 'Create or replace the shipping rate of a region in one currency' })
  @ApiParam(REGION_PARAM)
  @ApiParam(CURRENCY_PARAM)
  @ApiOkResponse({ description: 'Replaced.', type: ShippingRateShape })
  @ApiCreatedResponse({ description: 'Created.', type: ShippingRateShape })
  async put(
    @Param('region') region: string,
    @Param('currency') currency: string,
    @Body() { price, freeFrom, isTaxed }: ShippingRateInput,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ShippingRateShape> {
    const rate = {
      region: regionOf(region),
      price: amountIn(currency, price, '/price'),
      freeFrom: freeFrom ? amountIn(currency, freeFrom, '/freeFrom') : null,
      isTaxed: isTaxed ?? false,
    };
    void reply.status((await this.rates.put(rate)) ? 201 : 200);
    return shapeOf(rate);
  }

  @Delete(':region/:currency')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove the shipping rate of a region in one currency' })
  @ApiParam(REGION_PARAM)
  @ApiParam(CURRENCY_PARAM)
  @ApiNoContentResponse({ description: 'Removed.' })
  @ApiResponse({ status: 404, description: '`not-found`.', type: ProblemShape })
  async remove(@Param('region') region: string, @Param('currency') currency: string): Promise<void> {
    if (!(await this.rates.remove(regionOf(region), currency))) throw none();
  }
}

const none = () => httpRefusal('not-found', 'no shipping rate for this region and currency');
const isCurrency = (text: string): boolean => currencyExponent(text) !== undefined;

function amountIn(currency: string, amount: MoneyShape, pointer: string): Money {
  if (amount.currency === currency) return Money.fromJSON(amount);
  const error = { pointer: `${pointer}/currency`, detail: `must be the currency of the address, ${currency}` };
  throw httpRefusal('invalid-request', `${error.pointer}: ${error.detail}`, { errors: [error] });
}

const shapeOf = ({ region, price, freeFrom, isTaxed }: ShippingRate): ShippingRateShape => ({
  region,
  price: price.toJSON(),
  freeFrom: freeFrom?.toJSON() ?? null,
  isTaxed,
});
