import { EventsHandler } from '@nestjs/cqrs';
import { Clock, type Delivered, type Id, isId } from '@tradewind/shared-kernel';
import { Subscription } from '@tradewind/shared-kernel/messaging';
import { PaymentCallbackReceived } from '../contract';
import { PaymentCallbacks } from '../domain/payment-callback';
import { PaymentGateways } from '../domain/payment-gateway';
import { RecordPaymentOutcome } from './record-payment-outcome';

/** Makes facts of a stored gateway message. */
@EventsHandler(PaymentCallbackReceived)
@Subscription('trading.apply-payment-callback')
export class ApplyPaymentCallback {
  constructor(
    private readonly callbacks: PaymentCallbacks,
    private readonly gateways: PaymentGateways,
    private readonly outcome: RecordPaymentOutcome,
    private readonly clock: Clock,
  ) {}

  async handle(event: Delivered<PaymentCallbackReceived>): Promise<void> {
    const callback = await this.callbacks.find(event.data.callbackId as Id<'pcb'>);
    const message = this.gateways.named(callback.gateway)?.readCallback(callback.body);
    let applied = 'ignored';
    if (message?.kind === 'payment') {
      applied = isId('pay', message.reference) ? await this.outcome.record(message.reference, message.news) : 'orphan';
    }
    await this.callbacks.markApplied(callback.id, applied, this.clock.now());
  }
}
