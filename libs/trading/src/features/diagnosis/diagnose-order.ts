import { type IQueryHandler, Query, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { WaybillStandingOfOrders } from '@tradewind/logistics/contract';
import { UnsentMessagesOfOrders } from '@tradewind/notification/contract';
import type { Id } from '@tradewind/shared-kernel';
import { ProcessStanding } from '@tradewind/shared-kernel/messaging';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { diagnose } from '../../domain/diagnosis/diagnosis';
import type { Diagnosis, OpenOperation, Standing } from '../../domain/diagnosis/standing';
import { Orders } from '../../domain/orders/orders';
import { RiskReviewTable } from '../../domain/risk/risk-rows';
import { TradingSettings } from '../trading-settings';

export type OrderDiagnosis = Diagnosis & { status: string };

/** Why an order does not move. Throws `unknown-order`. */
export class DiagnoseOrder extends Query<OrderDiagnosis> {
  constructor(readonly orderId: Id<'ord'>) {
    super();
  }
}

/** What Trading itself keeps of an order's unfinished business. */
export abstract class UnfinishedBusiness {
  abstract operationsOf(orderId: Id<'ord'>): Promise<OpenOperation[]>;
}

/** Asks everybody who has to do with the order; each context answers for itself. */
@QueryHandler(DiagnoseOrder)
export class DiagnoseOrderHandler implements IQueryHandler<DiagnoseOrder> {
  constructor(
    private readonly orders: Orders,
    private readonly business: UnfinishedBusiness,
    private readonly reviews: RiskReviewTable,
    private readonly process: ProcessStanding,
    private readonly queryBus: QueryBus,
    private readonly unitOfWork: UnitOfWork,
    private readonly settings: TradingSettings,
  ) {}

  async execute({ orderId }: DiagnoseOrder): Promise<OrderDiagnosis> {
    const order = await this.orders.find(orderId);
    const [operations, review, parked, undelivered, waybills, messages, now] = await Promise.all([
      this.business.operationsOf(orderId),
      this.#reviewOf(orderId),
      this.process.parked(orderId),
      this.process.undelivered(orderId),
      this.queryBus.execute<WaybillStandingOfOrders, WaybillStandingOfOrders['answer']>(
        new WaybillStandingOfOrders([orderId]),
      ),
      this.queryBus.execute<UnsentMessagesOfOrders, UnsentMessagesOfOrders['answer']>(
        new UnsentMessagesOfOrders([orderId]),
      ),
      this.unitOfWork.now(),
    ]);
    const { status, placedAt, holdExpiresAt } = order.state;
    const facts = { status, paymentStatus: order.paymentStatus, placedAt, holdExpiresAt };
    const others = { waybills: waybills.get(orderId) ?? [], messages: messages.get(orderId) ?? [] };
    return { status, ...diagnose({ ...facts, review, operations, parked, undelivered, ...others }, now) };
  }

  async #reviewOf(orderId: Id<'ord'>): Promise<Standing['review']> {
    const review = await this.reviews.find(orderId);
    if (!review || review.decision) return null;
    const { openedAt: since, deadline, reasons } = review;
    const policies = reasons.map(({ policyId }) => policyId);
    return { orderId, since, deadline, byDefault: this.settings.reviewDefault, policies };
  }
}
