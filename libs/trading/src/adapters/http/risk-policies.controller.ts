import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { Clock, type Id, Ids, isId } from '@tradewind/shared-kernel';
import { decodeCursor, httpRefusal, NextCursor, pageOf, PageQuery } from '@tradewind/shared-kernel/http';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { refusal } from '../../domain/refusals';
import { RiskPolicyKinds } from '../../domain/risk/risk-kinds';
import { FAILURE_MODES, type FailureMode, POLICY_MODES, type PolicyMode } from '../../domain/risk/risk-policy';
import type { RiskParameters } from '../../domain/risk/risk-policy-kind';
import { type PolicyVersion, RiskPolicyTable } from '../../domain/risk/risk-rows';
import { ActivePolicies } from '../../features/risk/active-policies';
import { ProblemShape } from './shapes';

const KIND = {
  description:
    '`amount` {over, then}; `quantity` {sku?, most, then}; `new-buyer` {over, days, then}; `velocity` {per: buyer, address, ip ' +
    'or email, windowSeconds, maxOrders?, maxAmount?, then}; `lists` {subjects?, then}; or one that a team has registered. ' +
    '`then` is `review` or `decline`; `over` and `maxAmount` are money.',
  example: 'amount',
};
const PARAMETERS = {
  description: 'What the policy is set to, as its kind wants it.',
  type: Object,
  example: { over: { amount: 500_000, currency: 'CNY' }, then: 'review' },
};

