import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { PageQuery } from '@tradewind/shared-kernel/http';
import { actAs } from '@tradewind/shared-kernel/observability';
import { refusal } from '../../domain/refusals';
import { type Carrier, Carriers, type SignedBytes } from '../../features/carrier';
import { ReceiveCarrierMessage } from '../../features/receive-carrier-message';
import { UnmappedCodes, UnmappedCodesAnswer } from './unmapped-codes';

type RequestHeaders = SignedBytes['headers'];

const CARRIER = { name: 'carrier', description: 'The carrier.', enum: ['SF', 'ZTO'], example: 'SF' };
const ROUTE = {
  mailno: 'SF4406512873912',
  orderid: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5',
  acceptAddress: '深圳市',
};
const PICKED_UP = { id: '176386320000012345', acceptTime: '2026-11-23 10:00:00', opCode: '50' };
const SIGNED_FOR = { id: '176386320000012346', acceptTime: '2026-11-24 10:00:00', opCode: '80' };
const push = (route: object) => ({ Body: { WaybillRoute: [{ ...ROUTE, ...route }] } });
const EXAMPLES = {
  'picked-up': { summary: 'SF has the parcel', value: push({ ...PICKED_UP, remark: '顺丰速运 已收取快件' }) },
  'signed-for': { summary: 'The parcel arrived', value: push({ ...SIGNED_FOR, remark: '已签收' }) },
};

@ApiTags('Logistics')
@Controller('v1/carriers/:carrier')
export class CarriersController {
  constructor(
    private readonly carriers: Carriers,
    private readonly messages: ReceiveCarrierMessage,
    private readonly unmapped: UnmappedCodes,
  ) {}

  @Post('callbacks')
  @HttpCode(200)
  @RouteConfig({ raw: true })
  @ApiOperation({ summary: 'A message in the format of the carrier, proven in its own way' })
  @ApiParam(CARRIER)
  @ApiConsumes('application/json', 'application/x-www-form-urlencoded')
  @ApiBody({
    description: 'What the carrier sends; here a route push of SF about a waybill of `GET /v1/orders/{id}/waybills`.',
    schema: { type: 'object' },
    examples: EXAMPLES,
  })
  @ApiOkResponse({ description: "The carrier's own acknowledgement.", schema: { type: 'object' } })
  async callback(
    @Param('carrier') carrier: string,
    @Headers() headers: RequestHeaders,
    @Body() body: unknown,
  ): Promise<object> {
    return this.#receive(carrier, headers, body, null);
  }

  @Post('callbacks/:secret')
  @HttpCode(200)
  @RouteConfig({ raw: true })
  @ApiOperation({ summary: 'The same for a carrier that signs nothing: the address is the secret' })
  @ApiParam(CARRIER)
  @ApiParam({ name: 'secret', description: 'Agreed with the carrier.', example: 'sandbox-sf-secret' })
  @ApiConsumes('application/json', 'application/x-www-form-urlencoded')
  @ApiBody({
    description: 'What the carrier sends; here a route push of SF about a waybill of `GET /v1/orders/{id}/waybills`.',
    schema: { type: 'object' },
    examples: EXAMPLES,
  })
  @ApiOkResponse({ description: "The carrier's own acknowledgement.", schema: { type: 'object' } })
  async callbackWithSecret(
    @Param('carrier') carrier: string,
    @Param('secret') secret: string,
    @Headers() headers: RequestHeaders,
    @Body() body: unknown,
  ): Promise<object> {
    return this.#receive(carrier, headers, body, secret);
  }

  @Get('unmapped-codes')
  @ApiOperation({ summary: 'Codes of the carrier that no status mapping knows' })
  @ApiParam(CARRIER)
  @ApiOkResponse({ type: UnmappedCodesAnswer })
  async unmappedCodes(@Param('carrier') name: string, @Query() page: PageQuery): Promise<UnmappedCodesAnswer> {
    return this.unmapped.of(this.#connected(name).name, page);
  }

  async #receive(name: string, headers: RequestHeaders, body: unknown, pathSecret: string | null): Promise<object> {
    const carrier = this.#connected(name);
    const { 'content-type': contentType } = headers;
    const bytes = {
      body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
      contentType: typeof contentType === 'string' ? contentType : '',
    };
    const proof = carrier.verify({ ...bytes, headers, pathSecret });
    if (proof === 'forged') throw refusal('carrier-signature-invalid', `the message does not prove to be from ${name}`);
    if (proof === 'malformed') {
      throw refusal('carrier-message-malformed', `the message has no place for the proof of ${name}`);
    }
    const read = carrier.read(bytes);
    if (read.kind === 'malformed') throw refusal('carrier-message-malformed', `the message ${read.detail}`);
    actAs(`carrier:${name}`);
    await this.messages.receive(carrier, 'callback', bytes);
    return carrier.acknowledgement;
  }

  #connected(name: string): Carrier {
    const carrier = this.carriers.find(name);
    if (!carrier) throw refusal('unknown-carrier', 'no carrier of this name is connected');
    return carrier;
  }
}
