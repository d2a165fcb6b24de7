import { Body, Controller, Post, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import {
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
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsEmail,
  IsIn,
  IsInt,
  IsISO31661Alpha2,
  IsLocale,
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
import type { FastifyReply } from 'fastify';
import { refusal } from '../../domain/refusals';
import { CheckOut } from '../../features/checkout/check-out';
import { TradingSettings } from '../../features/trading-settings';
import { BUYER_ID, buyerIdOf } from './buyer-id';
import { send } from './send';
import { MoneyShape, OrderShape, ProblemShape } from './shapes';

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

const text =
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

export class CheckoutInput {
  @ApiProperty({ description: `What is bought: 1 to ${MAX_LINES} lines.`, type: [LineInput] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_LINES)
  @ValidateNested({ each: true })
  @IsObject({ each: true })
  @Type(() => LineInput)
  lines: LineInput[];

  @ApiProperty({ description: 'Where it goes.' })
  @IsObject()
  @ValidateNested()
  @Type(() => AddressInput)
  shippingAddress: AddressInput;

  @ApiPropertyOptional({
    description: 'A known buyer: `buy_…` or its UUID.',
    example: 'buy_01kc1xv8q1fwer8xv1wbq0z4a8',
  })
  @IsOptional()
  @Matches(BUYER_ID, { message: 'buyerId must be buy_… or a UUID' })
  buyerId?: string;

  @ApiPropertyOptional({ description: 'Where messages about the order go.', example: 'wang@example.com' })
  @IsOptional()
  @IsEmail()
  @MaxLength(254)
  email?: string;

  @ApiProperty({ description: 'How it is paid.', enum: ['sandbox'], example: 'sandbox' })
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

  @ApiPropertyOptional({ description: 'Coupon codes.', type: [String], example: [] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(10)
  @IsString({ each: true })
  @MaxLength(64, { each: true })
  coupons?: string[];

  @ApiPropertyOptional({ description: 'BCP 47 language of the messages.', default: 'zh-CN', example: 'zh-CN' })
  @IsOptional()
  @IsLocale()
  @MaxLength(35)
  locale?: string;

  @ApiPropertyOptional({ description: 'Region of the sale, for reports.', example: 'cn-south' })
  @IsOptional()
  @Matches(/^[A-Za-z0-9-]{1,32}$/, { message: 'region takes letters, digits and -' })
  region?: string;
}

export class PaymentShape {
  @ApiProperty({ description: 'Identifier of the payment.', example: 'pay_01kc1xv8q1fwer8xv1wbq0z4a6' })
  id: string;
  @ApiProperty({ description: 'Always pending here.', example: 'pending' })
  status: string;
  @ApiProperty({ description: 'What is to be paid.' })
  amount: MoneyShape;
  @ApiProperty({ description: 'Send the buyer here to pay.', example: 'http://127.0.0.1:8081/pay/pay_01kc…' })
  redirectUrl: string;
}

export class CheckoutAnswer {
  @ApiProperty({ description: 'The order, its units held.' })
  order: OrderShape;
  @ApiProperty({ description: 'The payment it waits for.' })
  payment: PaymentShape;
}

@ApiTags('Trading')
@Controller('v1/checkout')
export class CheckoutController {
  constructor(
    private readonly commands: CommandBus,
    private readonly settings: TradingSettings,
  ) {}

  /** Holds the stock and creates the order with its pending payment, or refuses and keeps nothing. */
  @Post()
  @ApiOperation({ summary: 'Check out a basket' })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: true,
    description: '1 to 255 printable ASCII characters.',
    example: 'basket-4711',
  })
  @ApiCreatedResponse({ description: 'The order and where to pay it.', type: CheckoutAnswer })
  @ApiResponse({ status: 400, description: 'Invalid request.', type: ProblemShape })
  @ApiResponse({
    status: 409,
    description: '`insufficient-stock` with each short SKU; `request-in-progress`.',
    type: ProblemShape,
  })
  @ApiResponse({
    status: 422,
    description: '`unknown-sku`, `manual-capture-not-offered`, `idempotency-key-reused`.',
    type: ProblemShape,
  })
  @ApiResponse({ status: 503, description: '`deadline-exceeded`.', type: ProblemShape })
  async checkOut(
    @Body() input: CheckoutInput,
    @Idempotent('checkout') idempotency: IdempotentRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (input.coupons?.length) throw refusal('unknown-coupon', `not known: ${input.coupons.join(', ')}`);
    const request = {
      lines: input.lines.map(({ sku, quantity }) => ({ sku, quantity })),
      buyerId: input.buyerId ? buyerIdOf(input.buyerId) : null,
      paymentMethod: input.paymentMethod,
      capture: input.capture ?? 'automatic',
      carrier: input.carrier ?? null,
      region: input.region ?? null,
    };
    const delivery = {
      shippingAddress: Object.assign({}, input.shippingAddress),
      email: input.email ?? null,
      locale: input.locale ?? 'zh-CN',
    };
    const answer = await withinBudget(this.settings.timeBudgetMs, (deadline) =>
      this.commands.execute(new CheckOut(request, delivery, idempotency, deadline)),
    );
    send(reply, answer);
  }
}
