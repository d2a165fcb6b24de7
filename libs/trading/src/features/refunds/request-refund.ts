import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Id, Money, MoneyJson } from '@tradewind/shared-kernel';
import {
  answered,
  type IdempotentAnswer,
  IdempotencyKeys,
  type IdempotentRequest,
  throwIfOver,
} from '@tradewind/shared-kernel/http';
import type { Deadline } from '@tradewind/shared-kernel/persistence';
import type { LineQuantity } from '../../domain/orders/goods-lines';
import type { Order } from '../../domain/orders/order';
import { Orders } from '../../domain/orders/orders';
import { PaymentOperations, type Refund } from '../../domain/payments/payment-operations';
import { Refunds } from './refunds';
import { TradingSettings } from '../trading-settings';

export class RequestRefund extends Command<IdempotentAnswer> {
  constructor(
    readonly orderId: Id<'ord'>,
    /** All that is left, when neither amount nor lines are given. */
    readonly what: { amount?: Money; lines?: LineQuantity[] },
    readonly reason: string,
    readonly idempotency: IdempotentRequest,
    readonly deadline?: Deadline,
  ) {
    super();
  }
}

/** A refund as the API shows it. `unknown`: the gateway has not told; it is being asked. */
export interface RefundView {
  id: string;
  orderId: string;
  status: string;
  amount: MoneyJson;
  /** The units whose price it is; none when it was asked for by amount. */
  lines: { lineNo: number; quantity: number; amount: MoneyJson }[];
  reason: string;
  requestedAt: string;
}

export function refundView(refund: Refund): RefundView {
  const { id, orderId, status, reason } = refund;
  const lines = refund.lines.map((line) => ({ ...line, amount: line.amount.toJSON() }));
  const requestedAt = refund.requestedAt.toISOString();
  return { id, orderId, status, amount: refund.amount.toJSON(), lines, reason, requestedAt };
}

const LOOK_EVERY_MS = 20;
/** Share of the time budget that is spent waiting for the gateway. */
const PATIENCE = 0.7;

/** Commits the refund's intent, then waits a moment for the gateway, so that most callers learn the end at once. */
@CommandHandler(RequestRefund)
export class RequestRefundHandler implements ICommandHandler<RequestRefund> {
  constructor(
    private readonly orders: Orders,
    private readonly refunds: Refunds,
    private readonly operations: PaymentOperations,
    private readonly keys: IdempotencyKeys,
    private readonly settings: TradingSettings,
  ) {}

  execute({ orderId, what, reason, idempotency, deadline }: RequestRefund): Promise<IdempotentAnswer> {
    const until = performance.now() + this.settings.timeBudgetMs * PATIENCE;
    let id: Id<'ref'>;
    return this.keys.once(
      idempotency,
      () =>
        this.orders.change(orderId, async (order) => {
          throwIfOver(deadline);
          const requestKey = `${idempotency.scope} ${idempotency.key}`;
          const earlier = await this.operations.refundOfRequest(requestKey);
          const refund = earlier ?? (await this.#open(order, reason, what, requestKey));
          id = refund.id;
          return answered(201, refundView(refund));
        }),
      async () => answered(201, refundView(await this.#settled(id, until))),
      this.settings.timeBudgetMs,
    );
  }

  #open(order: Order, reason: string, { amount, lines }: RequestRefund['what'], requestKey: string): Promise<Refund> {
    return lines
      ? this.refunds.openForLines(order, reason, lines, requestKey)
      : this.refunds.open(order, reason, amount, requestKey);
  }

  /** The refund once it is no longer pending, or as it is when the time is gone. */
  async #settled(id: Id<'ref'>, until: number): Promise<Refund> {
    for (;;) {
      const refund = await this.operations.findRefund(id);
      if (refund.status !== 'pending' || performance.now() > until) return refund;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }
}
