import { Command, CommandHandler, EventBus, type ICommandHandler } from '@nestjs/cqrs';
import { Clock, type Id, Ids, isId } from '@tradewind/shared-kernel';
import { actAs } from '@tradewind/shared-kernel/observability';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { PaymentCallback, PaymentCallbacks } from '../domain/payment-callback';
import { type GatewayMessage, type Headers, PaymentGateways } from '../domain/payment-gateway';
import { Orders } from '../domain/orders';
import { refusal } from '../domain/refusals';

export class ReceivePaymentCallback extends Command<void> {
  constructor(
    readonly gateway: string,
    readonly body: Buffer,
    readonly headers: Headers,
  ) {
    super();
  }
}

/** Verifies and stores a gateway's message; it is acknowledged then, and applied by a subscription. */
@CommandHandler(ReceivePaymentCallback)
export class ReceivePaymentCallbackHandler implements ICommandHandler<ReceivePaymentCallback> {
  constructor(
    private readonly gateways: PaymentGateways,
    private readonly callbacks: PaymentCallbacks,
    private readonly orders: Orders,
    private readonly unitOfWork: UnitOfWork,
    private readonly eventBus: EventBus,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  async execute({ gateway: name, body, headers }: ReceivePaymentCallback): Promise<void> {
    const gateway = this.gateways.named(name);
    if (!gateway) throw refusal('unknown-gateway', `no gateway is named ${name}`);
    gateway.verifyCallback(body, headers, this.clock.now());
    const message = gateway.readCallback(body);
    actAs(`gateway:${name}`);
    await this.unitOfWork.run(async () => {
      const callback = PaymentCallback.receive(this.ids.next('pcb'), name, await this.#orderOf(message));
      const stored = await this.callbacks.add({
        id: callback.id,
        gateway: name,
        eventId: message.eventId,
        body,
        receivedAt: this.clock.now(),
      });
      if (stored) await this.eventBus.publishAll(callback.takeEvents());
    });
  }

  async #orderOf(message: GatewayMessage): Promise<Id<'ord'> | null> {
    if (message.kind !== 'payment' || !isId('pay', message.reference)) return null;
    return (await this.orders.idOfPayment(message.reference)) ?? null;
  }
}
