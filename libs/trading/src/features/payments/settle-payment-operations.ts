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
import type { Order } from '../../domain/orders/order';
import { Orders } from '../../domain/orders/orders';
import {
  type ChargeAnswer,
  type Instruction,
  type OperationAnswer,
  type PaymentGateway,
  PaymentGateways,
  type PaymentNews,
} from '../../domain/payments/payment-gateway';
import { operationId, type OperationKind, PaymentOperations } from '../../domain/payments/payment-operations';
import { type UnitsJson, unitsFromJson } from '../refunds/refunded-units';
import { RecordPaymentOutcome } from './record-payment-outcome';

/** A row of `trading.payment_operation` as the worker claims it. */
interface OperationRow extends EffectRow {
  kind: OperationKind;
  payment_id: string;
  order_id: string;
  gateway: string;
  amount: bigint;
  currency: string;
  final: boolean;
  gateway_key: string | null;
  gateway_ref: string | null;
  requested_at: Date;
  units: UnitsJson | null;
}

type OperationResult = { news: PaymentNews } | { gatewayReference: string };

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** How long after checkout a gateway is asked about a payment that did not come. */
const ASK_FOR_MS = 2 * DAY;

/**
 * Calls gateways for the operations that are due, and asks about those whose outcome is not known. A buyer decides an
 * authorisation: it is asked about until that is unlikely. A capture, a void and a refund are called once, by a key of
 * their own; while it is unknown what became of them they are asked about: soon, then after 5 minutes, an hour, and daily,
 * five times. Then a person has to look.
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
    private readonly operations: PaymentOperations,
    unitOfWork: UnitOfWork,
    workers: Workers,
  ) {
    const worker = new EffectWorker(this, new EffectTable<OperationRow>(unitOfWork, 'trading.payment_operation'));
    workers.add(worker);
    operations.onAdded(() => worker.wake());
  }

  async call(row: OperationRow, signal: AbortSignal): Promise<EffectOutcome<OperationResult>> {
    const gateway = this.#gateway(row);
    const order = await this.orders.find(idOf('ord', row.order_id));
    if (row.kind === 'authorize') return this.#heard(row, order, await gateway.authorize(chargeOf(order, row), signal));
    return this.#effect(row, await gateway[row.kind](instructionOf(order, row, row.kind), signal));
  }

  async ask(row: OperationRow, signal: AbortSignal): Promise<EffectOutcome<OperationResult>> {
    const gateway = this.#gateway(row);
    const order = await this.orders.find(idOf('ord', row.order_id));
    if (row.kind === 'authorize') return this.#heard(row, order, await gateway.query(chargeOf(order, row), signal));
    return this.#effect(row, await gateway.queryOperation(instructionOf(order, row, row.kind), signal));
  }

  async settle(attempts: readonly SettledAttempt<OperationRow, OperationResult>[]): Promise<void> {
    await this.orders.changeAll(ordersOf(attempts), async (orders) => {
      for (const { row, outcome } of attempts) {
        await orders.change(idOf('ord', row.order_id), (order) => this.#settleOne(order, row, outcome));
      }
    });
    await this.operations.keepReferences(
      attempts.flatMap(({ row, outcome }) => {
        const reference = outcome.kind === 'succeeded' && referenceOf(outcome.result);
        return reference ? [{ operationId: operationId(row.kind, row.id), gatewayReference: reference }] : [];
      }),
    );
  }

  /** The janitor's last word: what is stuck is told on the order's timeline. */
  async giveUp(rows: readonly { row: OperationRow; reason: string | null }[]): Promise<void> {
    await this.orders.changeAll(ordersOf(rows), async (orders) => {
      for (const { row, reason } of rows) {
        const stuck = { operationId: operationId(row.kind, row.id), kind: row.kind, amount: amountOf(row) };
        await orders.change(idOf('ord', row.order_id), (order) => order.reportStuck({ ...stuck, reason }));
      }
    });
  }

  async #heard(row: OperationRow, order: Order, answer: ChargeAnswer): Promise<EffectOutcome<OperationResult>> {
    const paymentId = idOf('pay', row.payment_id);
    if (answer.kind === 'not-done') return this.#notDone(row, answer);
    if (answer.kind === 'failed') {
      const gatewayReference = row.gateway_ref ?? paymentId;
      await this.outcome.record(paymentId, { outcome: 'declined', amount: amountOf(row), gatewayReference }, 'asker');
      return answer;
    }
    if (answer.kind === 'news') {
      const { outcome } = answer.news;
      if (outcome === 'paid' || outcome === 'authorized') return { kind: 'succeeded', result: { news: answer.news } };
      await this.outcome.record(paymentId, answer.news, 'asker');
    }
    if (answer.kind === 'pending' && answer.gatewayReference && !row.gateway_ref) {
      await this.operations.keepReference(paymentId, answer.gatewayReference);
    }
    const isUnpaid = answer.kind === 'pending' || answer.kind === 'news';
    if (isUnpaid && order.state.holdReleasedAt && order.state.status === 'created') {
      await this.outcome.giveUpUnpaid(order.id);
    }
    // The buyer may still pay, and what is paid after the order was given up has to go back: asked until that is unlikely.
    const isOver = this.clock.now().getTime() - row.requested_at.getTime() > ASK_FOR_MS;
    if (isOver) return answer.kind === 'unknown' ? answer : { kind: 'failed', reason: 'the buyer never paid' };
    const reason = answer.kind === 'unknown' ? answer.reason : 'not paid';
    return { kind: 'pending', reason, askAgainInMs: Math.min(MINUTE * 2 ** Math.max(row.asks - 5, 0), HOUR) };
  }

  async #effect(row: OperationRow, answer: OperationAnswer): Promise<EffectOutcome<OperationResult>> {
    if (answer.kind === 'succeeded') {
      return { kind: 'succeeded', result: { gatewayReference: answer.gatewayReference } };
    }
    return answer.kind === 'not-done' ? this.#notDone(row, answer) : answer;
  }

  async #notDone(
    row: OperationRow,
    { reason, keySpent }: { reason: string; keySpent?: boolean },
  ): Promise<EffectOutcome<OperationResult>> {
    if (keySpent) await this.operations.renewKey(operationId(row.kind, row.id));
    return { kind: 'not-done', reason };
  }

  async #settleOne(order: Order, row: OperationRow, { kind, ...outcome }: Settled<OperationResult>): Promise<void> {
    if (row.kind !== 'authorize') {
      const { kind: what, final } = row;
      const lines = unitsFromJson(row.units, row.currency);
      const operation = { id: operationId(what, row.id), kind: what, amount: amountOf(row), final, lines };
      await this.outcome.settle(order, operation, kind === 'succeeded');
    } else if ('result' in outcome && 'news' in outcome.result) await this.outcome.decide(order, outcome.result.news);
  }

  #gateway(row: OperationRow): PaymentGateway {
    const gateway = this.gateways.named(row.gateway);
    if (!gateway) throw new Error(`gateway ${row.gateway} is no longer configured`);
    return gateway;
  }
}

const amountOf = (row: OperationRow): Money => Money.of(row.amount, row.currency.trim());
const ordersOf = (attempts: readonly { row: OperationRow }[]) => attempts.map(({ row }) => idOf('ord', row.order_id));
const referenceOf = (result: OperationResult): string =>
  'news' in result ? result.news.gatewayReference : result.gatewayReference;

const chargeOf = (order: Order, row: OperationRow) => ({
  ...order.charge,
  key: row.gateway_key ?? operationId(row.kind, row.id),
  gatewayReference: row.gateway_ref,
});

function instructionOf(order: Order, row: OperationRow, kind: Instruction['kind']): Instruction {
  const reference = operationId(row.kind, row.id);
  const { gatewayReference } = order.payment.state;
  const payment = { ...order.charge, gatewayReference };
  return { kind, reference, key: row.gateway_key ?? reference, amount: amountOf(row), final: row.final, payment };
}
