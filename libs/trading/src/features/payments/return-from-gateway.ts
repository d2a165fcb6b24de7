import { Injectable } from '@nestjs/common';
import type { Id } from '@tradewind/shared-kernel';
import type { Order } from '../../domain/orders/order';
import { Orders } from '../../domain/orders/orders';
import { PaymentGateways } from '../../domain/payments/payment-gateway';
import { PaymentOperations } from '../../domain/payments/payment-operations';
import { refusal } from '../../domain/refusals';
import { RecordPaymentOutcome } from './record-payment-outcome';

const PATIENCE_MS = 3000;

/** The buyer is back from the gateway: its word is asked for, as the browser's proves nothing. */
@Injectable()
export class ReturnFromGateway {
  constructor(
    private readonly orders: Orders,
    private readonly gateways: PaymentGateways,
    private readonly operations: PaymentOperations,
    private readonly outcome: RecordPaymentOutcome,
  ) {}

  async lookUp(gatewayName: string, paymentId: Id<'pay'>): Promise<Order['state'] & { paymentStatus: string }> {
    const gateway = this.gateways.named(gatewayName);
    if (!gateway) throw refusal('unknown-gateway', `no gateway is named ${gatewayName}`);
    const orderId = (await this.orders.idsOfPayments([paymentId])).get(paymentId);
    if (!orderId) throw refusal('unknown-payment', `no payment ${paymentId}`);
    const before = await this.orders.find(orderId);
    if (before.payment.isOpen) {
      const charge = { ...before.charge, ...(await this.operations.atGateway(paymentId)) };
      const answer = await gateway.query(charge, AbortSignal.timeout(PATIENCE_MS));
      if (answer.kind === 'news') await this.outcome.record(paymentId, answer.news);
    }
    const order = await this.orders.find(orderId);
    return { ...order.state, paymentStatus: order.paymentStatus };
  }
}
