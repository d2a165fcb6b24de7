import { Injectable, Logger } from '@nestjs/common';
import { Clock, type Id } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import type { Order } from '../../domain/orders/order';
import type { PaymentVerdict } from '../../domain/orders/order-verdicts';
import { Orders } from '../../domain/orders/orders';
import type { PaymentNews } from '../../domain/payments/payment-gateway';
import { type EndedOperation, type MoneyOperation, PaymentOperations } from '../../domain/payments/payment-operations';
import { Stock } from '../../domain/stock/stock';
import { unitsBySku } from '../../domain/stock/stock-movement';
import { paymentsTotal, startStep } from '../metrics';
import { TradingSettings } from '../trading-settings';
import { GiveMoneyBack } from './give-money-back';

/** The one idempotent end of every way that news of a payment takes: callback, the buyer's return, our own question. */
@Injectable()
export class RecordPaymentOutcome {
  readonly #logger = new Logger(RecordPaymentOutcome.name);

  constructor(
    private readonly orders: Orders,
    private readonly operations: PaymentOperations,
    private readonly money: GiveMoneyBack,
    private readonly stock: Stock,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly settings: TradingSettings,
  ) {}

  /**
   * `orphan`: no payment of ours has this reference. `asker` when the authorisation's own operation asked and will record
   * its end itself; everyone else's news closes that operation, which fences off a question still under way.
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
        if (from === 'elsewhere' && !order.payment.isOpen) await this.operations.closeAuthorizations([paymentId]);
        return verdict;
      });
    });
  }

  /** The verdict on news of a locked order's payment. Whoever asks closes the authorisation once it is decided. */
  async decide(order: Order, news: PaymentNews): Promise<PaymentVerdict> {
    const done = startStep();
    if (order.needsUnitsFor(news)) await this.#holdAgainOrGiveUp(order);
    const late = this.settings.latePayments === 'manual' ? 'left-to-people' : 'given-back';
    const verdict = order.recordPayment(news, this.clock.now(), { holdUntil: await this.#holdUntil(news), late });
    if (verdict === 'late' && late === 'given-back') {
      await this.money.giveBack(order, 'paid after the order was cancelled');
    }
    const { state } = order;
    if (verdict !== 'repeated') this.unitOfWork.afterCommit(() => done(state));
    return this.#told(verdict, order.payment.state.id, news);
  }

  /** The end of an operation on a locked order's payment, told to whoever called it. */
  async settle(order: Order, operation: MoneyOperation, succeeded: boolean): Promise<void> {
    const { id, kind, amount, final, lines } = operation;
    const now = this.clock.now();
    if (kind === 'refund') order.settleRefund(id as Id<'ref'>, amount, succeeded, lines);
    else if (kind === 'capture') order.settleCapture(id as Id<'cap'>, amount, succeeded, final, now);
    else order.settleVoid(id as Id<'voi'>, amount, succeeded, now);
    // Captured while the order was being cancelled.
    if (kind === 'capture' && order.state.status === 'cancelled') {
      await this.money.giveBack(order, order.state.cancelReason ?? 'cancelled');
    }
  }

  /** The end of an operation, told by its gateway on its own. Only a refund fails after its success. */
  async settleEnded(order: Order, operation: EndedOperation, succeeded: boolean): Promise<string> {
    if (operation.was === 'succeeded') {
      order.revokeRefund(operation.id as Id<'ref'>, operation.amount, operation.lines);
    } else await this.settle(order, operation, succeeded);
    return `${operation.kind}-${succeeded ? 'succeeded' : 'failed'}`;
  }

  /** The gateway says that nobody has paid: an order that waited only for its word is over. */
  async giveUpUnpaid(orderId: Id<'ord'>): Promise<void> {
    await this.orders.change(orderId, async (order) => {
      if (order.state.holdReleasedAt && order.payment.isOpen) order.expire(await this.unitOfWork.now());
    });
  }

  /** News of a payment that is not ours. */
  orphan(reference: string, news: PaymentNews): 'orphan' {
    return this.#told('orphan', reference, news);
  }

  /** A late payment: its units are had again, or the order is over before the money is looked at. */
  async #holdAgainOrGiveUp(order: Order): Promise<void> {
    const now = await this.unitOfWork.now();
    const units = [...unitsBySku(order.goods.withSkus(order.goods.open))];
    const counts = await this.stock.lock(units.map(([sku]) => sku));
    const isThere = units.every(([sku, quantity]) => {
      const { onHand, reserved } = counts.get(sku) ?? { onHand: 0n, reserved: 0n };
      return onHand - reserved >= BigInt(quantity);
    });
    if (!isThere) return void order.expire(now);
    // At once and not with the save: the next order of this batch counts what is left.
    await this.stock.move(
      units.map(([sku, quantity]) => ({ sku, kind: 'hold', quantity: BigInt(quantity), orderId: order.id })),
    );
    order.holdAgain(new Date(now.getTime() + this.settings.holdMs));
  }

  /** An authorised order keeps its units for its captures, by the database's time. */
  async #holdUntil({ outcome }: PaymentNews): Promise<Date | undefined> {
    if (outcome !== 'authorized') return undefined;
    return new Date((await this.unitOfWork.now()).getTime() + this.settings.holdAuthorizedMs);
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
