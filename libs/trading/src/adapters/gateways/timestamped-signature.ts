import { createHmac, timingSafeEqual } from 'node:crypto';
import { refusal } from '../../domain/refusals';

/** A message older or newer than this is a replay. */
const TOLERANCE_S = 300;
const MOST_SIGNATURES = 10;

/**
 * Checks a header `t=<seconds>,v1=<hex>[,v1=…]` over `<seconds>.<raw body>`, HMAC-SHA256: Stripe's scheme, which the sandbox
 * shares. Any of several secrets will do, so that they can be changed while messages are under way. Constant time for each.
 * Throws `invalid-signature`.
 */
export function verifyTimestamped(header: unknown, body: Uint8Array, secrets: readonly string[], now: Date): void {
  const parts = typeof header === 'string' && header.length <= 1000 ? header.split(',') : [];
  const at = parts.map((part) => /^t=(\d{1,12})$/.exec(part)?.[1]).find((value) => value !== undefined);
  const given = parts.flatMap((part) => /^v1=([0-9a-f]{64})$/.exec(part)?.[1] ?? []).slice(0, MOST_SIGNATURES);
  if (at === undefined || given.length === 0) {
    throw refusal('invalid-signature', 'the signature header is missing or malformed');
  }
  if (Math.abs(now.getTime() / 1000 - Number(at)) > TOLERANCE_S) {
    throw refusal('invalid-signature', 'the signature is too old');
  }
  const signed = Buffer.concat([Buffer.from(`${at}.`), body]);
  const genuine = secrets.some((secret) => {
    const expected = createHmac('sha256', secret).update(signed).digest();
    return given.some((signature) => timingSafeEqual(expected, Buffer.from(signature, 'hex')));
  });
  if (!genuine) throw refusal('invalid-signature', 'the signature does not match');
}
