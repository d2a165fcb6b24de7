import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiParam, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import { type Id, isId } from '@tradewind/shared-kernel';
import {
  answered,
  decodeCursor,
  Idempotent,
  IdempotencyKeys,
  type IdempotentRequest,
  isTimeText,
  NextCursor,
  pageOf,
  PageQuery,
} from '@tradewind/shared-kernel/http';
import { IsNotEmpty, IsString, MaxLength } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { refusal } from '../../domain/refusals';
import { type Review, RiskReviewTable } from '../../domain/risk/risk-rows';
import { DecideReviews } from '../../features/risk/decide-reviews';
import { orderIdOf } from './orders.controller';
import { send } from './send';
import { ProblemShape } from './shapes';

export class ReviewDecisionInput {
  @ApiProperty({ description: 'Why, for people who look at it later.', example: 'spoke to the buyer' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  reason: string;
}

export class ReviewReasonShape {
  @ApiProperty({ description: 'The policy that asked for the review.', example: 'rsk_01kc1xv8q1fwer8xv1wbq0z4a5' })
  policyId: string;
  @ApiProperty({ description: 'In which version.', example: 1 })
  version: number;
  @ApiProperty({ description: 'Why; never shown to the buyer.', example: 'more than 500000 CNY minor units' })
  reason: string;
  @ApiProperty({ description: 'The policy gave no verdict.', enum: ['timeout', 'error'], nullable: true })
  failure: string | null;
}

export class ReviewShape {
  @ApiProperty({ description: 'The order that waits.', example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5' })
  orderId: string;
  @ApiProperty({
    description: '`closed`: the order was cancelled before anybody decided.',
    enum: ['pending', 'approved', 'rejected', 'closed'],
  })
  status: string;
  @ApiProperty({ description: 'Since when.', format: 'date-time', example: '2026-01-31T08:30:00.000Z' })
  openedAt: string;
  @ApiProperty({ description: 'When the default decides.', format: 'date-time', example: '2026-02-01T08:30:00.000Z' })
  deadline: string;
  @ApiProperty({ description: 'Which policies want it looked at.', type: [ReviewReasonShape] })
  reasons: readonly ReviewReasonShape[];
  @ApiProperty({
    description: 'When it was decided.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: null,
  })
  decidedAt: string | null;
  @ApiProperty({
    description: 'Who decided; null when nobody did.',
    enum: ['reviewer', 'deadline'],
    nullable: true,
    example: null,
  })
  decidedBy: string | null;
  @ApiProperty({ description: 'Why it was decided so.', type: String, nullable: true, example: null })
  reason: string | null;
}

export class ReviewPage extends NextCursor {
  @ApiProperty({ description: 'The most urgent first.', type: [ReviewShape] })
  data: ReviewShape[];
}

const WAITING =
  'An order waits for a review where an enforced policy asks for one: add the example `enforce` of `POST /v1/risk/policies`, ' +
  'then check out under a new `Idempotency-Key`.';
const ORDER_ID = {
  name: 'orderId',
  description: 'Identifier of the order, `ord_…`: `order.id` in the answer of `POST /v1/checkout`.',
  example: 'ord_01kc1xv8q1fwer8xv1wbq0z4a5',
};
const KEY = {
  name: 'Idempotency-Key',
  required: true,
  description: '1 to 255 printable ASCII characters; a repeat gets the first answer.',
  example: 'review-4711',
};

@ApiTags('Trading: risk')
@Controller('v1/risk/reviews')
export class RiskReviewsController {
  constructor(
    private readonly reviews: RiskReviewTable,
    private readonly decisions: DecideReviews,
    private readonly keys: IdempotencyKeys,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List the orders that wait for a review' })
  @ApiOkResponse({ description: 'One page of the queue.', type: ReviewPage })
  async list(@Query() { limit, cursor }: PageQuery): Promise<ReviewPage> {
    const [deadline, orderId] = cursor ? decodeCursor(cursor, [isTimeText, (part) => isId('ord', part)]) : [];
    const after = deadline ? { deadline: new Date(deadline), orderId: orderId as Id<'ord'> } : undefined;
    const page = pageOf(await this.reviews.pending(limit, after), limit, (review) => [
      review.deadline.toISOString(),
      review.orderId,
    ]);
    return { ...page, data: page.data.map(reviewShape) };
  }

  @Get(':orderId')
  @ApiOperation({ summary: 'Read the review of an order', description: WAITING })
  @ApiParam(ORDER_ID)
  @ApiOkResponse({ description: 'The review as it stands.', type: ReviewShape })
  @ApiResponse({ status: 404, description: '`unknown-risk-review`.', type: ProblemShape })
  async read(@Param('orderId') orderId: string): Promise<ReviewShape> {
    const review = await this.reviews.find(orderIdOf(orderId));
    if (!review) throw refusal('unknown-risk-review', `order ${orderId} never waited for a review`);
    return reviewShape(review);
  }

  @Post(':orderId/approve')
  @HttpCode(200)
  @ApiOperation({ summary: 'Let an order go on', description: WAITING })
  @ApiParam(ORDER_ID)
  @ApiHeader(KEY)
  @ApiOkResponse({ description: 'The order goes on; it is paid at once when its money is there.', type: ReviewShape })
  @ApiResponse({ status: 404, description: '`unknown-order`, `unknown-risk-review`.', type: ProblemShape })
  @ApiResponse({ status: 409, description: '`risk-review-decided` with `decision`.', type: ProblemShape })
  async approve(
    @Param('orderId') orderId: string,
    @Body() { reason }: ReviewDecisionInput,
    @Idempotent('money') idempotency: IdempotentRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.#decide(orderId, 'approved', reason, idempotency, reply);
  }

  @Post(':orderId/reject')
  @HttpCode(200)
  @ApiOperation({ summary: 'Cancel an order and give back what was paid', description: WAITING })
  @ApiParam(ORDER_ID)
  @ApiHeader(KEY)
  @ApiOkResponse({ description: 'The order is cancelled.', type: ReviewShape })
  @ApiResponse({ status: 404, description: '`unknown-order`, `unknown-risk-review`.', type: ProblemShape })
  @ApiResponse({ status: 409, description: '`risk-review-decided` with `decision`.', type: ProblemShape })
  async reject(
    @Param('orderId') orderId: string,
    @Body() { reason }: ReviewDecisionInput,
    @Idempotent('money') idempotency: IdempotentRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.#decide(orderId, 'rejected', reason, idempotency, reply);
  }

  async #decide(
    orderId: string,
    decision: 'approved' | 'rejected',
    reason: string,
    idempotency: IdempotentRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const id = orderIdOf(orderId);
    const answer = await this.keys.once(idempotency, async () =>
      answered(200, reviewShape(await this.decisions.decide(id, decision, reason))),
    );
    send(reply, answer);
  }
}

const reviewShape = (review: Review): ReviewShape => ({
  orderId: review.orderId,
  status: review.decision ?? 'pending',
  openedAt: review.openedAt.toISOString(),
  deadline: review.deadline.toISOString(),
  reasons: review.reasons,
  decidedAt: review.decidedAt?.toISOString() ?? null,
  decidedBy: review.decidedBy,
  reason: review.comment,
});
