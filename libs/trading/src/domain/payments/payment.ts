import { type Id, Money } from '@tradewind/shared-kernel';
import { refusal } from '../refusals';

export type PaymentStatus = 'none' | 'pending' | 'authorized' | 'paid' | 'partially-refunded' | 'refunded' | 'failed';

/** The facts of a payment; its status is computed from them and never set. */
export interface PaymentFacts {
  id: Id<'pay'>;
  gateway: string;
  amount: Money;
  authorized: Money;
  captured: Money;
  /** Asked of the gateway to give back, not answered yet. */
  refundPending: Money;
  refunded: Money;
  gatewayReference: string | null;
  declined: boolean;
}

/** Money owed for one order and what became of it. */
export class Payment {
  constructor(private facts: PaymentFacts) {}

  static awaited(id: Id<'pay'>, gateway: string, amount: Money): Payment {
    const none = Money.zero(amount.currency);
    return new Payment({
      id,
      gateway,
      amount,
      authorized: none,
      captured: none,
      refundPending: none,
      refunded: none,
      gatewayReference: null,
      declined: false,
    });
  }

  get state(): Readonly<PaymentFacts> {
    return this.facts;
  }

  /** Told by the gateway, and so also true of an order that costs nothing. */
  get isCaptured(): boolean {
    return this.facts.gatewayReference !== null && !this.facts.declined;
  }

  /** Captured, not given back and not on its way back. */
  get refundable(): Money {
    return this.facts.captured.minus(this.facts.refunded).minus(this.facts.refundPending);
  }

  get status(): PaymentStatus {
    const { captured, refunded, authorized, declined } = this.facts;
    if (refunded.amount > 0n) return refunded.equals(captured) ? 'refunded' : 'partially-refunded';
    if (this.isCaptured) return 'paid';
    if (authorized.amount > 0n) return 'authorized';
    return declined ? 'failed' : 'pending';
  }

  capture(gatewayReference: string): void {
    const { amount } = this.facts;
    this.facts = { ...this.facts, authorized: amount, captured: amount, gatewayReference, declined: false };
  }

  decline(gatewayReference: string): void {
    this.facts = { ...this.facts, gatewayReference, declined: true };
  }

  /** Sets an amount aside before the gateway is asked, so that no second refund can take it. */
  reserveRefund(amount: Money): void {
    if (this.refundable.amount === 0n) throw refusal('not-refundable', 'nothing captured is left to give back');
    if (amount.currency !== this.facts.amount.currency || amount.isGreaterThan(this.refundable)) {
      throw refusal('refund-exceeds-captured', `at most ${this.refundable.amount} minor units are left`, {
        refundable: this.refundable.toJSON(),
      });
    }
    this.facts = { ...this.facts, refundPending: this.facts.refundPending.plus(amount) };
  }

  /** The gateway took back what it had said: the money did not arrive. */
  revokeRefund(amount: Money): void {
    this.facts = { ...this.facts, refunded: this.facts.refunded.minus(amount) };
  }

  settleRefund(amount: Money, given: boolean): void {
    const { refundPending, refunded } = this.facts;
    this.facts = {
      ...this.facts,
      refundPending: refundPending.minus(amount),
      refunded: given ? refunded.plus(amount) : refunded,
    };
  }
}
