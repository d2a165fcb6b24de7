import { Injectable } from '@nestjs/common';
import { Clock, DomainError, type Id, Ids, Money } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { type BalanceEntry, BalanceLedger } from '../../domain/buyers/balance-ledger';
import { Purses } from '../../domain/buyers/purses';
import {
  type Charge,
  type ChargeAnswer,
  type GatewayMessage,
  type Instruction,
  LocalGateway,
  type OperationAnswer,
  type Till,
} from '../../domain/payments/payment-gateway';
import { refusal } from '../../domain/refusals';

/** Pays from what the buyer has in store. The ledger's unique lines make each payment and each refund happen once. */
@Injectable()
export class BalanceGateway extends LocalGateway {
  readonly name = 'balance';

  constructor(
    private readonly ledger: BalanceLedger,
    private readonly unitOfWork: UnitOfWork,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {
    super();
  }

  async open(buyerIds: readonly Id<'buy'>[]): Promise<Till> {
    const purses = new Purses(buyerIds.length > 0 ? await this.ledger.lock(buyerIds) : []);
    const payments: BalanceEntry[] = [];
    return {
      pay: (charge) => {
        const { buyerId, amount } = charge;
        if (!buyerId) throw refusal('buyer-required', 'name the buyer whose balance pays');
        purses.take(buyerId, amount);
        if (amount.amount === 0n) return charge.paymentId;
        const payment = this.#payment(buyerId, charge);
        payments.push(payment);
        return payment.id;
      },
      write: () => this.ledger.take(payments),
    };
  }

  /** For an order that was not paid in the transaction of its checkout: in one of its own. */
  authorize(charge: Charge): Promise<ChargeAnswer> {
    return this.unitOfWork.run(async () => {
      const { paymentId, buyerId, amount } = charge;
      const till = await this.open(buyerId ? [buyerId] : []);
      const earlier = await this.ledger.lineOfPayment(paymentId);
      if (earlier) return paidBy(earlier.id, charge);
      try {
        const gatewayReference = till.pay(charge);
        await till.write();
        return paidBy(gatewayReference, charge);
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        return { kind: 'news', news: { outcome: 'declined', amount, gatewayReference: paymentId } };
      }
    });
  }

  async query(charge: Charge): Promise<ChargeAnswer> {
    const line = await this.ledger.lineOfPayment(charge.paymentId);
    return line ? paidBy(line.id, charge) : { kind: 'not-done', reason: 'nothing was taken from the balance' };
  }

  async refund({ reference, amount, payment }: Instruction): Promise<OperationAnswer> {
    const line = await this.ledger.giveBack({
      id: this.ids.next('bal'),
      refundId: reference as Id<'ref'>,
      paymentId: payment.paymentId,
      amount,
      recordedAt: this.clock.now(),
    });
    if (!line) return { kind: 'failed', reason: 'nothing was taken from the balance' };
    return { kind: 'succeeded', gatewayReference: line };
  }

  async queryOperation({ kind, reference }: Instruction): Promise<OperationAnswer> {
    const line = kind === 'refund' ? await this.ledger.lineOfRefund(reference as Id<'ref'>) : undefined;
    if (!line) return { kind: 'not-done', reason: 'the ledger has no such line' };
    return { kind: 'succeeded', gatewayReference: line };
  }

  capture(): Promise<OperationAnswer> {
    return Promise.resolve({ kind: 'failed', reason: 'a balance is captured at once' });
  }

  void(): Promise<OperationAnswer> {
    return this.capture();
  }

  verifyCallback(): never {
    throw refusal('unknown-gateway', 'the balance is kept here: nobody reports on it');
  }

  parseCallback(): GatewayMessage {
    return this.verifyCallback();
  }

  #payment(buyerId: Id<'buy'>, { orderId, paymentId, amount }: Charge): BalanceEntry {
    const taken = Money.zero(amount.currency).minus(amount);
    const about = { orderId, paymentId, refundId: null, reason: null, reference: null };
    return {
      id: this.ids.next('bal'),
      buyerId,
      kind: 'payment',
      amount: taken,
      ...about,
      recordedAt: this.clock.now(),
    };
  }
}

const paidBy = (gatewayReference: string, { amount }: Charge): ChargeAnswer => ({
  kind: 'news',
  news: { outcome: 'paid', amount, gatewayReference },
});
