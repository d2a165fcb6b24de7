import { Body, Controller, Get, Header, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { RouteConfig } from '@nestjs/platform-fastify';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProperty,
  ApiPropertyOptional,
  ApiQuery,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { type Id, isId, Money } from '@tradewind/shared-kernel';
import { Idempotent, type IdempotentRequest, NextCursor, PageQuery, withinBudget } from '@tradewind/shared-kernel/http';
import { Type } from 'class-transformer';
import { IsBoolean, IsIn, IsObject, IsOptional, ValidateNested } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CALLBACK_OUTCOMES } from '../../domain/payments/payment-callback';
import { refusal } from '../../domain/refusals';
import { CallbackReads } from '../../features/payments/callback-reads';
import { InstructPayment, type PaymentInstruction } from '../../features/payments/instruct-payment';
import { PaymentReads } from '../../features/payments/payment-reads';
import { ReceivePaymentCallback } from '../../features/payments/receive-payment-callback';
import { ReturnFromGateway } from '../../features/payments/return-from-gateway';
import { TradingSettings } from '../../features/trading-settings';
import { send } from './send';
import { MoneyShape, ProblemShape } from './shapes';

export class CallbackAnswer {
  @ApiProperty({ description: 'The message is stored; it is applied next.', example: true })
  received: boolean;
}

export class CaptureInput {
  @ApiPropertyOptional({ description: 'How much; all that is left of the authorisation when absent.' })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => MoneyShape)
  amount?: MoneyShape;

  @ApiPropertyOptional({
    description:
      'Nothing more will be captured: what is left is let go, and the order is paid with what was captured. A gateway that captures an authorisation only once takes every capture for final.',
    default: false,
    example: false,
  })
  @IsOptional()
  @IsBoolean()
  final?: boolean;
}

export class OperationShape {
  @ApiProperty({ description: '`pay_…`, `cap_…`, `voi_…` or `ref_…`.', example: 'cap_01kc1xv8q1fwer8xv1wbq0z4b2' })
  id: string;
  @ApiProperty({ description: 'What the gateway is asked for.', enum: ['authorize', 'capture', 'void', 'refund'] })
  kind: string;
  @ApiProperty({
    description: '`unknown`: the gateway has not told; it is being asked.',
    enum: ['pending', 'success', 'failed', 'unknown'],
  })
  status: string;
  @ApiProperty({ description: 'About how much.' })
  amount: MoneyShape;
  @ApiProperty({ description: 'What the gateway calls it.', type: String, nullable: true, example: 'cp_8f1c' })
  gatewayReference: string | null;
  @ApiProperty({ description: 'When it was asked for.', format: 'date-time', example: '2026-01-31T08:30:00.000Z' })
  requestedAt: string;
}

export class OperationInFullShape extends OperationShape {
  @ApiProperty({
    description: 'Where the call is. `stuck`: the gateway was asked for days and has not told, a person has to look.',
    enum: ['requested', 'sent', 'pending', 'unknown', 'succeeded', 'failed', 'stuck'],
  })
  state: string;
  @ApiProperty({ description: 'Calls and questions so far.', example: 1 })
  attempts: number;
  @ApiProperty({ description: 'Why it is not done.', type: String, nullable: true, example: null })
  lastError: string | null;
  @ApiProperty({
    description: 'When the gateway is called or asked next.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: null,
  })
  nextCheckAt: string | null;
}

