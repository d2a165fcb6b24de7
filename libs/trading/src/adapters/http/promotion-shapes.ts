import { ApiProperty } from '@nestjs/swagger';
import type { Reason } from '../../domain/promotions/discounts';
import { type Promotion, PROMOTION_STATES, type PromotionState, stateOf } from '../../domain/promotions/promotion';
import { NextCursor } from '@tradewind/shared-kernel/http';
import { ActionInput, ConditionInput } from './promotion-inputs';
import { moment, MoneyShape } from './shapes';

export class PromotionShape {
  @ApiProperty({ description: 'Identifier of the promotion.', example: 'pro_01kc1xv8q1fwer8xv1wbq0z4b1' })
  id: string;
  @ApiProperty({ description: 'Counts the changes of its rule.', example: 1 })
  version: number;
  @ApiProperty({ description: 'Where it is now.', enum: PROMOTION_STATES, example: 'active' })
  state: PromotionState;
  @ApiProperty({ description: 'What buyers read.', example: '10 % off from CNY 300' })
  name: string;
  @ApiProperty({ description: 'Higher ones come first.', example: 0 })
  priority: number;
  @ApiProperty({ description: 'One promotion of a group applies.', type: String, nullable: true, example: 'season' })
  stackingGroup: string | null;
  @ApiProperty({ description: 'Combines with nothing.', example: false })
  exclusive: boolean;
  @ApiProperty({ description: 'Most that it takes off one order.', type: MoneyShape, nullable: true, example: null })
  cap: MoneyShape | null;
  @ApiProperty({ description: 'All must hold.', type: [ConditionInput] })
  conditions: object[];
  @ApiProperty({ description: 'Taken one after another.', type: [ActionInput] })
  actions: object[];
  @ApiProperty(moment('From when it counts.'))
  startsAt: string | null;
  @ApiProperty(moment('When it ends.'))
  endsAt: string | null;
  @ApiProperty(moment('When it was stopped.'))
  stoppedAt: string | null;
}

export class PromotionPage extends NextCursor {
  @ApiProperty({ description: 'Newest first.', type: [PromotionShape] })
  data: PromotionShape[];
}

export class ReasonShape {
  @ApiProperty({ description: 'Stable code to branch on.', example: 'minimum-amount-not-reached' })
  code: string;
  @ApiProperty({ description: 'For people.', example: 'needs CNY 300.00' })
  text: string;
}

export class ExplanationShape {
  @ApiProperty({
    description: 'The promotion; null for a rule that is stored nowhere.',
    type: String,
    nullable: true,
    example: null,
  })
  promotionId: string | null;
  @ApiProperty({ description: 'Its version.', example: 1 })
  version: number;
  @ApiProperty({ description: 'Its name.', example: '10 % off from CNY 300' })
  name: string;
  @ApiProperty({ description: 'Whether it applied.', example: false })
  applied: boolean;
  @ApiProperty({
    description: 'Why; for one that did not apply, everything that stood in its way.',
    type: [ReasonShape],
  })
  reasons: Reason[];
}

export class LineAmountShape {
  @ApiProperty({ description: 'Number of the line, from 1.', example: 1 })
  lineNo: number;
  @ApiProperty({ description: 'Off this line.' })
  amount: MoneyShape;
}

export class AdjustmentShape {
  @ApiProperty({
    description: 'The promotion; null for a rule that is stored nowhere.',
    type: String,
    nullable: true,
    example: null,
  })
  promotionId: string | null;
  @ApiProperty({ description: 'Its version.', example: 1 })
  version: number;
  @ApiProperty({ description: 'Its name.', example: '10 % off from CNY 300' })
  name: string;
  @ApiProperty({ description: 'What it took off each line that it changed.', type: [LineAmountShape] })
  lines: LineAmountShape[];
  @ApiProperty({ description: 'What it took off shipping.' })
  shipping: MoneyShape;
  @ApiProperty({ description: 'What it took off altogether.' })
  amount: MoneyShape;
}

export function promotionShape(promotion: Promotion, now: Date): PromotionShape {
  const { id, version, name, priority, stackingGroup, exclusive, cap, startsAt, endsAt, stoppedAt } = promotion;
  return {
    id,
    version,
    state: stateOf(promotion, now),
    name,
    priority,
    stackingGroup,
    exclusive,
    cap,
    conditions: [...promotion.conditions],
    actions: [...promotion.actions],
    startsAt: startsAt?.toISOString() ?? null,
    endsAt: endsAt?.toISOString() ?? null,
    stoppedAt: stoppedAt?.toISOString() ?? null,
  };
}
