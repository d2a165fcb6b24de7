import { jsonOf } from '@tradewind/shared-kernel/effects';
import {
  type BuyerAction,
  type ChargeAnswer,
  type ChargeAtGateway,
  type GatewayMessage,
  type Headers,
  type Instruction,
  type OperationAnswer,
  PaymentGateway,
} from '../../domain/payments/payment-gateway';
import { refusal } from '../../domain/refusals';
import type { StripeSettings } from '../../features/trading-settings';
import { chargeAnswerOf, isPayment, messageOf, refundAnswerOf, type StripePayment, toStripe } from './stripe-messages';
import { verifyTimestamped } from './timestamped-signature';

const TIMEOUT_MS = 4000;
const MOST_REFUNDS = 100;
const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH']);

type NotSucceeded = Extract<OperationAnswer, { reason: string }>;

/**
 * Stripe by its PaymentIntents. It is told first, which makes the client secret for the buyer's browser; the secret is
 * fetched when it is needed and never stored. Our names travel as metadata: `payment`, `order`, and `operation` of a
 * capture or refund. The official SDK is loaded with the first call.
 */
export class StripeGateway extends PaymentGateway {
  readonly name = 'stripe';
  readonly capturesLater = true;
  readonly capturesInParts = false;
  override readonly isToldFirst = true;
  #sdk: ReturnType<typeof loadSdk> | undefined;

  constructor(private readonly settings: StripeSettings) {
    super();
  }

  redirectUrl(): undefined {
    return undefined;
  }

  async authorize(charge: ChargeAtGateway): Promise<ChargeAnswer> {
    const amount = toStripe(charge.amount);
    if (amount === undefined) return { kind: 'failed', reason: 'Stripe cannot carry this amount' };
    const stripe = await this.#stripe();
    return attempt(async () => {
      const payment = await stripe.paymentIntents.create(
        {
          amount,
          currency: charge.amount.currency.toLowerCase(),
          capture_method: charge.capture,
          automatic_payment_methods: { enabled: true },
          metadata: { payment: charge.paymentId, order: charge.orderId },
        },
        { idempotencyKey: charge.key },
      );
      return chargeAnswerOf(payment);
    });
  }

  async capture({ reference, key, amount, payment }: Instruction): Promise<OperationAnswer> {
    const stripe = await this.#stripe();
    return attempt(async () => {
      const captured = await stripe.paymentIntents.capture(
        idOf(payment),
        { amount_to_capture: toStripe(amount), metadata: { operation: reference } },
        { idempotencyKey: key },
      );
      return captureAnswer(captured, reference);
    });
  }

  async void({ key, payment }: Instruction): Promise<OperationAnswer> {
    const stripe = await this.#stripe();
    return attempt(async () =>
      voidAnswer(await stripe.paymentIntents.cancel(idOf(payment), {}, { idempotencyKey: key })),
    );
  }

  async refund({ reference, key, amount, payment }: Instruction): Promise<OperationAnswer> {
    const stripe = await this.#stripe();
    return attempt(async () => {
      const refund = await stripe.refunds.create(
        {
          payment_intent: idOf(payment),
          amount: toStripe(amount),
          metadata: { operation: reference, payment: payment.paymentId },
        },
        { idempotencyKey: key },
      );
      return refundAnswerOf(refund);
    });
  }

  /** A payment that Stripe has given no name yet is told of again: the same key gives the same PaymentIntent. */
  async query(charge: ChargeAtGateway): Promise<ChargeAnswer> {
    const { gatewayReference } = charge;
    if (!gatewayReference) return this.authorize(charge);
    const stripe = await this.#stripe();
    return asked(async () => chargeAnswerOf(await stripe.paymentIntents.retrieve(gatewayReference)));
  }

  async queryOperation({ kind, reference, payment }: Instruction): Promise<OperationAnswer> {
    const stripe = await this.#stripe();
    return asked(async () => {
      if (kind === 'refund') {
        const refunds = await stripe.refunds.list({ payment_intent: idOf(payment), limit: MOST_REFUNDS });
        const refund = refunds.data.find(({ metadata }) => metadata?.operation === reference);
        return refund ? refundAnswerOf(refund) : { kind: 'not-done', reason: 'Stripe has never heard of it' };
      }
      const found = await stripe.paymentIntents.retrieve(idOf(payment));
      return kind === 'capture' ? captureAnswer(found, reference) : voidAnswer(found);
    });
  }

