import { Command, CommandHandler, EventBus, type ICommandHandler } from '@nestjs/cqrs';
import { Clock, type Id, Ids, isId, lanesInTurn } from '@tradewind/shared-kernel';
import { actAs, runInContext } from '@tradewind/shared-kernel/observability';
import { GroupCommit, type Member, type Outcome, UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { PaymentCallback, PaymentCallbacks } from '../../domain/payments/payment-callback';
import { type GatewayMessage, type Headers, PaymentGateways } from '../../domain/payments/payment-gateway';
import { Orders } from '../../domain/orders/orders';
import { refusal } from '../../domain/refusals';

export class ReceivePaymentCallback extends Command<void> {
  constructor(
    readonly gateway: string,
    readonly body: Buffer,
    readonly headers: Headers,
  ) {
    super();
  }
}

interface Verified {
  gateway: string;
  body: Buffer;
  message: GatewayMessage;
}

/**
 * Verifies and stores a gateway's message; it is acknowledged then, and applied by a subscription. Messages that arrive
 * together share one commit, and their events one lane.
 */
@CommandHandler(ReceivePaymentCallback)
export class ReceivePaymentCallbackHandler implements ICommandHandler<ReceivePaymentCallback> {
  readonly #commits = new GroupCommit<Verified, void>((members) => this.#store(members));
  readonly #nextLane = lanesInTurn();

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
    const message = gateway.parseCallback(body);
    actAs(`gateway:${name}`);
    await this.#commits.submit({ gateway: name, body, message });
  }

  async #store(members: Member<Verified>[]): Promise<Outcome<void>[]> {
    await this.unitOfWork.run(async () => {
      const orderOf = await this.orders.idsOfPayments(
        members.flatMap(({ command }) => paymentIn(command.message) ?? []),
      );
      const lane = this.#nextLane();
      const receivedAt = this.clock.now();
      const received = members.map(({ command: { gateway, body, message }, context }) => {
        const id = this.ids.next('pcb', lane);
        const callback = PaymentCallback.receive(id, gateway, orderOf.get(paymentIn(message) ?? '') ?? null);
        return { callback, context, row: { id, gateway, eventId: message.eventId, body, receivedAt } };
      });
      const stored = await this.callbacks.add(received.map(({ row }) => row));
      for (const { callback, context } of received.filter(({ row }) => stored.has(row.id))) {
        runInContext(context, () => void this.eventBus.publishAll(callback.takeEvents()));
      }
    });
    return members.map(() => ({ ok: true, answer: undefined }));
  }
}

/** The payment that a message is about, if it may be one of ours. */
const paymentIn = (message: GatewayMessage): Id<'pay'> | undefined =>
  message.kind === 'payment' && isId('pay', message.reference) ? message.reference : undefined;
