import { createHmac, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { currencyExponent, type Id, Money } from '@tradewind/shared-kernel';
import { type Exchange, exchange, jsonOf } from '@tradewind/shared-kernel/effects';
import {
  type Charge,
  type ChargeAnswer,
  type GatewayMessage,
  type Headers,
  PaymentGateway,
  type RefundAnswer,
  type RefundInstruction,
} from '../../domain/payments/payment-gateway';
import { refusal } from '../../domain/refusals';
import { TradingSettings } from '../../features/trading-settings';

/** A callback older or newer than this is a replay. */
const TOLERANCE_S = 300;

const PAYMENT_OUTCOME = new Map<string, 'paid' | 'declined'>([
  ['payment.paid', 'paid'],
  ['payment.declined', 'declined'],
]);

/** The sandbox's protocol: a signed redirect, a signed callback, and questions over HTTP with a bearer secret. */
@Injectable()
export class SandboxGateway extends PaymentGateway {
  readonly name = 'sandbox';
  readonly #url: string;
  readonly #secrets: string[];

  constructor({ sandboxGateway }: TradingSettings) {
    super();
    this.#url = sandboxGateway.url;
    this.#secrets = sandboxGateway.secrets;
  }

  redirectUrl({ paymentId, orderId, amount }: Charge): string {
    const { currency } = amount;
    const sig = hmac(this.#secret, `${paymentId}|${amount.amount}|${currency}|${orderId}`).toString('hex');
    return `${this.#url}/pay/${paymentId}?amount=${amount.amount}&currency=${currency}&orderId=${orderId}&sig=${sig}`;
  }

  async query(paymentId: Id<'pay'>, signal: AbortSignal): Promise<ChargeAnswer> {
    const answer = await this.#call('GET', `/gateway/payments/${paymentId}`, signal);
    if (answer.kind !== 'answer') return { kind: 'unknown', reason: answer.reason };
    if (answer.status === 404) return { kind: 'pending' };
    const payment = answer.status === 200 ? record(jsonOf(answer.body)) : undefined;
    const news = payment && newsOf(`payment.${String(payment.status)}`, payment);
    return news ? { kind: 'news', news } : { kind: 'unknown', reason: `HTTP ${answer.status}` };
  }

  async refund({ refundId, paymentId, amount }: RefundInstruction, signal: AbortSignal): Promise<RefundAnswer> {
    const body = { reference: refundId, payment: paymentId, ...amount.toJSON() };
    return refundAnswer(await this.#call('POST', '/gateway/refunds', signal, { key: refundId, body }));
  }

  async queryRefund(refundId: Id<'ref'>, signal: AbortSignal): Promise<RefundAnswer> {
    const answer = await this.#call('GET', `/gateway/refunds/${refundId}`, signal);
    if (answer.kind === 'answer' && answer.status === 404) return { kind: 'not-done', reason: 'never heard of it' };
    const known = refundAnswer(answer);
    // A question that could not be asked tells nothing of the refund.
    return known.kind === 'not-done' ? { kind: 'unknown', reason: known.reason } : known;
  }

  verifyCallback(body: Uint8Array, headers: Headers, now: Date): void {
    const header = headers['sandbox-signature'];
    const match = typeof header === 'string' ? /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header) : null;
    if (!match) throw refusal('invalid-signature', 'the signature header is missing or malformed');
    const [, at, given] = match as unknown as [string, string, string];
    if (Math.abs(now.getTime() / 1000 - Number(at)) > TOLERANCE_S) {
      throw refusal('invalid-signature', 'the signature is too old');
    }
    const signed = Buffer.concat([Buffer.from(`${at}.`), body]);
    const genuine = this.#secrets.some((secret) => timingSafeEqual(hmac(secret, signed), Buffer.from(given, 'hex')));
    if (!genuine) throw refusal('invalid-signature', 'the signature does not match');
  }

  readCallback(body: Uint8Array): GatewayMessage {
    const message = record(jsonOf(Buffer.from(body).toString('utf8')));
    const { id: eventId, type, reference } = message ?? {};
    if (!message || !isText(eventId) || !isText(type) || !isText(reference)) {
      throw refusal('malformed-callback', 'id, type and reference are expected');
    }
    if (type === 'refund.failed') return { eventId, kind: 'refund-failed', reference };
    if (!PAYMENT_OUTCOME.has(type)) return { eventId, kind: 'other', type };
    const news = newsOf(type, message);
    if (!news) throw refusal('malformed-callback', 'amount, currency and gatewayReference are expected');
    return { eventId, kind: 'payment', reference, news };
  }

  get #secret(): string {
    return this.#secrets[0] as string;
  }

  #call(method: string, path: string, signal: AbortSignal, post?: { key: string; body: object }): Promise<Exchange> {
    return exchange(`${this.#url}${path}`, {
      method,
      signal,
      headers: {
        authorization: `Bearer ${this.#secret}`,
        ...(post && { 'idempotency-key': post.key, 'content-type': 'application/json' }),
      },
      body: post && JSON.stringify(post.body),
    });
  }
}

function refundAnswer(answer: Exchange): RefundAnswer {
  if (answer.kind === 'not-sent') return { kind: 'not-done', reason: answer.reason };
  if (answer.kind === 'no-answer') return { kind: 'unknown', reason: answer.reason };
  if (answer.status === 429) return { kind: 'not-done', reason: 'HTTP 429' };
  const refund = record(jsonOf(answer.body));
  if (answer.status === 200 && refund?.status === 'succeeded' && isText(refund.gatewayReference)) {
    return { kind: 'succeeded', result: { gatewayReference: refund.gatewayReference } };
  }
  if (refund?.status === 'failed') return { kind: 'failed', reason: isText(refund.reason) ? refund.reason : 'refused' };
  if (refund?.status === 'pending') return { kind: 'pending', reason: 'the gateway has not finished' };
  return { kind: 'unknown', reason: `HTTP ${answer.status}` };
}

function newsOf(type: string, message: Record<string, unknown>) {
  const outcome = PAYMENT_OUTCOME.get(type);
  const { amount, currency, gatewayReference } = message;
  if (!outcome || !Number.isSafeInteger(amount) || !isText(gatewayReference)) return undefined;
  if (typeof currency !== 'string' || currencyExponent(currency) === undefined) return undefined;
  return { outcome, amount: Money.of(amount as number, currency), gatewayReference };
}

const hmac = (secret: string, data: string | Buffer): Buffer => createHmac('sha256', secret).update(data).digest();
const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= 200 && !value.includes('\u0000');
const record = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
