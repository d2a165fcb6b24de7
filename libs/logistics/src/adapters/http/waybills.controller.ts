import { Controller, Get, Param } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { isId } from '@tradewind/shared-kernel';
import { httpRefusal } from '@tradewind/shared-kernel/http';
import { refusal } from '../../domain/refusals';
import { TrackedWaybillAnswer, WaybillsAnswer } from './answers';
import { WaybillViews } from './waybill-views';

@ApiTags('Logistics')
@Controller('v1')
export class WaybillsController {
  constructor(private readonly views: WaybillViews) {}

  @Get('orders/:id/waybills')
  @ApiOperation({ summary: 'The waybills of an order' })
  @ApiParam({
    name: 'id',
    description: 'The order: `order.id` in the answer of `POST /v1/checkout`.',
    example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5',
  })
  @ApiOkResponse({ type: WaybillsAnswer })
  async ofOrder(@Param('id') orderId: string): Promise<WaybillsAnswer> {
    if (!isId('ord', orderId)) throw httpRefusal('not-found', 'this is no identifier of an order');
    return { data: await this.views.ofOrder(orderId) };
  }

  @Get('waybills/:number')
  @ApiOperation({ summary: 'A waybill with everything its carrier reported' })
  @ApiParam({
    name: 'number',
    description:
      "The carrier's number: `number` in the answer of `GET /v1/orders/{id}/waybills`, once the order is paid.",
    example: 'SF4406512873912',
  })
  @ApiOkResponse({ type: TrackedWaybillAnswer })
  @ApiNotFoundResponse({ description: '`unknown-waybill`' })
  async byNumber(@Param('number') number: string): Promise<TrackedWaybillAnswer> {
    const waybill = number.includes('\0') ? undefined : await this.views.byNumber(number);
    if (!waybill) throw refusal('unknown-waybill', 'no waybill has this number');
    return waybill;
  }
}
