import { Body, Controller, Delete, Get, HttpCode, Param, Put, Query, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProperty,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { decodeCursor, httpRefusal, NextCursor, PageQuery, pageOf } from '@tradewind/shared-kernel/http';
import { IsBoolean, IsInt, IsNotEmpty, IsString, Max, MaxLength, Min } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { TaxRates } from '../../domain/pricing/rates';
import { regionKey } from '../../domain/pricing/region';
import { refusal } from '../../domain/refusals';
import { ProblemShape } from './shapes';

const REGION = /^[A-Za-z0-9-]{1,32}$/;

export const REGION_PARAM = {
  name: 'region',
  description: 'Region of a sale, or the ISO 3166-1 alpha-2 code of a country; without regard to case.',
  example: 'CN-SOUTH',
};

/** A region in an address, as rates are kept under it. */
export function regionOf(text: string): string {
  if (!REGION.test(text)) throw refusal('malformed-region', 'a region has 1 to 32 letters, digits and -');
  return regionKey(text);
}

export const isRegionKey = (text: string): boolean => REGION.test(text) && regionKey(text) === text;

export class TaxRateInput {
  @ApiProperty({ description: 'What buyers read, up to 100 characters.', example: 'VAT 13 %' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(100)
  name: string;

  @ApiProperty({ description: 'Parts per million: 130000 is 13 %, 88750 is 8.875 %.', example: 130_000 })
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  ratePpm: number;

  @ApiProperty({ description: 'Whether prices contain the tax; otherwise it is added to them.', example: true })
  @IsBoolean()
  included: boolean;
}

export class TaxRateShape extends TaxRateInput {
  @ApiProperty({ description: 'The region, in upper case.', example: 'CN-SOUTH' })
  region: string;
}

export class TaxRatePage extends NextCursor {
  @ApiProperty({ description: 'By region.', type: [TaxRateShape] })
  data: TaxRateShape[];
}

@ApiTags('Prices')
@Controller('v1/tax-rates')
export class TaxRatesController {
  constructor(private readonly rates: TaxRates) {}

  @Get()
  @ApiOperation({ summary: 'List tax rates' })
  @ApiOkResponse({ description: 'One page of tax rates.', type: TaxRatePage })
  async list(@Query() { limit, cursor }: PageQuery): Promise<TaxRatePage> {
    const [after] = cursor ? decodeCursor(cursor, [isRegionKey]) : [];
    return pageOf(await this.rates.list(limit, after), limit, ({ region }) => [region]);
  }

  @Get(':region')
  @ApiOperation({ summary: 'Read the tax rate of a region' })
  @ApiParam(REGION_PARAM)
  @ApiOkResponse({ description: 'The tax rate.', type: TaxRateShape })
  @ApiResponse({ status: 404, description: '`not-found`.', type: ProblemShape })
  async read(@Param('region') region: string): Promise<TaxRateShape> {
    const rate = await this.rates.find(regionOf(region));
    if (!rate) throw none();
    return rate;
  }

  /** Counts for every price that is computed from then on; quotes that were given keep theirs. */
  @Put(':region')
  @ApiOperation({ summary: 'Create or replace the tax rate of a region' })
  @ApiParam(REGION_PARAM)
  @ApiOkResponse({ description: 'Replaced.', type: TaxRateShape })
  @ApiCreatedResponse({ description: 'Created.', type: TaxRateShape })
  async put(
    @Param('region') region: string,
    @Body() { name, ratePpm, included }: TaxRateInput,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TaxRateShape> {
    const rate = { region: regionOf(region), name, ratePpm, included };
    void reply.status((await this.rates.put(rate)) ? 201 : 200);
    return rate;
  }

  @Delete(':region')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove the tax rate of a region' })
  @ApiParam(REGION_PARAM)
  @ApiNoContentResponse({ description: 'Removed.' })
  @ApiResponse({ status: 404, description: '`not-found`.', type: ProblemShape })
  async remove(@Param('region') region: string): Promise<void> {
    if (!(await this.rates.remove(regionOf(region)))) throw none();
  }
}

const none = () => httpRefusal('not-found', 'no tax rate for this region');
