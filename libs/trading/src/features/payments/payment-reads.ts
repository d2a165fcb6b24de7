import { Injectable } from '@nestjs/common';
import type { Id, MoneyJson } from '@tradewind/shared-kernel';
import type { Order } from '../../domain/orders/order';
import { Orders } from '../../domain/orders/orders';
import type { BuyerAction } from '../../domain/payments/payment-gateway';
import { type PaymentOperation, PaymentOperations } from '../../domain/payments/payment-operations';
import { refusal } from '../../domain/refusals';
import { BuyerActions } from './buyer-actions';
import { type OperationView, operationView } from './instruct-payment';

/** A payment as the API shows it. */
export interface PaymentView extends BuyerAction {
  id: string;
  orderId: string;
  gateway: string;
  capture: string;
  status: string;
  amount: MoneyJson;
  authorized: MoneyJson;
  capturePending: MoneyJson;
  captured: MoneyJson;
  refundPending: MoneyJson;
  refunded: MoneyJson;
  gatewayReference: string | null;
  operations: (OperationView & {
    state: string;
    attempts: number;
    lastError: string | null;
    nextCheckAt: string | null;
  })[];
}

@Injectable()
export class PaymentReads {
  constructor(
    private readonly orders: Orders,
    private readonly actions: BuyerActions,
    private readonly operations: PaymentOperations,
  ) {}

  /** Throws `unknown-payment`. */
  async find(id: Id<'pay'>): Promise<PaymentView> {
    const orderId = (await this.orders.idsOfPayments([id])).get(id);
    if (!orderId) throw refusal('unknown-payment', `no payment ${id}`);
    const [order, operations] = await Promise.all([this.orders.find(orderId), this.operations.of(id)]);
    const isToBePaid = order.state.status === 'created' && order.payment.isOpen;
    const action = isToBePaid ? await this.actions.of(order) : {};
    return { ...factsOf(order), ...action, operations: operations.map(inFull) };
  }
}

function factsOf(order: Order): Omit<PaymentView, 'operations' | keyof BuyerAction> {
  const { id, gateway, capture, gatewayReference, ...facts } = order.payment.state;
  return {
    id,
    orderId: order.id,
    gateway,
    capture,
    status: order.paymentStatus,
    amount: facts.amount.toJSON(),
    authorized: facts.authorized.toJSON(),
    capturePending: facts.capturePending.toJSON(),
    captured: facts.captured.toJSON(),
    refundPending: facts.refundPending.toJSON(),
    refunded: facts.refunded.toJSON(),
    gatewayReference,
  };
}

function inFull(operation: PaymentOperation): PaymentView['operations'][number] {
  const { state, attempts, lastError, nextCheckAt } = operation;
  return { ...operationView(operation), state, attempts, lastError, nextCheckAt: nextCheckAt?.toISOString() ?? null };
}
