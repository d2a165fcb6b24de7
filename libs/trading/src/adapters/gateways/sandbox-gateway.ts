import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { currencyExponent, Money } from '@tradewind/shared-kernel';
import { type Exchange, exchange, jsonOf } from '@tradewind/shared-kernel/effects';
import {
  type Charge,
  type ChargeAnswer,
  type ChargeAtGateway,
  type GatewayMessage,
  type Headers,
  type Instruction,
  type OperationAnswer,
  PaymentGateway,
  type PaymentNews,
} from '../../domain/payments/payment-gateway';
import { refusal } from '../../domain/refusals';
import { TradingSettings } from '../../features/trading-settings';
import { verifyTimestamped } from './timestamped-signature';

/** What its messages mean: of a payment, named as we name it, and of what was asked for by our own reference. */
const PAYMENT_OUTCOME = new Map<string, PaymentNews['outcome']>([
  ['payment.authorized', 'authorized'],
  ['payment.paid', 'paid'],
  ['payment.declined', 'declined'],
  ['payment.voided', 'voided'],
]);
const OPERATION_OUTCOME = new Map<string, 'succeeded' | 'failed'>([
  ['capture.succeeded', 'succeeded'],
  ['capture.failed', 'failed'],
  ['void.succeeded', 'succeeded'],
  ['void.failed', 'failed'],
  ['refund.succeeded', 'succeeded'],
  ['refund.failed', 'failed'],
]);

/** The sandbox's protocol: a signed redirect, a signed callback, and questions over HTTP with a bearer secret. */
@Injectable()
export class SandboxGateway extends PaymentGateway {
  readonly name = 'sandbox';
  readonly capturesLater = true;
  readonly capturesInParts = true;
  readonly #url: string;
  readonly #secrets: string[];

  constructor({ sandboxGateway }: TradingSettings) {
    super();
    this.#url = sandboxGateway.url;
    this.#secrets = sandboxGateway.secrets;
  }

  redirectUrl({ paymentId, orderId, amount: { amount, currency }, capture }: Charge): string {
    const later = capture === 'manual' ? capture : undefined;
    const sig = hmac(this.#secret, [paymentId, amount, currency, orderId, later ?? []].flat().join('|')).toString(
      'hex',
    );
    const terms = `amount=${amount}&currency=${currency}&orderId=${orderId}${later ? `&capture=${later}` : ''}`;
    return `${this.#url}/pay/${paymentId}?${terms}&sig=${sig}`;
  }

  /** The buyer authorises behind the redirect: there is nothing to tell the gateway. */
  async authorize(charge: ChargeAtGateway): Promise<ChargeAnswer> {
    return { kind: 'pending', buyerAction: { redirectUrl: this.redirectUrl(charge) } };
  }

  capture(instruction: Instruction, signal: AbortSignal): Promise<OperationAnswer> {
    return this.#instruct('captures', instruction, signal, { final: instruction.final });
  }

  void(instruction: Instruction, signal: AbortSignal): Promise<OperationAnswer> {
    return this.#instruct('voids', instruction, signal);
  }

  refund(instruction: Instruction, signal: AbortSignal): Promise<OperationAnswer> {
    return this.#instruct('refunds', instruction, signal);
  }

  async query({ paymentId }: ChargeAtGateway, signal: AbortSignal): Promise<ChargeAnswer> {
    const answer = await this.#call('GET', `/gateway/payments/${paymentId}`, signal);
    if (answer.kind !== 'answer') return { kind: 'unknown', reason: answer.reason };
    if (answer.status === 404) return { kind: 'pending' };
    const payment = answer.status === 200 ? record(jsonOf(answer.body)) : undefined;
    const news = payment && newsOf(`payment.${String(payment.status)}`, payment);
    return news ? { kind: 'news', news } : { kind: 'unknown', reason: `HTTP ${answer.status}` };
  }

  async queryOperation({ kind, reference }: Instruction, signal: AbortSignal): Promise<OperationAnswer> {
    const answer = await this.#call('GET', `/gateway/${kind}s/${reference}`, signal);
    if (answer.kind === 'answer' && answer.status === 404) return { kind: 'not-done', reason: 'never heard of it' };
    const known = operationAnswer(answer);
    // A question that could not be asked tells nothing of the operation.
    return known.kind === 'not-done' ? { kind: 'unknown', reason: known.reason } : known;
  }

  verifyCallback(body: Uint8Array, headers: Headers, now: Date): void {
    verifyTimestamped(headers['sandbox-signature'], body, this.#secrets, now);
  }

  parseCallback(body: Uint8Array): GatewayMessage {
    const message = record(jsonOf(Buffer.from(body).toString('utf8')));
    const { id: eventId, type, reference } = message ?? {};
    if (!message || !isText(eventId) || !isText(type) || !isText(reference)) {
      throw refusal('malformed-callback', 'id, type and reference are expected');
    }
    const outcome = OPERATION_OUTCOME.get(type);
    const { gatewayReference } = message;
    if (outcome && isText(gatewayReference))
      return { eventId, kind: 'operation', reference, outcome, gatewayReference };
    if (!PAYMENT_OUTCOME.has(type)) return { eventId, kind: 'other', type };
    const news = newsOf(type, message);
    if (!news) throw refusal('malformed-callback', 'amount, currency and gatewayReference are expected');
    return { eventId, kind: 'payment', reference, news };
  }

  get #secret(): string {
    return this.#secrets[0] as string;
  }

  async #instruct(
    path: string,
    { reference, key, amount, payment }: Instruction,
    signal: AbortSignal,
    more: object = {},
  ): Promise<OperationAnswer> {
    const body = { reference, payment: payment.paymentId, ...amount.toJSON(), ...more };
    return operationAnswer(await this.#call('POST', `/gateway/${path}`, signal, { key, body }));
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

function operationAnswer(answer: Exchange): OperationAnswer {
  if (answer.kind === 'not-sent') return { kind: 'not-done', reason: answer.reason };
  if (answer.kind === 'no-answer') return { kind: 'unknown', reason: answer.reason };
  if (answer.status === 429) return { kind: 'not-done', reason: 'HTTP 429' };
  const told = record(jsonOf(answer.body));
  if (answer.status === 200 && told?.status === 'succeeded' && isText(told.gatewayReference)) {
    return { kind: 'succeeded', gatewayReference: told.gatewayReference };
  }
  if (told?.status === 'failed') return { kind: 'failed', reason: isText(told.reason) ? told.reason : 'refused' };
  if (told?.status === 'pending') return { kind: 'pending', reason: 'the gateway has not finished' };
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
