import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** What a payment page's address is about; `sig` covers all of it. */
export interface PaymentTerms {
  paymentId: string;
  /** Minor units. */
  amount: number;
  currency: string;
  orderId: string;
  /** Authorise only; part of what is signed when it is there. */
  capture?: 'manual';
}

export function signTerms(terms: PaymentTerms, secret: string): string {
  const { paymentId, amount, currency, orderId, capture } = terms;
  return hmac(secret, [paymentId, amount, currency, orderId, capture ?? []].flat().join('|'));
}

/** The `Sandbox-Signature` header over the exact bytes of a callback, made anew for each try. */
export function signCallback(rawBody: string, secret: string, now: Date): string {
  const t = Math.floor(now.getTime() / 1000);
  return `t=${t},v1=${hmac(secret, `${t}.${rawBody}`)}`;
}

/** ZTO's `data_digest`. */
export function ztoDigest(data: string, key: string): string {
  return createHash('md5')
    .update(data + key)
    .digest('base64');
}

/** Compares in constant time, whatever the lengths. */
export function sameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(sha256(given), sha256(expected));
}

function hmac(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
