import { EventsHandler } from '@nestjs/cqrs';
import { Clock, type Delivered, type Id, isId } from '@tradewind/shared-kernel';
import { contextOf, Subscription } from '@tradewind/shared-kernel/messaging';
import { runInContext } from '@tradewind/shared-kernel/observability';
import { PaymentCallbackReceived } from '../contract';
import { PaymentCallbacks } from '../domain/payment-callback';
import { Orders } from '../domain/orders';
import { type GatewayMessage, PaymentGateways } from '../domain/payment-gateway';
import { PaymentOperations } from '../domain/payment-operations';
import { RecordPaymentOutcome } from './record-payment-outcome';

const NAME = 'trading.apply-payment-callback';

/** Makes facts of stored gateway messages. */
@EventsHandler(PaymentCallbackReceived)
@Subscription(NAME)
export class ApplyPaymentCallback {
  constructor(
    private readonly callbacks: PaymentCallbacks,
    private readonly gateways: PaymentGateways,
    private readonly orders: Orders,
    private readonly outcome: RecordPaymentOutcome,
    private readonly operations: PaymentOperations,
    private readonly clock: Clock,
  ) {}

  async handleBatch(events: Delivered<PaymentCallbackReceived>[]): Promise<void> {
    await this.orders.lockAll(events.flatMap(({ data }) => (data.orderId ? [data.orderId as Id<'ord'>] : [])));
    for (const event of events) await runInContext(contextOf(event, NAME), () => this.#apply(event));
  }

  async #apply(event: Delivered<PaymentCallbackReceived>): Promise<void> {
    const callback = await this.callbacks.find(event.data.callbackId as Id<'pcb'>);
    const gateway = this.gateways.named(callback.gateway);
    if (!gateway) throw new Error(`this process knows no gateway ${callback.gateway}`);
    const applied = await this.#outcomeOf(gateway.readCallback(callback.body));
    await this.callbacks.markApplied(callback.id, applied, this.clock.now());
  }

  async #outcomeOf(message: GatewayMessage): Promise<string> {
    switch (message.kind) {
      case 'payment':
        return isId('pay', message.reference) ? this.outcome.record(message.reference, message.news) : 'orphan';
      case 'refund-failed':
        return isId('ref', message.reference) ? this.#revoke(message.reference) : 'orphan';
      case 'other':
        return 'ignored';
    }
  }

  /** A refund that was reported as done did not arrive: the money fact is put right, and people can refund again. */
  async #revoke(id: Id<'ref'>): Promise<string> {
    const refund = await this.operations.findRefund(id).catch(() => undefined);
    if (!refund) return 'orphan';
    // The message overtook our own record of the refund: it is delivered again a moment later.
    if (refund.status === 'pending' || refund.status === 'unknown') throw new Error(`refund ${id} is not settled yet`);
    return this.orders.change(refund.orderId, async (order) => {
      const revoked = await this.operations.revokeRefund(id);
      if (revoked) order.revokeRefund(id, revoked.amount);
      return revoked ? 'refund-failed' : 'repeated';
    });
  }
}
