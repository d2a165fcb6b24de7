import { Controller, HttpCode, Post, Query, Req } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import {
  ApiBody,
  ApiConsumes,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { httpRefusal, IsTime } from '@tradewind/shared-kernel/http';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import type { FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { type Difference, DISCREPANCIES, type Discrepancy, type Sum } from '../../domain/reconciliation/reconciliation';
import { type ReconciledStatement, ReconcileStatement } from '../../features/reconciliation/reconcile-statement';
import { MoneyShape, ProblemShape } from './shapes';
import { MOST_STATEMENT_BYTES, readStatement, STATEMENT_COLUMNS, tooLarge } from './statement-csv';

const KINDS = ['capture', 'refund'] as const;
const EXAMPLE = `${STATEMENT_COLUMNS.join(',')}
ch_7f3a,pay_01kc1xv8q1fwer8xv1wbq0z4a6,capture,12990,CNY,2026-01-31T08:30:00Z
re_19c2,ref_01kc1xv8q1fwer8xv1wbq0z4b7,refund,2990,CNY,2026-01-31T09:00:00Z
`;

export class ReconciliationQuery {
  @ApiProperty({ description: 'Whose statement it is.', example: 'sandbox' })
  @IsString()
  @MaxLength(100)
  gateway: string;

  @ApiPropertyOptional({
    description: 'From when on the statement is complete, RFC 3339; its first booking when absent.',
    format: 'date-time',
  })
  @IsOptional()
  @IsTime()
  from?: string;

  @ApiPropertyOptional({
    description: 'Until before when it is complete, RFC 3339; just after its last booking when absent.',
    format: 'date-time',
  })
  @IsOptional()
  @IsTime()
  to?: string;

  @ApiPropertyOptional({ description: 'Most differences to name, 1 to 1000.', default: 100, example: 100 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1000)
  limit: number = 100;
}

export class BookingSumShape {
  @ApiProperty({ description: 'How many.', example: 2 })
  count: number;
  @ApiProperty({ description: 'How much together.' })
  amount: MoneyShape;
}

export class ReconciledTotalShape {
  @ApiProperty({ description: 'Of captures or of refunds.', enum: KINDS })
  kind: string;
  @ApiProperty({ description: 'ISO 4217 code.', example: 'CNY' })
  currency: string;
  @ApiProperty({ description: 'What the statement books, duplicates too.' })
  there: BookingSumShape;
  @ApiProperty({
    description: 'What moved by our records: that the statement names, or that it should name in the period.',
  })
  here: BookingSumShape;
}

export class DifferenceCountShape {
  @ApiProperty({ description: 'How both disagree.', enum: DISCREPANCIES })
  discrepancy: string;
  @ApiProperty({ description: 'How often.', example: 0 })
  count: number;
}

export class DifferenceShape {
  @ApiProperty({
    description:
      '`missing-here`: the row names nothing of ours. `missing-there`: moved here, and no row names it. `state-differs`: booked there; here `status` tells. `duplicate`: a further row that books the same. Of several the first of: duplicate, missing, state, currency, amount.',
    enum: DISCREPANCIES,
  })
  discrepancy: string;
  @ApiProperty({ description: 'What was booked or should be.', enum: KINDS })
  kind: string;
  @ApiProperty({
    description: 'Our name of it: `pay_…`, `cap_…` or `ref_…`; as the row has it when it is not ours.',
    type: String,
    nullable: true,
    example: 'pay_01kc1xv8q1fwer8xv1wbq0z4a6',
  })
  reference: string | null;
  @ApiProperty({ description: "The gateway's name of it.", type: String, nullable: true, example: 'ch_7f3a' })
  gatewayReference: string | null;
  @ApiProperty({
    description: 'The order that it belongs to.',
    type: String,
    nullable: true,
    example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5',
  })
  orderId: string | null;
  @ApiProperty({
    description: 'The payment that it belongs to.',
    type: String,
    nullable: true,
    example: 'pay_01kc1xv8q1fwer8xv1wbq0z4a6',
  })
  paymentId: string | null;
  @ApiProperty({ description: 'Line of the file; the header is line 1.', type: Number, nullable: true, example: 2 })
  line: number | null;
  @ApiProperty({ description: 'What the statement books.', type: MoneyShape, nullable: true })
  there: MoneyShape | null;
  @ApiProperty({ description: 'What we hold.', type: MoneyShape, nullable: true })
  here: MoneyShape | null;
  @ApiProperty({
    description: 'What we hold became of it.',
    enum: ['pending', 'success', 'failed', 'unknown'],
    nullable: true,
    example: null,
  })
  status: string | null;
  @ApiProperty({
    description: 'When it was booked there, else when it was paid or asked for here.',
    format: 'date-time',
    example: '2026-01-31T08:30:00.000Z',
  })
  at: string;
}

export class ReconciliationShape {
  @ApiProperty({ description: 'Whose statement it is.', example: 'sandbox' })
  gateway: string;
  @ApiProperty({ description: 'From when on.', format: 'date-time', example: '2026-01-31T00:00:00.000Z' })
  from: string;
  @ApiProperty({ description: 'Until before when.', format: 'date-time', example: '2026-02-01T00:00:00.000Z' })
  to: string;
  @ApiProperty({ description: 'Rows of which our records say the same.', example: 2 })
  matched: number;
  @ApiProperty({ description: 'Both sides by kind and currency.', type: [ReconciledTotalShape] })
  totals: ReconciledTotalShape[];
  @ApiProperty({ description: 'How many differences there are of each kind.', type: [DifferenceCountShape] })
  counts: DifferenceCountShape[];
  @ApiProperty({
    description: 'The first `limit` of them: those of rows in the order of the file, then `missing-there`.',
    type: [DifferenceShape],
  })
  differences: DifferenceShape[];
}

@ApiTags('Trading')
@Controller('v1/payments/reconciliations')
export class ReconciliationsController {
  constructor(private readonly statements: ReconcileStatement) {}

  @Post()
  @HttpCode(200)
  @RouteConfig({ streamed: 'text/csv' })
  @ApiOperation({
    summary: "Compare a gateway's statement with our records",
    description:
      'Changes nothing, and can be repeated. Amounts are in minor units. A statement with a bad line is refused as a whole; `errors` names the first 20 bad places as `/line/column`.',
  })
  @ApiConsumes('text/csv')
  @ApiBody({
    description: 'At most 8 MB; `reference` may be empty where the gateway does not repeat it.',
    schema: { type: 'string', example: EXAMPLE },
  })
  @ApiOkResponse({ description: 'Where both agree and where not.', type: ReconciliationShape })
  @ApiResponse({ status: 400, description: '`malformed-statement`.', type: ProblemShape })
  @ApiResponse({ status: 404, description: '`unknown-gateway`.', type: ProblemShape })
  @ApiResponse({ status: 409, description: '`reconciliation-running`: one at a time.', type: ProblemShape })
  @ApiResponse({ status: 413, description: '`body-too-large`.', type: ProblemShape })
  @ApiResponse({ status: 422, description: '`no-statement`.', type: ProblemShape })
  async reconcile(
    @Query() { gateway, from, to, limit }: ReconciliationQuery,
    @Req() request: FastifyRequest,
  ): Promise<ReconciliationShape> {
    if (Number(request.headers['content-length']) > MOST_STATEMENT_BYTES) throw tooLarge();
    const given = { from: from ? new Date(from) : undefined, to: to ? new Date(to) : undefined };
    if (given.from && given.to && given.from >= given.to) {
      const errors = [{ pointer: '/from', detail: 'from must be before to' }];
      throw httpRefusal('invalid-request', '/from: from must be before to', { errors });
    }
    const body = request.body instanceof Readable ? request.body : Readable.from([]);
    try {
      const statement = readStatement(body.iterator({ destroyOnReturn: false }));
      return reportShape(gateway, await this.statements.run(gateway, statement, given, limit));
    } finally {
      // What was not read of a refused one still stands before the connection's next request.
      body.resume();
    }
  }
}

function reportShape(gateway: string, { period, reconciliation }: ReconciledStatement): ReconciliationShape {
  return {
    gateway,
    from: period.from.toISOString(),
    to: period.to.toISOString(),
    matched: reconciliation.matched,
    totals: reconciliation.totals.map(({ kind, currency, there, here }) => ({
      kind,
      currency,
      there: sumShape(there),
      here: sumShape(here),
    })),
    counts: [...reconciliation.counts].map(([discrepancy, count]: [Discrepancy, number]) => ({ discrepancy, count })),
    differences: reconciliation.differences.map(differenceShape),
  };
}

const sumShape = ({ count, amount }: Sum): BookingSumShape => ({ count, amount: amount.toJSON() });

function differenceShape({ discrepancy, booking, fact }: Difference): DifferenceShape {
  const known = booking ?? fact;
  if (!known) throw new Error('a difference has at least one side');
  return {
    discrepancy,
    kind: known.kind,
    reference: known.reference,
    gatewayReference: known.gatewayReference,
    orderId: fact?.orderId ?? null,
    paymentId: fact?.paymentId ?? null,
    line: booking?.line ?? null,
    there: booking?.amount.toJSON() ?? null,
    here: fact?.amount.toJSON() ?? null,
    status: fact?.status ?? null,
    at: ('bookedAt' in known ? known.bookedAt : known.at).toISOString(),
  };
}