export class RiskPolicyInput {
  @ApiProperty({ description: 'What people call it, up to 100 characters.', example: 'Large orders' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(100)
  name: string;

  @ApiProperty(KIND)
  @IsString()
  @MaxLength(64)
  kind: string;

  @ApiProperty(PARAMETERS)
  @IsObject()
  parameters: Record<string, unknown>;

  @ApiProperty({
    description: '`enforce`: its verdicts count; `shadow`: they are only noted, after the buyer has the answer.',
    enum: POLICY_MODES,
    example: 'shadow',
  })
  @IsIn(POLICY_MODES)
  mode: PolicyMode;

  @ApiPropertyOptional({ description: 'How long it may take, 1 to 10000 ms.', default: 300, example: 300 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(10_000)
  timeLimitMs?: number;

  @ApiPropertyOptional({
    description: 'What counts when it takes longer or breaks: `open` approves, `closed` declines, `review` parks.',
    enum: FAILURE_MODES,
    default: 'review',
    example: 'review',
  })
  @IsOptional()
  @IsIn(FAILURE_MODES)
  onFailure?: FailureMode;

  @ApiPropertyOptional({ description: 'Whether it is asked at all.', default: true, example: true })
  @IsOptional()
  @IsBoolean()
  enabled?: boolean;
}

export class RiskPolicyShape {
  @ApiProperty({ description: 'Identifier of the policy.', example: 'rsk_01kc1xv8q1fwer8xv1wbq0z4a5' })
  id: string;
  @ApiProperty({ description: 'Counts its replacements.', example: 1 })
  version: number;
  @ApiProperty({ description: 'What people call it.', example: 'Large orders' })
  name: string;
  @ApiProperty(KIND)
  kind: string;
  @ApiProperty(PARAMETERS)
  parameters: RiskParameters;
  @ApiProperty({ description: 'Whether its verdicts count.', enum: POLICY_MODES })
  mode: string;
  @ApiProperty({ description: 'How long it may take, milliseconds.', example: 300 })
  timeLimitMs: number;
  @ApiProperty({ description: 'What counts when it gives no verdict.', enum: FAILURE_MODES })
  onFailure: string;
  @ApiProperty({ description: 'Whether it is asked at all.', example: true })
  enabled: boolean;
  @ApiProperty({ description: 'When this version was made.', format: 'date-time', example: '2026-01-31T08:30:00.000Z' })
  createdAt: string;
}

export class RiskPolicyPage extends NextCursor {
  @ApiProperty({ description: 'Newest first.', type: [RiskPolicyShape] })
  data: RiskPolicyShape[];
}

const POLICY_ID = {
  name: 'id',
  description: 'Identifier of the policy, `rsk_…`: `id` in the answer of `POST /v1/risk/policies`.',
  example: 'rsk_01kc1xv8q1fwer8xv1wbq0z4a5',
};

const EXAMPLES = {
  shadow: {
    summary: 'Note which orders are large',
    value: { name: 'Large orders', kind: KIND.example, parameters: PARAMETERS.example, mode: 'shadow' },
  },
  enforce: {
    summary: 'Park every order of more than CNY 1 for a review',
    value: {
      name: 'Every order',
      kind: 'amount',
      parameters: { over: { amount: 100, currency: 'CNY' }, then: 'review' },
      mode: 'enforce',
    },
  },
};

@ApiTags('Trading: risk')
@Controller('v1/risk/policies')
export class RiskPoliciesController {
  constructor(
    private readonly policies: RiskPolicyTable,
    private readonly kinds: RiskPolicyKinds,
    private readonly active: ActivePolicies,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Add a risk policy' })
  @ApiBody({ type: RiskPolicyInput, examples: EXAMPLES })
  @ApiCreatedResponse({ description: 'Its first version.', type: RiskPolicyShape })
  @ApiResponse({ status: 400, description: 'Parameters that the kind does not take.', type: ProblemShape })
  async add(@Body() input: RiskPolicyInput): Promise<RiskPolicyShape> {
    const added = await this.policies.add(this.#policy(this.ids.next('rsk'), input));
    await this.active.refresh();
    return policyShape(added);
  }

  @Get()
  @ApiOperation({ summary: 'List risk policies' })
  @ApiOkResponse({ description: 'One page of policies.', type: RiskPolicyPage })
  async list(@Query() { limit, cursor }: PageQuery): Promise<RiskPolicyPage> {
    const before = cursor ? (decodeCursor(cursor, [(part) => isId('rsk', part)])[0] as Id<'rsk'>) : undefined;
    const page = pageOf(await this.policies.list(limit, before), limit, ({ id }) => [id]);
    return { ...page, data: page.data.map(policyShape) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read a risk policy' })
  @ApiParam(POLICY_ID)
  @ApiOkResponse({ description: 'The version that stands.', type: RiskPolicyShape })
  @ApiResponse({ status: 404, description: '`unknown-risk-policy`.', type: ProblemShape })
  async read(@Param('id') id: string): Promise<RiskPolicyShape> {
    return policyShape(await this.policies.find(policyIdOf(id)));
  }

  /** At once in this process, within a second in the others. */
  @Put(':id')
  @ApiOperation({ summary: 'Replace a risk policy by a new version' })
  @ApiParam(POLICY_ID)
  @ApiOkResponse({ description: 'The new version.', type: RiskPolicyShape })
  @ApiResponse({ status: 404, description: '`unknown-risk-policy`.', type: ProblemShape })
  async replace(@Param('id') id: string, @Body() input: RiskPolicyInput): Promise<RiskPolicyShape> {
    const replaced = await this.policies.replace(this.#policy(policyIdOf(id), input));
    await this.active.refresh();
    return policyShape(replaced);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a risk policy' })
  @ApiParam(POLICY_ID)
  @ApiNoContentResponse({ description: 'It is not asked any more; what it said is kept.' })
  @ApiResponse({ status: 404, description: '`unknown-risk-policy`.', type: ProblemShape })
  async remove(@Param('id') id: string): Promise<void> {
    await this.policies.remove(policyIdOf(id));
    await this.active.refresh();
  }

  #policy(id: Id<'rsk'>, input: RiskPolicyInput): Omit<PolicyVersion, 'version'> {
    const { timeLimitMs = 300, onFailure = 'review', enabled = true, name, kind, mode } = input;
    const parameters = checkedParameters(this.kinds, input, '');
    return { id, name, kind, parameters, mode, timeLimitMs, onFailure, enabled, createdAt: this.clock.now() };
  }
}

/** Throws `invalid-request` with each wrong parameter, or for a kind that nobody knows. `parent` is a JSON pointer. */
export function checkedParameters(
  kinds: RiskPolicyKinds,
  given: { kind: string; parameters: Record<string, unknown> },
  parent: string,
): RiskParameters {
  const kind = kinds.named(given.kind);
  const parameters = { ...given.parameters };
  const problems = kind
    ? kind.problems(parameters).map(({ pointer, detail }) => ({ pointer: `/parameters${pointer}`, detail }))
    : [{ pointer: '/kind', detail: `kind must be one of ${kinds.names.join(', ')}` }];
  const errors = problems.map(({ pointer, detail }) => ({ pointer: `${parent}${pointer}`, detail }));
  const [first] = errors;
  if (first) throw httpRefusal('invalid-request', `${first.pointer}: ${first.detail}`, { errors });
  return parameters;
}

export function policyIdOf(text: string): Id<'rsk'> {
  if (!isId('rsk', text)) throw refusal('unknown-risk-policy', 'not the identifier of a risk policy');
  return text;
}

const policyShape = (policy: PolicyVersion): RiskPolicyShape => ({
  ...policy,
  createdAt: policy.createdAt.toISOString(),
});
