import { type Id, Money } from '@tradewind/shared-kernel';
import { refusal } from '../refusals';
import type { CaptureMode } from './payment-gateway';

export type PaymentStatus = 'none' | 'pending' | 'authorized' | 'paid' | 'partially-refunded' | 'refunded' | 'failed';

/** The facts of a payment; its status is computed from them and never set. */
export interface PaymentFacts {
  id: Id<'pay'>;
  gateway: string;
  capture: CaptureMode;
  /** What the buyer was asked for. */
  amount: Money;
  /** What may be captured, and what was: an authorisation that is let go shrinks to what was captured of it. */
  authorized: Money;
  /** Asked of the gateway to capture, not answered yet. */
  capturePending: Money;
  captured: Money;
  /** Asked of the gateway to give back, not answered yet. */
  refundPending: Money;
  refunded: Money;
  gatewayReference: string | null;
  declined: boolean;
  /** Nothing was captured of the authorisation, and nothing will be. */
  voided: boolean;
  /** The gateway was asked to let go of what is left, by a void or a final capture, and has not answered yet. */
  voidPending: boolean;
}

/** Money owed for one order and what became of it. */
export class Payment {
  constructor(private facts: PaymentFacts) {}

  static awaited(id: Id<'pay'>, gateway: string, amount: Money, capture: CaptureMode = 'automatic'): Payment {
    const none = Money.zero(amount.currency);
    return new Payment({
      id,
      gateway,
      capture,
      amount,
      authorized: none,
      capturePending: none,
      captured: none,
      refundPending: none,
      refunded: none,
      gatewayReference: null,
      declined: false,
      voided: false,
      voidPending: false,
    });
  }

  get state(): Readonly<PaymentFacts> {
    return this.facts;
  }

  /** Nobody has authorised or been declined yet, or only declined: the gateway is still to be heard. */
  get isOpen(): boolean {
    return this.facts.gatewayReference === null || this.facts.declined;
  }

  /** All that is authorised is captured. Told by the gateway, and so also true of an order that costs nothing. */
  get isPaid(): boolean {
    return !this.isOpen && !this.facts.voided && this.facts.captured.equals(this.facts.authorized);
  }

  /** Authorised, not captured and not being captured. */
  get capturable(): Money {
    return this.facts.authorized.minus(this.facts.captured).minus(this.facts.capturePending);
  }

  /** Captured, not given back and not on its way back. */
  get refundable(): Money {
    return this.facts.captured.minus(this.facts.refunded).minus(this.facts.refundPending);
  }

  get status(): PaymentStatus {
    const { captured, refunded, authorized, declined, voided } = this.facts;
    if (refunded.amount > 0n) return refunded.equals(captured) ? 'refunded' : 'partially-refunded';
    if (this.isPaid) return 'paid';
    if (authorized.amount > 0n) return 'authorized';
    if (voided) return 'none';
    return declined ? 'failed' : 'pending';
  }

  authorize(gatewayReference: string): void {
    this.facts = { ...this.facts, authorized: this.facts.amount, gatewayReference, declined: false };
  }

  /** Authorised and captured at once. */
  pay(gatewayReference: string): void {
    this.authorize(gatewayReference);
    this.facts = { ...this.facts, captured: this.facts.amount };
  }

  decline(gatewayReference: string): void {
    this.facts = { ...this.facts, gatewayReference, declined: true };
  }

  /** Sets an amount aside before the gateway is asked, so that no second capture can take it. */
  reserveCapture(amount: Money, final: boolean): void {
    const { capturePending, voidPending } = this.facts;
    if (voidPending || (final && capturePending.amount > 0n)) throw operationOpen();
    if (this.capturable.amount === 0n) throw refusal('not-capturable', 'nothing authorised is left to capture');
    if (amount.currency !== this.facts.amount.currency || amount.isGreaterThan(this.capturable)) {
      throw refusal('capture-exceeds-authorized', `at most ${this.capturable.amount} minor units are left`, {
        capturable: this.capturable.toJSON(),
      });
    }
    this.facts = { ...this.facts, capturePending: capturePending.plus(amount), voidPending: final };
  }

  settleCapture(amount: Money, taken: boolean, final: boolean): void {
    const { capturePending, captured, authorized } = this.facts;
    const all = taken ? captured.plus(amount) : captured;
    this.facts = {
      ...this.facts,
      capturePending: capturePending.minus(amount),
      voidPending: false,
      captured: all,
      authorized: taken && final ? all : authorized,
    };
  }

  /** Returns what is let go. */
  reserveVoid(): Money {
    const { capturePending, voidPending } = this.facts;
    if (voidPending || capturePending.amount > 0n) throw operationOpen();
    if (this.capturable.amount === 0n) throw refusal('not-voidable', 'nothing authorised is left to let go');
    this.facts = { ...this.facts, voidPending: true };
    return this.capturable;
  }

  settleVoid(letGo: boolean): void {
    this.facts = { ...this.facts, voidPending: false };
    if (letGo) this.void();
  }

  /** The authorisation is gone; what was captured of it stays. */
  void(): void {
    const { captured } = this.facts;
    this.facts = { ...this.facts, authorized: captured, voided: captured.amount === 0n };
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

const operationOpen = () => refusal('payment-operation-open', 'another operation of this payment is under way');
