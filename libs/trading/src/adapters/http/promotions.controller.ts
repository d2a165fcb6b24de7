import { Body, Controller, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiPropertyOptional,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { Clock, type Id, Ids, isId, Money } from '@tradewind/shared-kernel';
import { decodeCursor, httpRefusal, PageQuery, pageOf } from '@tradewind/shared-kernel/http';
import { IsIn, IsOptional } from 'class-validator';
import {
  type Promotion,
  PROMOTION_STATES,
  type PromotionState,
  replaced,
  stopped,
} from '../../domain/promotions/promotion';
import { Promotions } from '../../domain/promotions/promotions';
import { refusal } from '../../domain/refusals';
import { DryRun } from '../../features/promotions/dry-run';
import { DryRunAnswer, dryRunAnswer, DryRunInput } from './dry-run.dto';
import { PromotionChange, PromotionInput, ruleOf, ScheduleInput, windowOf } from './promotion-inputs';
import { PromotionPage, PromotionShape, promotionShape } from './promotion-shapes';
import { ProblemShape } from './shapes';

export class PromotionQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'Only promotions that are in this state now.', enum: PROMOTION_STATES })
  @IsOptional()
  @IsIn(PROMOTION_STATES)
  state?: PromotionState;
}

const ID = {
  name: 'id',
  description: 'Identifier of the promotion, `pro_…`.',
  example: 'pro_01kc1xv8q1fwer8xv1wbq0z4b1',
};
const UNKNOWN = { status: 404, description: '`unknown-promotion`.', type: ProblemShape };
const NOT_ITS_VERSION = {
  status: 409,
  description: '`promotion-changed` with the `version` it is at; `promotion-stopped`.',
  type: ProblemShape,
};

@ApiTags('Promotions')
@Controller('v1/promotions')
export class PromotionsController {
  constructor(
    private readonly promotions: Promotions,
    private readonly dryRuns: DryRun,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Create a promotion' })
  @ApiCreatedResponse({ description: 'It counts from now on, or from `startsAt`.', type: PromotionShape })
  @ApiResponse({ status: 400, description: 'Invalid request.', type: ProblemShape })
  async create(@Body() input: PromotionInput): Promise<PromotionShape> {
    const promotion = { id: this.ids.next('pro'), version: 1, stoppedAt: null, ...ruleOf(input) };
    await this.promotions.add(promotion);
    return this.#shape(promotion);
  }

  @Get()
  @ApiOperation({ summary: 'List promotions' })
  @ApiOkResponse({ description: 'One page of promotions.', type: PromotionPage })
  async list(@Query() { state, limit, cursor }: PromotionQuery): Promise<PromotionPage> {
    const [after] = cursor ? decodeCursor(cursor, [(part) => isId('pro', part)]) : [];
    const found = await this.promotions.list({ state, limit, after: after as Id<'pro'> | undefined }, this.clock.now());
    const { data, nextCursor } = pageOf(found, limit, ({ id }) => [id]);
    return { data: data.map((promotion) => this.#shape(promotion)), nextCursor };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read a promotion' })
  @ApiParam(ID)
  @ApiOkResponse({ description: 'The promotion as it stands.', type: PromotionShape })
  @ApiResponse(UNKNOWN)
  async read(@Param('id') id: string): Promise<PromotionShape> {
    const promotion = await this.promotions.find(promotionIdOf(id));
    if (!promotion) throw refusal('unknown-promotion', `no promotion ${id}`);
    return this.#shape(promotion);
  }

  @Put(':id')
  @ApiOperation({ summary: 'Replace the rule of a promotion by a new version' })
  @ApiParam(ID)
  @ApiOkResponse({ description: 'The new version. Orders keep what older ones gave.', type: PromotionShape })
  @ApiResponse(UNKNOWN)
  @ApiResponse(NOT_ITS_VERSION)
  async replace(@Param('id') id: string, @Body() { version, ...input }: PromotionChange): Promise<PromotionShape> {
    return this.#shape(
      await this.promotions.change(promotionIdOf(id), (promotion) => replaced(promotion, version, ruleOf(input))),
    );
  }

  @Post(':id/schedule')
  @HttpCode(200)
  @ApiOperation({ summary: 'Set when a promotion starts and ends' })
  @ApiParam(ID)
  @ApiOkResponse({ description: 'The new version.', type: PromotionShape })
  @ApiResponse(UNKNOWN)
  @ApiResponse(NOT_ITS_VERSION)
  async schedule(@Param('id') id: string, @Body() { version, ...window }: ScheduleInput): Promise<PromotionShape> {
    return this.#shape(
      await this.promotions.change(promotionIdOf(id), (promotion) => replaced(promotion, version, windowOf(window))),
    );
  }

  @Post(':id/stop')
  @HttpCode(200)
  @ApiOperation({ summary: 'Stop a promotion for ever' })
  @ApiParam(ID)
  @ApiOkResponse({ description: 'The stopped promotion; a repeat changes nothing.', type: PromotionShape })
  @ApiResponse(UNKNOWN)
  async stop(@Param('id') id: string): Promise<PromotionShape> {
    const now = this.clock.now();
    return this.#shape(await this.promotions.change(promotionIdOf(id), (promotion) => stopped(promotion, now)));
  }

  @Post('dry-run')
  @HttpCode(200)
  @ApiOperation({ summary: 'Try a promotion against a basket, without any effect' })
  @ApiOkResponse({ description: 'What it would take off, and why or why not.', type: DryRunAnswer })
  @ApiResponse(UNKNOWN)
  @ApiResponse({
    status: 422,
    description: '`unknown-sku`, `mixed-currencies`, `amount-too-large`.',
    type: ProblemShape,
  })
  async dryRun(@Body() input: DryRunInput): Promise<DryRunAnswer> {
    const tried = await this.dryRuns.try({
      promotion: triedBy(input),
      lines: input.lines.map(({ sku, quantity, unitPrice, category }) => ({
        sku,
        quantity,
        unitPrice: unitPrice ? Money.fromJSON(unitPrice) : undefined,
        category: category ?? undefined,
      })),
      shipping: input.shipping ?? 0,
      buyer: input.buyer ? { level: input.buyer.level, isFirstOrder: input.buyer.isFirstOrder } : null,
      withCoupon: input.withCoupon ?? true,
      withActive: input.withActive ?? false,
      at: input.at ? new Date(input.at) : undefined,
      channel: input.channel ?? null,
      region: input.region ?? null,
    });
    return dryRunAnswer(tried, Boolean(input.promotion));
  }

  #shape(promotion: Promotion): PromotionShape {
    return promotionShape(promotion, this.clock.now());
  }
}

function promotionIdOf(text: string): Id<'pro'> {
  if (!isId('pro', text)) throw refusal('unknown-promotion', 'not the identifier of a promotion');
  return text;
}

function triedBy({ promotion, promotionId }: DryRunInput) {
  if (promotion && !promotionId) return ruleOf(promotion);
  if (promotionId && !promotion) return promotionIdOf(promotionId);
  const detail = 'give either promotion or promotionId';
  throw httpRefusal('invalid-request', detail, { errors: [{ pointer: '/promotion', detail }] });
}
