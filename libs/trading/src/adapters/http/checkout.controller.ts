import { Body, Controller, Ip, Post, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiHeader,
  ApiOperation,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { Idempotent, type IdempotentRequest, withinBudget } from '@tradewind/shared-kernel/http';
import { Type } from 'class-transformer';
import { IsEmail, IsIn, IsLocale, IsObject, IsOptional, Matches, MaxLength, ValidateNested } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { BuyerLimits } from '../../features/checkout/buyer-limits';
import { CheckOut } from '../../features/checkout/check-out';
import { TradingSettings } from '../../features/trading-settings';
import { AddressInput, BasketInput, quotedRequestOf, text } from './basket-input';
import { buyerIdOf } from './buyer-id';
import { send } from './send';
import { MoneyShape, OrderShape, ProblemShape } from './shapes';

export class CheckoutInput extends BasketInput {
  @ApiProperty({ description: 'Where it goes.' })
  @IsObject()
  @ValidateNested()
  @Type(() => AddressInput)
  shippingAddress: AddressInput;

  @ApiPropertyOptional({ description: 'Where messages about the order go.', example: 'wang@example.com' })
  @IsOptional()
  @IsEmail()
  @MaxLength(254)
  email?: string;

  @ApiProperty({
    description:
      'How it is paid. `balance`: at once, from what the buyer has in store. `stripe` where it is configured.',
    enum: ['sandbox', 'balance', 'stripe'],
    example: 'sandbox',
  })
  @text(32)
  paymentMethod: string;

  @ApiPropertyOptional({
    description: '`manual`: the payment is only authorised, and captured by `POST /v1/payments/{id}/captures`.',
    enum: ['automatic', 'manual'],
    default: 'automatic',
    example: 'automatic',
  })
  @IsOptional()
  @IsIn(['automatic', 'manual'])
  capture?: 'automatic' | 'manual';

  @ApiPropertyOptional({ description: 'Carrier wished for; otherwise the default one.', example: 'SF' })
  @IsOptional()
  @Matches(/^[A-Z][A-Z0-9-]{1,19}$/, { message: 'carrier must be a carrier code such as SF' })
  carrier?: string;

  @ApiPropertyOptional({
    description: '`automatic`: everything ships once it is paid; `manual`: as fulfilments are requested.',
    enum: ['automatic', 'manual'],
    default: 'automatic',
  })
  @IsOptional()
  @IsIn(['automatic', 'manual'])
  fulfilment?: 'automatic' | 'manual';

  @ApiPropertyOptional({ description: 'BCP 47 language of the messages.', default: 'zh-CN', example: 'zh-CN' })
  @IsOptional()
  @IsLocale()
  @MaxLength(35)
  locale?: string;

  @ApiPropertyOptional({
    description: '`quoteHash` of a quote for the same basket: its prices are charged. Without one, the prices of now.',
  })
  @IsOptional()
  @Matches(/^[A-Za-z0-9_-]{43}$/, { message: 'quoteHash must be the quoteHash of a quote' })
  quoteHash?: string;
}

export class PaymentShape {
  @ApiProperty({ description: 'Identifier of the payment.', example: 'pay_01kc1xv8q1fwer8xv1wbq0z4a6' })
  id: string;
  @ApiProperty({ description: '`paid` when a balance paid it.', enum: ['pending', 'paid'], example: 'pending' })
  status: string;
  @ApiProperty({ description: 'What is to be paid.' })
  amount: MoneyShape;
  @ApiPropertyOptional({
    description: 'Send the buyer here to pay; absent when there is nothing left to pay.',
    example: 'http://127.0.0.1:8081/pay/pay_01kc…',
  })
  redirectUrl?: string;
  @ApiPropertyOptional({
    description:
      "For the gateway's own form in the buyer's browser; when it is not here in time, `GET /v1/payments/{id}` has it.",
    example: 'pi_1_secret_2',
  })
  clientSecret?: string;
}

export class CheckoutAnswer {
  @ApiProperty({ description: 'The order, its units held.' })
  order: OrderShape;
  @ApiProperty({ description: 'The payment it waits for.' })
  payment: PaymentShape;
}

/** What the examples share: two of SKU-1 for the buyer of the demo, 王小明 in 深圳. */
const BASKET = {
  lines: [{ sku: 'SKU-1', quantity: 2 }],
  buyerId: 'buy_01kc1xv8q1fwer8xv1wbq0z4a8',
  shippingAddress: {
    name: '王小明',
    phone: '+86 138 0000 0000',
    country: 'CN',
    province: '广东省',
    city: '深圳市',
    district: '南山区',
    line1: '科技园南路 1 号',
    postcode: '518057',
  },
  email: 'wang@example.com',
  paymentMethod: 'sandbox',
  carrier: 'SF',
  locale: 'zh-CN',
};
const EXAMPLES = {
  plain: { summary: 'Paid at the sandbox, shipped as a whole', value: BASKET },
  balance: { summary: 'Paid at once from what the buyer has in store', value: { ...BASKET, paymentMethod: 'balance' } },
  capture: { summary: 'Only authorised; captured or voided later', value: { ...BASKET, capture: 'manual' } },
  fulfilment: { summary: 'Shipped as fulfilments are requested', value: { ...BASKET, fulfilment: 'manual' } },
};

@ApiTags('Trading')
@Controller('v1/checkout')
export class CheckoutController {
  constructor(
    private readonly commands: CommandBus,
    private readonly limits: BuyerLimits,
    private readonly settings: TradingSettings,
  ) {}

  /** Holds the stock and creates the order with its pending payment, or refuses and keeps nothing. */
  @Post()
  @ApiOperation({
    summary: 'Check out a basket',
    description:
      'Open `payment.redirectUrl` in a browser to pay as the buyer would. Take another `Idempotency-Key` for another basket: ' +
      'the same one gives the first answer again.',
  })
  @ApiBody({ type: CheckoutInput, examples: EXAMPLES })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: true,
    description: '1 to 255 printable ASCII characters.',
    example: 'basket-4711',
  })
  @ApiCreatedResponse({ description: 'The order and where to pay it.', type: CheckoutAnswer })
  @ApiResponse({ status: 400, description: 'Invalid request.', type: ProblemShape })
  @ApiResponse({ status: 403, description: '`order-declined`; nobody is told why.', type: ProblemShape })
  @ApiResponse({
    status: 409,
    description:
      '`insufficient-stock` with each short SKU; `price-changed` with the new `quote`; `request-in-progress`.',
    type: ProblemShape,
  })
  @ApiResponse({
    status: 422,
    description:
      '`unknown-sku`, `unknown-quote`, `manual-capture-not-offered`, `insufficient-balance` with what is available, `buyer-required`, `idempotency-key-reused`.',
    type: ProblemShape,
  })
  @ApiResponse({ status: 429, description: '`rate-limited`, with `Retry-After`.', type: ProblemShape })
  @ApiResponse({ status: 503, description: '`deadline-exceeded`.', type: ProblemShape })
  async checkOut(
    @Body() input: CheckoutInput,
    @Idempotent('checkout') idempotency: IdempotentRequest,
    @Ip() ip: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const answer = await withinBudget(this.settings.timeBudgetMs, async (deadline) => {
      const buyerId = input.buyerId ? buyerIdOf(input.buyerId) : null;
      if (input.coupons?.length) await this.limits.tryCoupons(buyerId);
      if (buyerId) await this.limits.checkOut(buyerId);
      // Named one by one, here and wherever each order passes: to spread an object takes ten times as long.
      const { lines, coupons, channel, region, country } = quotedRequestOf(input, input.shippingAddress.country);
      const request = {
        lines,
        coupons,
        buyerId,
        channel,
        region,
        country,
        quoteHash: input.quoteHash ?? null,
        paymentMethod: input.paymentMethod,
        capture: input.capture ?? 'automatic',
        carrier: input.carrier ?? null,
        fulfilment: input.fulfilment ?? ('automatic' as const),
      };
      const delivery = {
        shippingAddress: Object.assign({}, input.shippingAddress),
        email: input.email ?? null,
        locale: input.locale ?? 'zh-CN',
      };
      return this.commands.execute(new CheckOut(request, delivery, idempotency, deadline, ip));
    });
    send(reply, answer);
  }
}
