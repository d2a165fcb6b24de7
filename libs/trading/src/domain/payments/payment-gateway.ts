import type { Id, Money } from '@tradewind/shared-kernel';
import type { PaymentNews } from '../orders/order';

/** What we ask a gateway to charge. */
export interface Charge {
  paymentId: Id<'pay'>;
  orderId: Id<'ord'>;
  amount: Money;
}

export interface RefundInstruction {
  /** Also the gateway's idempotency key. */
  refundId: Id<'ref'>;
  paymentId: Id<'pay'>;
  amount: Money;
}

export type RefundAnswer =
  | { kind: 'succeeded'; result: { gatewayReference: string } }
  | { kind: 'failed' | 'not-done' | 'pending' | 'unknown'; reason: string };

/** HTTP headers with lower-case names. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** A verified message of a gateway. */
export type GatewayMessage = { eventId: string } & (
  | { kind: 'payment'; reference: string; news: PaymentNews }
  | { kind: 'refund-failed'; reference: string }
  | { kind: 'other'; type: string }
);

/** What the gateway knows of a payment when asked. */
export type ChargeAnswer =
  { kind: 'news'; news: PaymentNews } | { kind: 'pending' } | { kind: 'unknown'; reason: string };

/** A payment gateway behind its anti-corruption layer. No call of it runs inside a database transaction. */
export abstract class PaymentGateway {
  abstract readonly name: string;
  /** Where the buyer goes to pay; made without a call. */
  abstract redirectUrl(charge: Charge): string;
  abstract query(paymentId: Id<'pay'>, signal: AbortSignal): Promise<ChargeAnswer>;
  abstract refund(instruction: RefundInstruction, signal: AbortSignal): Promise<RefundAnswer>;
  abstract queryRefund(refundId: Id<'ref'>, signal: AbortSignal): Promise<RefundAnswer>;
  /** Throws `invalid-signature` unless these very bytes were signed, not long ago. */
  abstract verifyCallback(body: Uint8Array, headers: Headers, now: Date): void;
  /** Reads verified bytes; throws `malformed-callback`. */
  abstract readCallback(body: Uint8Array): GatewayMessage;
}

/** The gateways on offer, by name. */
export abstract class PaymentGateways {
  abstract named(name: string): PaymentGateway | undefined;
}
