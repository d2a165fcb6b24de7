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
import { AmountsShape, OrderLineShape, ProblemShape } from './shapes';

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

export class QuoteLineShape extends OrderLineShape {
  @ApiProperty({ description: 'Units of the SKU that nobody holds now.', example: 98 })
  available: number;
  @ApiProperty({ description: 'Whether they suffice for all lines of the SKU together.', example: true })
  isAvailable: boolean;
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
  @ApiProperty({ description: 'What was asked for.', type: [QuoteLineShape] })
  lines: QuoteLineShape[];
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
    description: '`unknown-sku`, `mixed-currencies`, `amount-too-large`.',
    type: ProblemShape,
  })
  @ApiResponse({ status: 429, description: '`rate-limited`, with `Retry-After`.', type: ProblemShape })
  async quote(@Body() input: QuoteInput): Promise<QuoteView> {
    if (input.coupons?.length) await this.limits.tryCoupons(input.buyerId ? buyerIdOf(input.buyerId) : null);
    const country = input.shippingAddress?.country ?? input.country ?? null;
    return this.commands.execute(new QuoteBasket(quotedRequestOf(input, country)));
  }
}
