import { currencyExponent, Money } from '@tradewind/shared-kernel';
import type { ChargeAnswer, GatewayMessage, OperationAnswer, PaymentNews } from '../../domain/payments/payment-gateway';

/**
 * What Stripe's objects mean. Sources: https://docs.stripe.com/api/payment_intents/object,
 * https://docs.stripe.com/api/refunds/object, https://docs.stripe.com/currencies (read 2026-11).
 */

/** A PaymentIntent as far as it is read. Amounts are in Stripe's units of a lower-case currency. */
export interface StripePayment {
  id: string;
  status: string;
  amount: number;
  amount_received: number;
  currency: string;
  capture_method: string;
  last_payment_error: unknown;
  latest_charge: unknown;
  metadata: Record<string, unknown>;
}

export interface StripeRefund {
  id: string;
  status: string | null;
  failure_reason?: string | null;
  metadata: Record<string, unknown> | null;
}

/** Statuses of a PaymentIntent. Those that are missing are unknown, and are asked about again. */
const PAYMENT_STATUS = new Map<string, PaymentNews['outcome'] | 'pending'>([
  ['requires_payment_method', 'pending'],
  ['requires_confirmation', 'pending'],
  ['requires_action', 'pending'],
  ['processing', 'pending'],
  ['requires_capture', 'authorized'],
  ['succeeded', 'paid'],
  ['canceled', 'voided'],
]);

const REFUND_STATUS = new Map<string, 'succeeded' | 'pending' | 'failed'>([
  ['succeeded', 'succeeded'],
  ['pending', 'pending'],
  ['requires_action', 'pending'],
  ['failed', 'failed'],
  ['canceled', 'failed'],
]);

/** Events that tell something of a payment or refund; every other one is `other`, kept and counted. */
const EVENTS = new Map<string, 'payment' | 'refund'>([
  ['payment_intent.succeeded', 'payment'],
  ['payment_intent.amount_capturable_updated', 'payment'],
  ['payment_intent.payment_failed', 'payment'],
  ['payment_intent.canceled', 'payment'],
  ['refund.created', 'refund'],
  ['refund.updated', 'refund'],
  ['refund.failed', 'refund'],
  ['charge.refund.updated', 'refund'],
]);

/** Currencies whose smallest unit at Stripe is not that of ISO 4217: digits after the decimal point there. */
const STRIPE_EXPONENTS: Record<string, number> = { ISK: 2, UGX: 2, MGA: 0 };

/** Undefined when Stripe cannot carry the amount. */
export function toStripe({ amount, currency }: Money): number | undefined {
  const shift = (STRIPE_EXPONENTS[currency] ?? exponentOf(currency)) - exponentOf(currency);
  const there = shift < 0 ? Number(amount) / 10 ** -shift : Number(amount) * 10 ** shift;
  return Number.isSafeInteger(there) ? there : undefined;
}

export function fromStripe(amount: number, currency: string): Money {
  const code = currency.toUpperCase();
  const shift = (STRIPE_EXPONENTS[code] ?? exponentOf(code)) - exponentOf(code);
  return Money.of(Math.round(amount / 10 ** shift), code);
}

/** What a PaymentIntent says of our charge. */
export function chargeAnswerOf(payment: StripePayment): ChargeAnswer {
  const outcome = outcomeOf(payment);
  if (outcome === undefined) return { kind: 'unknown', reason: `status ${payment.status}` };
  if (outcome === 'pending') return { kind: 'pending', gatewayReference: payment.id };
  // Nothing was authorised before, or its message would have told: nobody can pay it any more.
  if (outcome === 'voided') return { kind: 'failed', reason: 'canceled at Stripe' };
  return { kind: 'news', news: newsOf(payment, outcome) };
}

export function refundAnswerOf({ id, status, failure_reason: why }: StripeRefund): OperationAnswer {
  const outcome = REFUND_STATUS.get(status ?? '');
  if (outcome === 'succeeded') return { kind: 'succeeded', gatewayReference: id };
  if (outcome === 'pending') return { kind: 'pending', reason: `status ${status}` };
  return outcome ? { kind: 'failed', reason: why ?? 'refused' } : { kind: 'unknown', reason: `status ${status}` };
}

/** Total: whatever Stripe sends is a message, if only `other`. Undefined when it is none of its events. */
export function messageOf(event: unknown): GatewayMessage | undefined {
  if (!isRecord(event) || !isText(event.id) || !isText(event.type)) return undefined;
  const other = { eventId: event.id, kind: 'other', type: event.type } as const;
  const object = isRecord(event.data) ? event.data.object : undefined;
  const about = EVENTS.get(event.type);
  if (about === 'payment' && isPayment(object)) return paymentMessage(event.id, event.type, object) ?? other;
  if (about === 'refund' && isRefund(object)) return refundMessage(event.id, object) ?? other;
  return other;
}

function paymentMessage(eventId: string, type: string, payment: StripePayment): GatewayMessage | undefined {
  const { operation, payment: reference } = payment.metadata;
  // The capture that brought it about names itself.
  if (type === 'payment_intent.succeeded' && isText(operation)) {
    return { eventId, kind: 'operation', reference: operation, outcome: 'succeeded', gatewayReference: payment.id };
  }
  const outcome = type === 'payment_intent.payment_failed' ? 'declined' : outcomeOf(payment);
  if (!isText(reference) || outcome === undefined || outcome === 'pending') return undefined;
  return { eventId, kind: 'payment', reference, news: newsOf(payment, outcome) };
}

function refundMessage(eventId: string, refund: StripeRefund): GatewayMessage | undefined {
  const reference = refund.metadata?.operation;
  const outcome = REFUND_STATUS.get(refund.status ?? '');
  if (!isText(reference) || (outcome !== 'succeeded' && outcome !== 'failed')) return undefined;
  return { eventId, kind: 'operation', reference, outcome, gatewayReference: refund.id };
}

/** A payment method that was refused leaves the PaymentIntent as it was at first, with an error. */
function outcomeOf({
  status,
  last_payment_error: error,
}: StripePayment): PaymentNews['outcome'] | 'pending' | undefined {
  return status === 'requires_payment_method' && error ? 'declined' : PAYMENT_STATUS.get(status);
}

/** The amount that was asked for; of a payment that is captured at once, what was received, which should be the same. */
function newsOf(payment: StripePayment, outcome: PaymentNews['outcome']): PaymentNews {
  const isWhole = outcome === 'paid' && payment.capture_method !== 'manual';
  const amount = fromStripe(isWhole ? payment.amount_received : payment.amount, payment.currency);
  return { outcome, amount, gatewayReference: payment.id };
}

export function isPayment(value: unknown): value is StripePayment {
  return (
    isRecord(value) &&
    isText(value.id) &&
    isText(value.status) &&
    isText(value.currency) &&
    currencyExponent(value.currency.toUpperCase()) !== undefined &&
    Number.isSafeInteger(value.amount) &&
    Number.isSafeInteger(value.amount_received) &&
    isRecord(value.metadata)
  );
}

const isRefund = (value: unknown): value is StripeRefund =>
  isRecord(value) && isText(value.id) && (value.metadata === null || isRecord(value.metadata));
const exponentOf = (currency: string): number => currencyExponent(currency) ?? 2;
const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= 200 && !value.includes('\u0000');
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