  override async buyerAction({ gatewayReference }: ChargeAtGateway): Promise<BuyerAction> {
    if (!gatewayReference) return {};
    const { client_secret: clientSecret } = await (await this.#stripe()).paymentIntents.retrieve(gatewayReference);
    return clientSecret ? { clientSecret } : {};
  }

  verifyCallback(body: Uint8Array, headers: Headers, now: Date): void {
    verifyTimestamped(headers['stripe-signature'], body, this.settings.webhookSecrets, now);
  }

  parseCallback(body: Uint8Array): GatewayMessage {
    const message = messageOf(jsonOf(Buffer.from(body).toString('utf8')));
    if (!message) throw refusal('malformed-callback', 'an event with id and type is expected');
    return message;
  }

  #stripe(): ReturnType<typeof loadSdk> {
    return (this.#sdk ??= loadSdk(this.settings));
  }
}

async function loadSdk({ secretKey, url }: StripeSettings) {
  const { default: Stripe } = await import('stripe');
  const { protocol, hostname, port } = new URL(url);
  return new Stripe(secretKey, {
    protocol: protocol === 'http:' ? 'http' : 'https',
    host: hostname,
    ...(port && { port }),
    // What is tried again, and when, is decided by the operation's row.
    maxNetworkRetries: 0,
    timeout: TIMEOUT_MS,
    telemetry: false,
  });
}

function idOf({ gatewayReference }: Instruction['payment']): string {
  if (!gatewayReference) throw new Error('Stripe has given the payment no name');
  return gatewayReference;
}

/** Of the capture that the PaymentIntent names, as it has one at most. */
function captureAnswer(payment: StripePayment | object, reference: string): OperationAnswer {
  if (!isPayment(payment)) return { kind: 'unknown', reason: 'not a PaymentIntent' };
  const { id, status, metadata } = payment;
  if (status === 'succeeded' && metadata.operation === reference) return { kind: 'succeeded', gatewayReference: id };
  if (status === 'requires_capture') return { kind: 'not-done', reason: 'not captured' };
  return { kind: 'failed', reason: `the PaymentIntent is ${status}` };
}

function voidAnswer({ id, status }: { id: string; status: string }): OperationAnswer {
  if (status === 'canceled') return { kind: 'succeeded', gatewayReference: id };
  if (status === 'requires_capture') return { kind: 'not-done', reason: 'not canceled' };
  return { kind: 'failed', reason: `the PaymentIntent is ${status}` };
}

/** A call that may have had its effect although it failed. */
async function attempt<Answer>(call: () => Promise<Answer>): Promise<Answer | NotSucceeded> {
  try {
    return await call();
  } catch (error) {
    return failureOf(error as StripeFailure);
  }
}

/** A question that could not be asked tells nothing of what it asks about. */
async function asked<Answer>(question: () => Promise<Answer>): Promise<Answer | NotSucceeded> {
  try {
    return await question();
  } catch (error) {
    return { kind: 'unknown', reason: failureOf(error as StripeFailure).reason };
  }
}

/** An error of the SDK as far as it is read. */
interface StripeFailure extends Error {
  type?: string;
  code?: string;
  statusCode?: number;
  headers?: Record<string, string>;
  detail?: { code?: string } | string;
}

/** https://docs.stripe.com/error-low-level (read 2026-11): what of a call is known when it failed. */
function failureOf(error: StripeFailure): NotSucceeded {
  const { statusCode: status, detail } = error;
  const reason = error.code ?? error.type ?? error.name;
  if (status === undefined) {
    const code = typeof detail === 'object' ? detail.code : undefined;
    return { kind: NEVER_CONNECTED.has(code ?? '') ? 'not-done' : 'unknown', reason: code ?? reason };
  }
  // Stripe answers a key for ever as it did at first, also with its own breakdown. It was asked before it was called again.
  if (status >= 500 && error.headers?.['idempotent-replayed'] === 'true')
    return { kind: 'not-done', reason, keySpent: true };
  if (status >= 500 || status === 409) return { kind: 'unknown', reason: `HTTP ${status}` };
  if (status === 429 || status === 401 || status === 403) return { kind: 'not-done', reason: `HTTP ${status}` };
  return { kind: 'failed', reason };
}
