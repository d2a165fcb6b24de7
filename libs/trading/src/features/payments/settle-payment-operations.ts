import { Injectable } from '@nestjs/common';
import { Clock, idOf, Money } from '@tradewind/shared-kernel';
import {
  type EffectOutcome,
  type EffectRow,
  EffectTable,
  EffectWorker,
  type NetworkEffect,
  type Settled,
  type SettledAttempt,
} from '@tradewind/shared-kernel/effects';
import { Workers } from '@tradewind/shared-kernel/messaging';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import type { Order, PaymentNews } from '../../domain/orders/order';
import { Orders } from '../../domain/orders/orders';
import { PaymentGateways } from '../../domain/payments/payment-gateway';
import { PaymentOperations } from '../../domain/payments/payment-operations';
import { RecordPaymentOutcome } from './record-payment-outcome';

/** A row of `trading.payment_operation` as the worker claims it. */
interface OperationRow extends EffectRow {
  kind: 'charge' | 'refund';
  payment_id: string;
  order_id: string;
  gateway: string;
  amount: bigint;
  currency: string;
  requested_at: Date;
}

type OperationResult = { news: PaymentNews } | { gatewayReference: string };

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** How long after checkout a gateway is asked about a payment that did not come. */
const ASK_FOR_MS = 2 * DAY;

/**
 * Calls gateways for the operations that are due. A charge is decided by the buyer, so it is only ever asked about; a
 * refund is called once with its own id as the key and asked about while its outcome is unknown.
 */
@Injectable()
export class SettlePaymentOperations implements NetworkEffect<OperationRow, OperationResult> {
  readonly name = 'trading.payment-operations';
  readonly askAfterMs = [2000, 10_000, MINUTE, 5 * MINUTE, HOUR, DAY, DAY, DAY, DAY, DAY];

  constructor(
    private readonly orders: Orders,
    private readonly gateways: PaymentGateways,
    private readonly outcome: RecordPaymentOutcome,
    private readonly clock: Clock,
    operations: PaymentOperations,
    unitOfWork: UnitOfWork,
    workers: Workers,
  ) {
    const worker = new EffectWorker(this, new EffectTable(unitOfWork, 'trading.payment_operation'));
    workers.add(worker);
    operations.onAdded(() => worker.wake());
  }

  async call(row: OperationRow, signal: AbortSignal): Promise<EffectOutcome<OperationResult>> {
    const gateway = this.#gateway(row);
    return gateway.refund(
      { refundId: idOf('ref', row.id), paymentId: idOf('pay', row.payment_id), amount: amountOf(row) },
      signal,
    );
  }

  async ask(row: OperationRow, signal: AbortSignal): Promise<EffectOutcome<OperationResult>> {
    const gateway = this.#gateway(row);
    if (row.kind === 'refund') return gateway.queryRefund(idOf('ref', row.id), signal);
    const answer = await gateway.query(idOf('pay', row.payment_id), signal);
    if (answer.kind === 'news' && answer.news.outcome === 'paid')
      return { kind: 'succeeded', result: { news: answer.news } };
    if (answer.kind === 'news') await this.outcome.record(idOf('pay', row.payment_id), answer.news, 'asker');
    // The buyer may still pay, and what is paid after the order was given up has to go back: asked until that is unlikely.
    if (this.clock.now().getTime() - row.requested_at.getTime() > ASK_FOR_MS) {
      return { kind: 'failed', reason: 'the buyer never paid' };
    }
    return {
      kind: 'pending',
      reason: 'not paid',
      askAgainInMs: Math.min(MINUTE * 2 ** Math.max(row.asks - 5, 0), HOUR),
    };
  }

  async settle(attempts: readonly SettledAttempt<OperationRow, OperationResult>[]): Promise<void> {
    await this.orders.changeAll(
      attempts.map(({ row }) => idOf('ord', row.order_id)),
      async (orders) => {
        for (const { row, outcome } of attempts) {
          await orders.change(idOf('ord', row.order_id), (order) => this.#settleOne(order, row, outcome));
        }
      },
    );
  }

  async #settleOne(order: Order, row: OperationRow, outcome: Settled<OperationResult>): Promise<void> {
    if (row.kind === 'refund') order.settleRefund(idOf('ref', row.id), amountOf(row), outcome.kind === 'succeeded');
    else if (outcome.kind === 'succeeded' && 'news' in outcome.result) {
      await this.outcome.decide(order, outcome.result.news);
    }
  }

  #gateway(row: OperationRow) {
    const gateway = this.gateways.named(row.gateway);
    if (!gateway) throw new Error(`gateway ${row.gateway} is no longer configured`);
    return gateway;
  }
}

const amountOf = (row: OperationRow): Money => Money.of(row.amount, row.currency.trim());
