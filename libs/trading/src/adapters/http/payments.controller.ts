import { Controller, Get, Header, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { RouteConfig } from '@nestjs/platform-fastify';
import {
  ApiBody,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProperty,
  ApiQuery,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { isId } from '@tradewind/shared-kernel';
import type { FastifyRequest } from 'fastify';
import { refusal } from '../../domain/refusals';
import { ReceivePaymentCallback } from '../../features/payments/receive-payment-callback';
import { ReturnFromGateway } from '../../features/payments/return-from-gateway';
import { ProblemShape } from './shapes';

export class CallbackAnswer {
  @ApiProperty({ description: 'The message is stored; it is applied next.', example: true })
  received: boolean;
}

@ApiTags('Trading')
@Controller('v1/payments')
export class PaymentsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly returning: ReturnFromGateway,
  ) {}

  @Post('callbacks/:gateway')
  @HttpCode(200)
  @RouteConfig({ raw: true })
  @ApiOperation({ summary: 'A payment gateway reports; signed over the raw bytes' })
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
  @ApiQuery({ name: 'reference', description: '`pay_…`', example: 'pay_01kc1xv8q1fwer8xv1wbq0z4a6' })
  async back(@Param('gateway') gateway: string, @Query('reference') reference: unknown): Promise<string> {
    if (!isId('pay', reference)) throw refusal('unknown-payment', 'not the identifier of a payment');
    const order = await this.returning.lookUp(gateway, reference);
    return `<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Order</title>
<body style="font:16px/1.6 system-ui;margin:15vh auto;max-width:32rem;padding:0 1rem;text-align:center">
<h1>${order.paymentStatus === 'paid' ? '支付成功 · Payment received' : '等待支付结果 · Waiting for the payment'}</h1>
<p>${order.id}<br>payment: ${order.paymentStatus}</p>`;
  }
}