export class PaymentInFullShape {
  @ApiProperty({ description: 'Identifier of the payment.', example: 'pay_01kc1xv8q1fwer8xv1wbq0z4a6' })
  id: string;
  @ApiProperty({ description: 'The order that it pays.', example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5' })
  orderId: string;
  @ApiProperty({ description: 'Through which gateway.', example: 'sandbox' })
  gateway: string;
  @ApiProperty({ description: 'Whether an authorisation is captured at once.', enum: ['automatic', 'manual'] })
  capture: string;
  @ApiProperty({
    description: 'Computed from the facts below.',
    enum: ['none', 'pending', 'authorized', 'paid', 'partially-refunded', 'refunded', 'failed'],
  })
  status: string;
  @ApiProperty({ description: 'What the buyer was asked for.' })
  amount: MoneyShape;
  @ApiProperty({ description: 'What may be captured, and what was.' })
  authorized: MoneyShape;
  @ApiProperty({ description: 'Asked of the gateway to capture, not answered yet.' })
  capturePending: MoneyShape;
  @ApiProperty({ description: 'What the buyer has paid.' })
  captured: MoneyShape;
  @ApiProperty({ description: 'Asked of the gateway to give back, not answered yet.' })
  refundPending: MoneyShape;
  @ApiProperty({ description: 'What was given back.' })
  refunded: MoneyShape;
  @ApiProperty({ description: 'What the gateway calls it.', type: String, nullable: true, example: 'ch_8f1c' })
  gatewayReference: string | null;
  @ApiPropertyOptional({ description: 'Send the buyer here to pay.', example: 'http://127.0.0.1:8081/pay/pay_01kc…' })
  redirectUrl?: string;
  @ApiPropertyOptional({ description: "For the gateway's own form in the buyer's browser.", example: 'pi_1_secret_2' })
  clientSecret?: string;
  @ApiProperty({ description: 'What gateways were asked, oldest first.', type: [OperationInFullShape] })
  operations: OperationInFullShape[];
}

export class CallbackQuery extends PageQuery {
  @ApiPropertyOptional({
    description: '`mismatch`: what was set aside because it names another amount, currency or reference.',
    enum: CALLBACK_OUTCOMES,
  })
  @IsOptional()
  @IsIn(CALLBACK_OUTCOMES)
  outcome?: string;
}

export class CallbackShape {
  @ApiProperty({ description: 'Identifier of the message here.', example: 'pcb_01kc1xv8q1fwer8xv1wbq0z4b3' })
  id: string;
  @ApiProperty({ description: 'Who sent it.', example: 'sandbox' })
  gateway: string;
  @ApiProperty({ description: "The gateway's own identifier: the same message is stored once.", example: 'evt_1' })
  eventId: string;
  @ApiProperty({ description: 'When it came.', format: 'date-time', example: '2026-01-31T08:30:00.000Z' })
  receivedAt: string;
  @ApiProperty({
    description: 'When something was made of it.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: null,
  })
  appliedAt: string | null;
  @ApiProperty({ description: 'What was made of it.', enum: CALLBACK_OUTCOMES, nullable: true, example: 'mismatch' })
  outcome: string | null;
  @ApiProperty({
    description: 'The payment or operation that it names.',
    type: String,
    nullable: true,
    example: 'pay_01kc1xv8q1fwer8xv1wbq0z4a6',
  })
  reference: string | null;
  @ApiProperty({ description: 'What it says.', type: String, nullable: true, example: 'paid' })
  says: string | null;
  @ApiProperty({ description: 'About how much.', type: MoneyShape, nullable: true })
  amount: MoneyShape | null;
}

export class CallbackPage extends NextCursor {
  @ApiProperty({ description: 'Newest first.', type: [CallbackShape] })
  data: CallbackShape[];
}

const KEY = {
  name: 'Idempotency-Key',
  required: true,
  description: '1 to 255 printable ASCII characters; a repeat gets the first answer.',
};
const AUTHORISED = 'For a checkout with `capture: "manual"` whose buyer has paid at `payment.redirectUrl`.';
const CAPTURES = {
  part: { summary: 'A part', value: { amount: { amount: 500, currency: 'CNY' } } },
  rest: { summary: 'All that is left', value: {} },
};
const ID = {
  name: 'id',
  description: 'Identifier of the payment, `pay_…`: `payment.id` in the answer of `POST /v1/checkout`.',
  example: 'pay_01kc1xv8q1fwer8xv1wbq0z4a6',
};

@ApiTags('Trading')
@Controller('v1/payments')
export class PaymentsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly reads: PaymentReads,
    private readonly callbackReads: CallbackReads,
    private readonly returning: ReturnFromGateway,
    private readonly settings: TradingSettings,
  ) {}

