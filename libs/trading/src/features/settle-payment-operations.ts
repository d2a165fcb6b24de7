import { Injectable } from '@nestjs/common';
import { idOf, Money } from '@tradewind/shared-kernel';
import {
  type EffectOutcome,
  type EffectRow,
  EffectWorker,
  type NetworkEffect,
  type Settled,
} from '@tradewind/shared-kernel/effects';
import { Workers } from '@tradewind/shared-kernel/messaging';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import type { PaymentNews } from '../domain/order';
import { Orders } from '../domain/orders';
import { PaymentGateways } from '../domain/payment-gateway';
import { PaymentOperations } from '../domain/payment-operations';
import { RecordPaymentOutcome } from './record-payment-outcome';

/** A row of `trading.payment_operation` as the worker claims it. */
interface OperationRow extends EffectRow {
  kind: 'charge' | 'refund';
  payment_id: string;
  order_id: string;
  gateway: string;
  amount: bigint;
  currency: string;
}

type OperationResult = { news: PaymentNews } | { gatewayReference: string };

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * Calls gateways for the operations that are due. A charge is decided by the buyer, so it is only ever asked about; a
 * refund is called once with its own id as the key and asked about while its outcome is unknown.
 */
@Injectable()
export class SettlePaymentOperations implements NetworkEffect<OperationRow, OperationResult> {
  readonly name = 'trading.payment-operations';
  readonly table = 'trading.payment_operation';
  readonly askAfterMs = [2000, 10_000, MINUTE, 5 * MINUTE, HOUR, DAY, DAY, DAY, DAY, DAY];

  constructor(
    private readonly orders: Orders,
    private readonly gateways: PaymentGateways,
    private readonly outcome: RecordPaymentOutcome,
    operations: PaymentOperations,
    unitOfWork: UnitOfWork,
    workers: Workers,
  ) {
    const worker = new EffectWorker(this, unitOfWork);
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
    if (answer.kind === 'news') return { kind: 'succeeded', result: { news: answer.news } };
    // Asked about until the order is paid, cancelled or its hold expires, which closes the operation.
    const reason = answer.kind === 'pending' ? 'the buyer has not decided' : answer.reason;
    return { kind: 'pending', reason, askAgainInMs: MINUTE };
  }

  async settle(row: OperationRow, outcome: Settled<OperationResult>): Promise<void> {
    if (row.kind === 'refund') {
      await this.orders.change(idOf('ord', row.order_id), (order) =>
        order.settleRefund(idOf('ref', row.id), amountOf(row), outcome.kind === 'succeeded'),
      );
    } else if (outcome.kind === 'succeeded' && 'news' in outcome.result) {
      await this.outcome.record(idOf('pay', row.payment_id), outcome.result.news, 'asker');
    }
  }

  #gateway(row: OperationRow) {
    const gateway = this.gateways.named(row.gateway);
    if (!gateway) throw new Error(`gateway ${row.gateway} is no longer configured`);
    return gateway;
  }
}

const amountOf = (row: OperationRow): Money => Money.of(row.amount, row.currency.trim());
