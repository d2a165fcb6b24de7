import { Injectable, Logger } from '@nestjs/common';
import { Clock, type Id } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import type { Order, PaymentNews, PaymentVerdict } from '../../domain/orders/order';
import { Orders } from '../../domain/orders/orders';
import { PaymentOperations } from '../../domain/payments/payment-operations';
import { paymentsTotal, startStep } from '../metrics';
import { Refunds } from '../refunds/refunds';

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
    return this.unitOfWork.run(async () => {
      const orderId = (await this.orders.idsOfPayments([paymentId])).get(paymentId);
      if (!orderId) return this.orphan(paymentId, news);
      return this.orders.change(orderId, async (order) => {
        const verdict = await this.decide(order, news);
        if (from === 'elsewhere' && order.payment.isCaptured) await this.operations.closeCharges([paymentId]);
        return verdict;
      });
    });
  }

  /** The verdict on news of a locked order's payment. Whoever asks closes the charge once it is captured. */
  async decide(order: Order, news: PaymentNews): Promise<PaymentVerdict> {
    const done = startStep();
    const verdict = order.recordPayment(news, this.clock.now());
    // The default late-payment policy: nothing is revived silently, the money goes back.
    if (verdict === 'late' && order.payment.refundable.amount > 0n) {
      await this.refunds.open(order, 'paid after the order was cancelled');
    }
    const { state } = order;
    if (verdict !== 'repeated') this.unitOfWork.afterCommit(() => done(state));
    return this.#told(verdict, order.payment.state.id, news);
  }

  /** News of a payment that is not ours. */
  orphan(reference: string, news: PaymentNews): 'orphan' {
    return this.#told('orphan', reference, news);
  }

  #told<Verdict extends PaymentVerdict | 'orphan'>(verdict: Verdict, paymentId: string, news: PaymentNews): Verdict {
    const { gatewayReference } = news;
    this.unitOfWork.afterCommit(() => {
      paymentsTotal.inc({ outcome: verdict });
      if (verdict !== 'mismatch' && verdict !== 'orphan') return;
      this.#logger.error({ msg: `payment news set aside: ${verdict}`, paymentId, gatewayReference });
    });
    return verdict;
  }
}
