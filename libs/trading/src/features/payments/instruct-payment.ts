import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Id, Ids, type Money, type MoneyJson } from '@tradewind/shared-kernel';
import {
  answered,
  type IdempotentAnswer,
  IdempotencyKeys,
  type IdempotentRequest,
} from '@tradewind/shared-kernel/http';
import type { Order } from '../../domain/orders/order';
import { Orders } from '../../domain/orders/orders';
import { PaymentGateways } from '../../domain/payments/payment-gateway';
import { type PaymentOperation, PaymentOperations, statusOf } from '../../domain/payments/payment-operations';
import { refusal } from '../../domain/refusals';
import { TradingSettings } from '../trading-settings';
import { GiveMoneyBack } from './give-money-back';

/** What a seller does with an authorised payment. */
export type PaymentInstruction =
  | { kind: 'void' }
  /** All that is left, without an amount. `final`: what is left afterwards is let go. */
  | { kind: 'capture'; amount: Money | undefined; final: boolean | undefined };

export class InstructPayment extends Command<IdempotentAnswer> {
  constructor(
    readonly paymentId: Id<'pay'>,
    readonly instruction: PaymentInstruction,
    readonly idempotency: IdempotentRequest,
  ) {
    super();
  }
}

/** An operation as the API shows it. `unknown`: the gateway has not told; it is being asked. */
export interface OperationView {
  id: string;
  kind: string;
  status: string;
  amount: MoneyJson;
  gatewayReference: string | null;
  requestedAt: string;
}

export function operationView(operation: PaymentOperation): OperationView {
  const { id, kind, amount, state, gatewayReference, requestedAt } = operation;
  const told = { status: statusOf(state), amount: amount.toJSON(), gatewayReference };
  return { id, kind, ...told, requestedAt: requestedAt.toISOString() };
}

const LOOK_EVERY_MS = 20;
/** Share of the time budget that is spent waiting for the gateway. */
const PATIENCE = 0.7;

/** Commits the intent, then waits a moment for the gateway, so that most callers learn the end at once. */
@CommandHandler(InstructPayment)
export class InstructPaymentHandler implements ICommandHandler<InstructPayment> {
  constructor(
    private readonly orders: Orders,
    private readonly gateways: PaymentGateways,
    private readonly operations: PaymentOperations,
    private readonly money: GiveMoneyBack,
    private readonly keys: IdempotencyKeys,
    private readonly ids: Ids,
    private readonly settings: TradingSettings,
  ) {}

  async execute({ paymentId, instruction, idempotency }: InstructPayment): Promise<IdempotentAnswer> {
    const until = performance.now() + this.settings.timeBudgetMs * PATIENCE;
    const orderId = (await this.orders.idsOfPayments([paymentId])).get(paymentId);
    if (!orderId) throw refusal('unknown-payment', `no payment ${paymentId}`);
    let id: string;
    return this.keys.once(
      idempotency,
      () =>
        this.orders.change(orderId, async (order) => {
          const requestKey = `${idempotency.scope} ${idempotency.key}`;
          const earlier = await this.operations.ofRequest(requestKey);
          id = earlier ?? (await this.#add(order, instruction, requestKey));
          return answered(201, operationView(await this.operations.find(id)));
        }),
      async () => answered(201, operationView(await this.#settled(id, until))),
    );
  }

  async #add(order: Order, instruction: PaymentInstruction, requestKey: string): Promise<string> {
    if (instruction.kind === 'void') return this.money.void(order, requestKey);
    const id = this.ids.next('cap');
    const { id: paymentId, gateway } = order.payment.state;
    const inParts = this.gateways.named(gateway)?.capturesInParts ?? false;
    const final = !inParts || (instruction.final ?? false);
    const amount = order.requestCapture(id, final, instruction.amount);
    await this.operations.addCapture(id, paymentId, amount, final, requestKey);
    return id;
  }

  /** The operation once it is no longer pending, or as it is when the time is gone. */
  async #settled(id: string, until: number): Promise<PaymentOperation> {
    for (;;) {
      const operation = await this.operations.find(id);
      if (statusOf(operation.state) !== 'pending' || performance.now() > until) return operation;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }
}
