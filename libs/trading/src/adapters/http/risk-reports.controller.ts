import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import {
  ApiBody,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { Clock, type Id, Ids } from '@tradewind/shared-kernel';
import { httpRefusal, IsIdOf, IsTime } from '@tradewind/shared-kernel/http';
import { Type } from 'class-transformer';
import { IsInt, IsObject, IsOptional, IsString, Max, MaxLength, Min, ValidateNested } from 'class-validator';
import { RiskReports, type Span } from '../../domain/risk/reports';
import { RiskPolicyKinds } from '../../domain/risk/risk-kinds';
import { type PolicyVersion, RiskPolicyTable } from '../../domain/risk/risk-rows';
import { Backtest, type BacktestResult } from '../../features/risk/backtest';
import { checkedParameters } from './risk-policies.controller';
import { ProblemShape } from './shapes';

const DAY_MS = 86_400_000;
const MOST_ORDERS = 1_000_000;
const VERDICTS = ['approve', 'review', 'decline'] as const;

const FROM = {
  description: 'From this time on, RFC 3339; a day before `to` when absent.',
  example: '2026-01-01T00:00:00Z',
};
const TO = { description: 'Before this time, RFC 3339; now when absent.', example: '2036-01-01T00:00:00Z' };

export class ShadowReportQuery {
  @ApiProperty({
    description: 'The policy in shadow, `rsk_…`: `id` in the answer of `POST /v1/risk/policies`.',
    example: 'rsk_01kc1xv8q1fwer8xv1wbq0z4a5',
  })
  @IsIdOf('rsk')
  policyId: Id<'rsk'>;

  @ApiPropertyOptional({
    description: 'Compare with the verdicts of this policy instead of with all that was enforced, `rsk_…`.',
  })
  @IsOptional()
  @IsIdOf('rsk')
  against?: Id<'rsk'>;

  @ApiPropertyOptional(FROM)
  @IsOptional()
  @IsTime()
  from?: string;

  @ApiPropertyOptional(TO)
  @IsOptional()
  @IsTime()
  to?: string;
}

export class ComparedVerdictsShape {
  @ApiProperty({ description: 'What was enforced, or what the other policy said.', enum: VERDICTS })
  enforced: string;
  @ApiProperty({ description: 'What the policy in shadow said.', enum: VERDICTS })
  shadow: string;
  @ApiProperty({ description: 'Checkouts that were decided so.', example: 12 })
  checkouts: number;
  @ApiProperty({
    description: 'Some of their orders, where the two differ; checkouts that were declined left none.',
    type: [String],
    example: ['ord_01kc1xv8q1fwer8xv1wbq0z4a5'],
  })
  examples: string[];
}

export class PolicyLatencyShape {
  @ApiProperty({ description: 'The policy.', example: 'rsk_01kc1xv8q1fwer8xv1wbq0z4a5' })
  policyId: string;
  @ApiProperty({ description: 'Its version.', example: 1 })
  version: number;
  @ApiProperty({ description: 'How it ran.', enum: ['enforce', 'shadow'] })
  mode: string;
  @ApiProperty({ description: 'How often it was asked.', example: 1000 })
  evaluations: number;
  @ApiProperty({ description: 'Half of the evaluations took no longer, microseconds.', example: 4 })
  p50: number;
  @ApiProperty({ description: 'Nine of ten took no longer, microseconds.', example: 9 })
  p90: number;
  @ApiProperty({ description: '99 of 100 took no longer, microseconds.', example: 40 })
  p99: number;
  @ApiProperty({ description: 'None took longer, microseconds.', example: 210 })
  longest: number;
  @ApiProperty({ description: 'Evaluations that ran out of time.', example: 0 })
  timeouts: number;
  @ApiProperty({ description: 'Evaluations that broke.', example: 0 })
  errors: number;
}

export class ShadowReportShape {
  @ApiProperty({ description: 'Its first moment.', format: 'date-time', example: '2026-01-30T08:30:00.000Z' })
  from: string;
  @ApiProperty({ description: 'Its end.', format: 'date-time', example: '2026-01-31T08:30:00.000Z' })
  to: string;
  @ApiProperty({ description: 'Checkouts that the policy in shadow saw.', example: 1000 })
  checkouts: number;
  @ApiProperty({ description: 'Those on which the two differ.', example: 12 })
  differences: number;
  @ApiProperty({ description: 'The matrix of verdicts, without its empty cells.', type: [ComparedVerdictsShape] })
  verdicts: ComparedVerdictsShape[];
  @ApiProperty({
    description: 'How long each policy took in this time, this one and the others.',
    type: [PolicyLatencyShape],
  })
  latencies: PolicyLatencyShape[];
}

export class InlinePolicyInput {
  @ApiProperty({ description: 'Kind of the policy, as in `POST /v1/risk/policies`.', example: 'amount' })
  @IsString()
  @MaxLength(64)
  kind: string;

  @ApiProperty({
    description: 'Its parameters.',
    type: Object,
    example: { over: { amount: 500_000, currency: 'CNY' }, then: 'review' },
  })
  @IsObject()
  parameters: Record<string, unknown>;
}

export class BacktestInput {
  @ApiPropertyOptional({ description: 'A stored policy; or give `policy`. `rsk_…`' })
  @IsOptional()
  @IsIdOf('rsk')
  policyId?: Id<'rsk'>;

  @ApiPropertyOptional({ description: 'A policy that is not stored; or give `policyId`.' })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => InlinePolicyInput)
  policy?: InlinePolicyInput;

  @ApiPropertyOptional(FROM)
  @IsOptional()
  @IsTime()
  from?: string;

  @ApiPropertyOptional(TO)
  @IsOptional()
  @IsTime()
  to?: string;

  @ApiPropertyOptional({ description: `Most orders to judge, 1 to ${MOST_ORDERS}.`, default: 100_000, example: 1000 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MOST_ORDERS)
  limit?: number;
}

export class VerdictCounts {
  @ApiProperty({ description: 'Orders that would have been taken.', example: 990 })
  approve: number;
  @ApiProperty({ description: 'Orders that would have been parked.', example: 10 })
  review: number;
  @ApiProperty({ description: 'Orders that would not have been taken.', example: 0 })
  decline: number;
}

export class VerdictExamples {
  @ApiProperty({ description: 'Some that would have been parked.', type: [String], example: [] })
  review: string[];
  @ApiProperty({ description: 'Some that would not have been taken.', type: [String], example: [] })
  decline: string[];
}

export class BacktestShape {
  @ApiProperty({ description: 'Orders that were judged.', example: 1000 })
  orders: number;
  @ApiProperty({ description: 'What the policy says of them.' })
  verdicts: VerdictCounts;
  @ApiProperty({ description: 'Some of them, the oldest first.' })
  examples: VerdictExamples;
  @ApiProperty({ description: 'Evaluations that ran out of time or broke: the failure mode counted.', example: 0 })
  failures: number;
  @ApiProperty({
    description: 'Why it ended before the last order; null when it did not. `seenUntil` tells where to go on.',
    enum: ['limit', 'time', 'memory'],
    nullable: true,
    example: null,
  })
  stoppedBy: string | null;
  @ApiProperty({
    description: 'When the last order that was judged was placed.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: '2026-01-31T08:30:00.000Z',
  })
  seenUntil: string | null;
}

const SPAN = { from: FROM.example, to: TO.example, limit: 1000 };
const BACKTESTS = {
  inline: {
    summary: 'A policy that is not stored',
    value: {
      policy: { kind: 'amount', parameters: { over: { amount: 500_000, currency: 'CNY' }, then: 'review' } },
      ...SPAN,
    },
  },
  stored: {
    summary: 'One that `POST /v1/risk/policies` answered',
    value: { policyId: 'rsk_01kc1xv8q1fwer8xv1wbq0z4a5', ...SPAN },
  },
};

@ApiTags('Trading: risk')
@Controller('v1/risk')
export class RiskReportsController {
  constructor(
    private readonly reports: RiskReports,
    private readonly backtest: Backtest,
    private readonly policies: RiskPolicyTable,
    private readonly kinds: RiskPolicyKinds,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  @Get('shadow-report')
  @ApiOperation({ summary: 'Compare a policy in shadow with what was enforced' })
  @ApiOkResponse({ description: 'Verdicts and latencies side by side.', type: ShadowReportShape })
  @ApiResponse({ status: 404, description: '`unknown-risk-policy`.', type: ProblemShape })
  async shadowReport(@Query() { policyId, against, ...given }: ShadowReportQuery): Promise<ShadowReportShape> {
    const span = this.#span(given);
    await Promise.all([policyId, ...(against ? [against] : [])].map((id) => this.policies.find(id)));
    const [verdicts, latencies] = await Promise.all([
      this.reports.compare(policyId, span, against),
      this.reports.latencies(span),
    ]);
    const count = (cells: typeof verdicts) => cells.reduce((sum, { checkouts }) => sum + checkouts, 0);
    return {
      from: span.from.toISOString(),
      to: span.to.toISOString(),
      checkouts: count(verdicts),
      differences: count(verdicts.filter(({ enforced, shadow }) => enforced !== shadow)),
      verdicts,
      latencies,
    };
  }

  @Post('backtests')
  @HttpCode(200)
  @ApiOperation({ summary: 'Ask a policy about orders of the past' })
  @ApiBody({ type: BacktestInput, examples: BACKTESTS })
  @ApiOkResponse({
    description: 'What it would have said. IP addresses of the past are not known.',
    type: BacktestShape,
  })
  @ApiResponse({ status: 404, description: '`unknown-risk-policy`.', type: ProblemShape })
  @ApiResponse({ status: 409, description: '`backtest-running`: one at a time.', type: ProblemShape })
  async run(@Body() { policyId, policy, limit = 100_000, ...given }: BacktestInput): Promise<BacktestShape> {
    if ((policyId === undefined) === (policy === undefined)) throw invalid('/policyId', 'give policyId or policy');
    const stored = policyId ? await this.policies.find(policyId) : this.#inline(policy as InlinePolicyInput);
    return backtestShape(await this.backtest.run(stored, this.#span(given), limit));
  }

  #inline(policy: InlinePolicyInput): PolicyVersion {
    return {
      id: this.ids.next('rsk'),
      version: 1,
      name: 'backtest',
      kind: policy.kind,
      parameters: checkedParameters(this.kinds, policy, '/policy'),
      mode: 'shadow',
      timeLimitMs: 300,
      onFailure: 'review',
      enabled: true,
      createdAt: this.clock.now(),
    };
  }

  #span(given: { from?: string; to?: string }): Span {
    const to = given.to ? new Date(given.to) : this.clock.now();
    const from = given.from ? new Date(given.from) : new Date(to.getTime() - DAY_MS);
    if (from >= to) throw invalid('/from', 'from must be before to');
    return { from, to };
  }
}

const invalid = (pointer: string, detail: string) =>
  httpRefusal('invalid-request', `${pointer}: ${detail}`, { errors: [{ pointer, detail }] });

const backtestShape = ({ seenUntil, ...result }: BacktestResult): BacktestShape => ({
  ...result,
  seenUntil: seenUntil?.toISOString() ?? null,
});
