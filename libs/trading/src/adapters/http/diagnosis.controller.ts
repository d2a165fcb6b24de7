import { Controller, Get, Param } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiParam, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import { WAITS } from '../../domain/diagnosis/standing';
import { DiagnoseOrder } from '../../features/diagnosis/diagnose-order';
import { orderIdOf } from './orders.controller';
import { ProblemShape } from './shapes';

export class WaitShape {
  @ApiProperty({
    description: 'What the order waits for.',
    enum: WAITS,
    example: 'waybill-number',
  })
  what: string;
  @ApiProperty({ description: 'Since when.', format: 'date-time', example: '2026-01-31T08:30:00.000Z' })
  since: string;
  @ApiProperty({
    description: 'When the platform turns to it next by itself; null when it does not.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: '2026-01-31T08:31:00.000Z',
  })
  next: string | null;
  @ApiProperty({
    description: 'How it stands, with ids and codes.',
    example: 'SF cannot be called to book wbl_…: http-503',
  })
  detail: string;
  @ApiProperty({
    description: 'What ends the wait.',
    example: 'it is called again by itself once the carrier takes it',
  })
  unblock: string;
}

export class DiagnosisAnswer {
  @ApiProperty({ description: 'The order.', example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5' })
  orderId: string;
  @ApiProperty({ description: 'Where it is.', example: 'paid' })
  status: string;
  @ApiProperty({ description: 'False when only a person can end what holds it up.', example: true })
  moving: boolean;
  @ApiProperty({ description: 'The longest wait first; empty when nothing is awaited.', type: [WaitShape] })
  waitsFor: WaitShape[];
}

@ApiTags('Trading')
@Controller('v1/orders')
export class DiagnosisController {
  constructor(private readonly queries: QueryBus) {}

  @Get(':id/diagnosis')
  @ApiOperation({ summary: 'Why an order does not move, and what would help' })
  @ApiParam({
    name: 'id',
    description: 'Identifier of the order, `ord_…`: `order.id` in the answer of `POST /v1/checkout`.',
    example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5',
  })
  @ApiOkResponse({ description: 'What it waits for, in every context.', type: DiagnosisAnswer })
  @ApiResponse({ status: 404, description: '`unknown-order`.', type: ProblemShape })
  async diagnose(@Param('id') id: string): Promise<DiagnosisAnswer> {
    const orderId = orderIdOf(id);
    const { status, moving, waitsFor } = await this.queries.execute(new DiagnoseOrder(orderId));
    return {
      orderId,
      status,
      moving,
      waitsFor: waitsFor.map(({ since, next, ...wait }) => ({
        ...wait,
        since: since.toISOString(),
        next: next?.toISOString() ?? null,
      })),
    };
  }
}
