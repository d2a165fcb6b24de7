import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsTime } from '@tradewind/shared-kernel/http';
import { IsBoolean, IsIn, IsNotEmpty, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import type { Action, Condition, PromotionRule } from '../../domain/promotions/promotion';
import { integer, isAfter, object, objects, ofKind, texts } from './field-rules';
import { MoneyShape } from './shapes';

export const MAX_UNITS = 100_000;
const MAX_PARTS = 20;
const MAX_PRIORITY = 1_000_000;

const BASIS_POINTS = 'Hundredths of a percent: 1000 is 10 %.';
const SELECTION = 'Lines by SKU or category: a line that matches either is meant; without both, every line.';

export class UnitsInput {
  @ApiProperty({ description: 'Units.', example: 2 })
  @integer(1, MAX_UNITS)
  quantity: number;

  @ApiPropertyOptional({ description: SELECTION, type: [String], example: ['SKU-1'] })
  @IsOptional()
  @texts(100)
  skus?: string[];

  @ApiPropertyOptional({ description: SELECTION, type: [String], example: ['tea'] })
  @IsOptional()
  @texts(MAX_PARTS)
  categories?: string[];
}

const CONDITIONS = [
  'minimum-amount',
  'minimum-quantity',
  'contains',
  'buyer-level',
  'first-order',
  'coupon',
  'channel',
  'region',
] as const satisfies Condition['kind'][];
const SELECTING_CONDITIONS = ['minimum-amount', 'minimum-quantity', 'contains'];

/** Which fields a condition has depends on its kind. */
export class ConditionInput {
  @ApiProperty({ description: 'What must hold. Amounts are those before any discount.', enum: CONDITIONS })
  @IsIn(CONDITIONS)
  kind: Condition['kind'];

  @ApiPropertyOptional({ description: '`minimum-amount`: what the lines must come to.' })
  @object(() => MoneyShape)
  @ofKind('minimum-amount')
  amount?: MoneyShape;

  @ApiPropertyOptional({ description: '`minimum-quantity`: how many units there must be.', example: 3 })
  @integer(1, MAX_UNITS)
  @ofKind('minimum-quantity')
  quantity?: number;

  @ApiPropertyOptional({ description: `The first three kinds: ${SELECTION}`, type: [String], example: ['SKU-1'] })
  @IsOptional()
  @texts(100)
  @ofKind(...SELECTING_CONDITIONS)
  skus?: string[];

  @ApiPropertyOptional({ description: `The first three kinds: ${SELECTION}`, type: [String], example: ['tea'] })
  @IsOptional()
  @texts(MAX_PARTS)
  @ofKind(...SELECTING_CONDITIONS)
  categories?: string[];

  @ApiPropertyOptional({ description: '`buyer-level`: the least level.', example: 3 })
  @integer(0, 1000)
  @ofKind('buyer-level')
  level?: number;

  @ApiPropertyOptional({ description: '`channel`: one of these.', type: [String], example: ['app'] })
  @texts(MAX_PARTS)
  @ofKind('channel')
  channels?: string[];

  @ApiPropertyOptional({ description: '`region`: one of these.', type: [String], example: ['cn-south'] })
  @texts(MAX_PARTS)
  @ofKind('region')
  regions?: string[];
}

const ACTIONS = [
  'order-percent',
  'order-fixed',
  'line-percent',
  'line-fixed',
  'free-shipping',
  'buy-x-get-y',
  'gift',
] as const satisfies Action['kind'][];

/** Which fields an action has depends on its kind. */
export class ActionInput {
  @ApiProperty({ description: 'What is given.', enum: ACTIONS, example: 'order-percent' })
  @IsIn(ACTIONS)
  kind: Action['kind'];

  @ApiPropertyOptional({
    description: `\`order-percent\`, \`line-percent\`, \`buy-x-get-y\` (off the units that are got). ${BASIS_POINTS}`,
    example: 1000,
  })
  @integer(1, 10_000)
  @ofKind('order-percent', 'line-percent', 'buy-x-get-y')
  basisPoints?: number;

  @ApiPropertyOptional({ description: '`order-fixed`: off the order; `line-fixed`: off each unit.' })
  @object(() => MoneyShape)
  @ofKind('order-fixed', 'line-fixed')
  amount?: MoneyShape;

  @ApiPropertyOptional({
    description: `\`line-percent\`, \`line-fixed\`. ${SELECTION}`,
    type: [String],
    example: ['SKU-1'],
  })
  @IsOptional()
  @texts(100)
  @ofKind('line-percent', 'line-fixed')
  skus?: string[];

  @ApiPropertyOptional({
    description: `\`line-percent\`, \`line-fixed\`. ${SELECTION}`,
    type: [String],
    example: ['tea'],
  })
  @IsOptional()
  @texts(MAX_PARTS)
  @ofKind('line-percent', 'line-fixed')
  categories?: string[];

  @ApiPropertyOptional({ description: '`buy-x-get-y`: for every so many units that are bought …' })
  @object(() => UnitsInput)
  @ofKind('buy-x-get-y')
  buy?: UnitsInput;

  @ApiPropertyOptional({ description: '`buy-x-get-y`: … so many further units, the cheapest first, cost less.' })
  @object(() => UnitsInput)
  @ofKind('buy-x-get-y')
  get?: UnitsInput;

  @ApiPropertyOptional({ description: '`buy-x-get-y`: how often in one order; without it, as often as it fits.' })
  @IsOptional()
  @integer(1, MAX_UNITS)
  @ofKind('buy-x-get-y')
  times?: number;

  @ApiPropertyOptional({ description: '`gift`: what is added to the order for nothing.', example: 'SKU-2' })
  @MaxLength(64)
  @IsNotEmpty()
  @IsString()
  @ofKind('gift')
  sku?: string;

  @ApiPropertyOptional({ description: '`gift`: how many.', example: 1 })
  @integer(1, MAX_UNITS)
  @ofKind('gift')
  quantity?: number;
}

export class WindowInput {
  @ApiPropertyOptional({
    description: 'From when it counts, RFC 3339; at once when absent.',
    example: '2026-01-01T00:00:00Z',
  })
  @IsOptional()
  @IsTime()
  startsAt?: string;

  @ApiPropertyOptional({
    description: 'The first moment at which it no longer counts, RFC 3339; never when absent.',
    example: '2036-01-01T00:00:00Z',
  })
  @IsOptional()
  @isAfter('startsAt')
  @IsTime()
  endsAt?: string;
}

const COUPON_FROM_300: Condition[] = [
  { kind: 'coupon' },
  { kind: 'minimum-amount', amount: { amount: 30_000, currency: 'CNY' } },
];
const TEN_PERCENT: Action[] = [{ kind: 'order-percent', basisPoints: 1000 }];

export class PromotionInput extends WindowInput {
  @ApiProperty({ description: 'What buyers read, up to 100 characters.', example: '10 % off from CNY 300' })
  @MaxLength(100)
  @IsNotEmpty()
  @IsString()
  name: string;

  @ApiPropertyOptional({ description: 'Higher ones come first; of equal ones the older.', default: 0, example: 0 })
  @IsOptional()
  @integer(-MAX_PRIORITY, MAX_PRIORITY)
  priority?: number;

  @ApiPropertyOptional({
    description: 'Of the promotions of one group, the first that applies shuts out the others.',
    example: 'season',
  })
  @IsOptional()
  @Matches(/^[A-Za-z0-9_-]{1,64}$/, { message: 'stackingGroup takes letters, digits, _ and -' })
  stackingGroup?: string;

  @ApiPropertyOptional({
    description: 'Applies only when nothing else has, and then nothing else does.',
    default: false,
    example: false,
  })
  @IsOptional()
  @IsBoolean()
  exclusive?: boolean;

  @ApiPropertyOptional({ description: 'Most that it takes off one order, shipping included.' })
  @IsOptional()
  @object(() => MoneyShape)
  cap?: MoneyShape;

  @ApiPropertyOptional({
    description: `All must hold; up to ${MAX_PARTS}.`,
    type: [ConditionInput],
    default: [],
    example: COUPON_FROM_300,
  })
  @IsOptional()
  @objects(() => ConditionInput, 0, MAX_PARTS)
  conditions?: ConditionInput[];

  @ApiProperty({
    description: 'Taken one after another; 1 to 10.',
    type: [ActionInput],
    example: TEN_PERCENT,
  })
  @objects(() => ActionInput, 1, 10)
  actions: ActionInput[];
}

export class PromotionChange extends PromotionInput {
  @ApiProperty({ description: 'The version that this one replaces.', example: 1 })
  @integer(1, 2 ** 31 - 1)
  version: number;
}

export class ScheduleInput extends WindowInput {
  @ApiProperty({ description: 'The version that this one replaces.', example: 1 })
  @integer(1, 2 ** 31 - 1)
  version: number;
}

/** The rule that a body describes. */
export function ruleOf(input: PromotionInput): PromotionRule {
  return {
    name: input.name,
    priority: input.priority ?? 0,
    stackingGroup: input.stackingGroup ?? null,
    exclusive: input.exclusive ?? false,
    cap: input.cap ? given(input.cap) : null,
    // Validated: each has the fields of its kind and no others.
    conditions: (input.conditions ?? []).map((condition) => given(condition) as Condition),
    actions: input.actions.map((action) => given(action) as Action),
    ...windowOf(input),
  };
}

export const windowOf = ({ startsAt, endsAt }: WindowInput) => ({
  startsAt: startsAt ? new Date(startsAt) : null,
  endsAt: endsAt ? new Date(endsAt) : null,
});

/** Plain JSON without the fields that are absent or null. */
function given<T extends object>(value: T): T {
  return JSON.parse(JSON.stringify(value, (_, member: unknown) => member ?? undefined)) as T;
}
