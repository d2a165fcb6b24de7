import { EventsHandler } from '@nestjs/cqrs';
import { Clock, type Delivered, type Id, isId } from '@tradewind/shared-kernel';
import { contextOf, Subscription } from '@tradewind/shared-kernel/messaging';
import { runInContext } from '@tradewind/shared-kernel/observability';
import { PaymentCallbackReceived } from '../../contract';
import { type LockedOrders, Orders } from '../../domain/orders/orders';
import { type AppliedCallback, PaymentCallbacks, type StoredCallback } from '../../domain/payments/payment-callback';
import { type GatewayMessage, PaymentGateways } from '../../domain/payments/payment-gateway';
import { PaymentOperations } from '../../domain/payments/payment-operations';
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
    const stored = await this.callbacks.find(events.map(({ data }) => data.callbackId as Id<'pcb'>));
    const read = events.map((event) => ({ event, message: this.#read(stored, event.data.callbackId as Id<'pcb'>) }));
    const orderOf = await this.#ordersOf(read.map(({ message }) => message));
    const applied: AppliedCallback[] = [];
    const decided: Id<'pay'>[] = [];
    await this.orders.changeAll([...orderOf.values()], async (orders) => {
      for (const { event, message } of read) {
        const apply = () => this.#apply(message, orderOf, orders, decided);
        const outcome = await runInContext(contextOf(event, NAME), apply);
        applied.push({ id: event.data.callbackId as Id<'pcb'>, outcome });
      }
      await this.operations.closeAuthorizations(decided);
    });
    await this.callbacks.markApplied(applied, this.clock.now());
  }

  #read(stored: ReadonlyMap<Id<'pcb'>, StoredCallback>, id: Id<'pcb'>): GatewayMessage {
    const callback = stored.get(id);
    if (!callback) throw new Error(`payment callback ${id} is gone`);
    const gateway = this.gateways.named(callback.gateway);
    if (!gateway) throw new Error(`this process knows no gateway ${callback.gateway}`);
    return gateway.parseCallback(callback.body);
  }

  /** By what the messages call payments and refunds; what is not ours is missing. */
  async #ordersOf(messages: GatewayMessage[]): Promise<ReadonlyMap<string, Id<'ord'>>> {
    const references = messages.flatMap((message) => (message.kind === 'other' ? [] : [message.reference]));
    return new Map([
      ...(await this.orders.idsOfPayments(references.filter((reference) => isId('pay', reference)))),
      ...(await this.operations.ordersOf(references.filter(isOperation))),
    ]);
  }

  async #apply(
    message: GatewayMessage,
    orderOf: ReadonlyMap<string, Id<'ord'>>,
    orders: LockedOrders,
    decided: Id<'pay'>[],
  ): Promise<string> {
    if (message.kind === 'other') return 'ignored';
    const orderId = orderOf.get(message.reference);
    if (message.kind === 'operation') return orderId ? this.#end(message, orderId, orders) : 'orphan';
    if (!orderId) return this.outcome.orphan(message.reference, message.news);
    return orders.change(orderId, async (order) => {
      const verdict = await this.outcome.decide(order, message.news);
      if (!order.payment.isOpen) decided.push(order.payment.state.id);
      return verdict;
    });
  }

  /** Also when our own record of the call has not been made yet: what the gateway says ends the operation here and now. */
  #end(
    { reference, outcome, gatewayReference }: Extract<GatewayMessage, { kind: 'operation' }>,
    orderId: Id<'ord'>,
    orders: LockedOrders,
  ): Promise<string> {
    return orders.change(orderId, async (order) => {
      const ended = await this.operations.end(reference, outcome, gatewayReference);
      return ended ? this.outcome.settleEnded(order, ended, outcome === 'succeeded') : 'repeated';
    });
  }
}

const isOperation = (reference: string): boolean =>
  isId('cap', reference) || isId('voi', reference) || isId('ref', reference);