  @Get('callbacks')
  @ApiOperation({ summary: 'List what payment gateways reported, and what was made of it' })
  @ApiOkResponse({ description: 'One page, newest first.', type: CallbackPage })
  callbacks(@Query() { outcome, limit, cursor }: CallbackQuery): Promise<CallbackPage> {
    return this.callbackReads.list(outcome, limit, cursor);
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read a payment: its facts, and every call to its gateway' })
  @ApiParam(ID)
  @ApiOkResponse({ description: 'The payment as it stands.', type: PaymentInFullShape })
  @ApiResponse({ status: 404, description: '`unknown-payment`.', type: ProblemShape })
  read(@Param('id') id: string): Promise<PaymentInFullShape> {
    return this.reads.find(paymentIdOf(id));
  }

  @Post(':id/captures')
  @ApiOperation({ summary: 'Capture what is authorised, or part of it', description: AUTHORISED })
  @ApiBody({ type: CaptureInput, examples: CAPTURES })
  @ApiParam(ID)
  @ApiHeader({ ...KEY, example: 'capture-4711' })
  @ApiCreatedResponse({ description: 'The capture; its money is set aside whatever its status.', type: OperationShape })
  @ApiResponse({ status: 404, description: '`unknown-payment`.', type: ProblemShape })
  @ApiResponse({
    status: 409,
    description: '`not-capturable`, `payment-operation-open`, `illegal-transition`.',
    type: ProblemShape,
  })
  @ApiResponse({ status: 422, description: '`capture-exceeds-authorized`.', type: ProblemShape })
  capture(
    @Param('id') id: string,
    @Body() { amount, final }: CaptureInput,
    @Idempotent('money') idempotency: IdempotentRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (amount?.amount === 0) throw refusal('not-capturable', 'a capture takes more than nothing');
    const money = amount ? Money.fromJSON(amount) : undefined;
    return this.#instruct(id, { kind: 'capture', amount: money, final }, idempotency, reply);
  }

  @Post(':id/void')
  @ApiOperation({ summary: 'Let go of what is authorised and not captured', description: AUTHORISED })
  @ApiParam(ID)
  @ApiHeader({ ...KEY, example: 'void-4711' })
  @ApiCreatedResponse({ description: 'The void.', type: OperationShape })
  @ApiResponse({ status: 404, description: '`unknown-payment`.', type: ProblemShape })
  @ApiResponse({ status: 409, description: '`not-voidable`, `payment-operation-open`.', type: ProblemShape })
  void(
    @Param('id') id: string,
    @Idempotent('money') idempotency: IdempotentRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.#instruct(id, { kind: 'void' }, idempotency, reply);
  }

  @Post('callbacks/:gateway')
  @HttpCode(200)
  @RouteConfig({ raw: true })
  @ApiOperation({
    summary: 'A payment gateway reports; signed over the raw bytes',
    description:
      'Only the gateway can sign: what is sent from this page is answered 401. Pay at `payment.redirectUrl` of a checkout, ' +
      'and the sandbox calls here.',
  })
  @ApiParam({ name: 'gateway', description: 'Name of the gateway.', example: 'sandbox' })
  @ApiBody({ description: 'As the gateway sends it.', schema: { type: 'object' } })
  @ApiOkResponse({ description: 'Acknowledged.', type: CallbackAnswer })
  @ApiResponse({ status: 400, description: '`malformed-callback`.', type: ProblemShape })
  @ApiResponse({ status: 404, description: '`unknown-gateway`.', type: ProblemShape })
  @ApiResponse({ status: 401, description: '`invalid-signature`; nothing is stored.', type: ProblemShape })
  async callback(@Param('gateway') gateway: string, @Req() request: FastifyRequest): Promise<CallbackAnswer> {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    await this.commands.execute(new ReceivePaymentCallback(gateway, body, request.headers));
    return { received: true };
  }

  /** Where the gateway sends the buyer's browser afterwards. It proves nothing: the gateway is asked. */
  @Get('return/:gateway')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
  @ApiOperation({ summary: 'The buyer comes back from paying' })
  @ApiParam({ name: 'gateway', description: 'Name of the gateway.', example: 'sandbox' })
  @ApiOkResponse({ description: 'A page for the buyer.', content: { 'text/html': { schema: { type: 'string' } } } })
  @ApiResponse({ status: 404, description: '`unknown-payment`, `unknown-gateway`.', type: ProblemShape })
  @ApiQuery({
    name: 'reference',
    description: 'The payment, `pay_…`: `payment.id` in the answer of `POST /v1/checkout`.',
    example: 'pay_01kc1xv8q1fwer8xv1wbq0z4a6',
  })
  async back(@Param('gateway') gateway: string, @Query('reference') reference: unknown): Promise<string> {
    if (!isId('pay', reference)) throw refusal('unknown-payment', 'not the identifier of a payment');
    const order = await this.returning.lookUp(gateway, reference);
    return `<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Order</title>
<body style="font:16px/1.6 system-ui;margin:15vh auto;max-width:32rem;padding:0 1rem;text-align:center">
<h1>${order.paymentStatus === 'paid' ? '支付成功 · Payment received' : '等待支付结果 · Waiting for the payment'}</h1>
<p>${order.id}<br>payment: ${order.paymentStatus}</p>`;
  }

  async #instruct(
    id: string,
    instruction: PaymentInstruction,
    idempotency: IdempotentRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const answer = await withinBudget(this.settings.timeBudgetMs, () =>
      this.commands.execute(new InstructPayment(paymentIdOf(id), instruction, idempotency)),
    );
    send(reply, answer);
  }
}

function paymentIdOf(text: string): Id<'pay'> {
  if (!isId('pay', text)) throw refusal('unknown-payment', 'not the identifier of a payment');
  return text;
}
