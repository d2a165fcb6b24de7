import { Injectable, Logger } from '@nestjs/common';
import { Clock, type Id } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import type { PaymentNews, PaymentVerdict } from '../domain/order';
import { Orders } from '../domain/orders';
import { PaymentOperations } from '../domain/payment-operations';
import { paymentsTotal, startStep } from './metrics';
import { Refunds } from './refunds';

/** The one idempotent end of every way that news of a payment takes: callback, the buyer's return, our own question. */
@Injectable()
export class RecordPaymentOutcome {
  readonly #logger = new Logger(RecordPaymentOutcome.name);

  constructor(
    private readonly orders: Orders,
    private readonly operations: PaymentOperations,
    private readonly refunds: Refunds,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /**
   * `orphan`: no payment of ours has this reference. `asker` when the charge's own operation asked and will record its
   * end itself; everyone else's news closes that operation, which fences off a question still under way.
   */
  async record(
    paymentId: Id<'pay'>,
    news: PaymentNews,
    from: 'asker' | 'elsewhere' = 'elsewhere',
  ): Promise<PaymentVerdict | 'orphan'> {
    const done = startStep();
    const verdict = await this.unitOfWork.run(async () => {
      const orderId = await this.orders.idOfPayment(paymentId);
      if (!orderId) return 'orphan';
      return this.orders.change(orderId, async (order) => {
        const result = order.recordPayment(news, this.clock.now());
        // The default late-payment policy: nothing is revived silently, the money goes back.
        if (result === 'late' && order.payment.refundable.amount > 0n) {
          await this.refunds.open(order, 'paid after the order was cancelled');
        }
        if (from === 'elsewhere' && order.payment.isCaptured) await this.operations.closeCharge(paymentId);
        if (result !== 'repeated') done(order.state);
        return result;
      });
    });
    paymentsTotal.inc({ outcome: verdict });
    if (verdict === 'mismatch' || verdict === 'orphan') {
      this.#logger.error({
        msg: `payment news set aside: ${verdict}`,
        paymentId,
        gatewayReference: news.gatewayReference,
      });
    }
    return verdict;
  }
}
