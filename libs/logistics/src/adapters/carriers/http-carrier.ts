import { type EffectOutcome, type Exchange, exchange, jsonOf } from '@tradewind/shared-kernel/effects';
import { type BookedWaybill, type Booking, Carrier, type CarrierBytes } from '../../features/carrier';
import { codeOf, isFields } from './reading';

type Outcome = EffectOutcome<BookedWaybill>;

const JSON_TYPE = 'application/json';

/**
 * The interface for shippers under `{baseUrl}/carriers/{carrier}/waybills`. Reasons name status codes only: answers may
 * repeat the recipient.
 */
export abstract class HttpCarrier extends Carrier {
  protected abstract readonly baseUrl: string;

  /** The shipper's reference is called `orderId` there. */
  async book({ reference, ...booking }: Booking, signal: AbortSignal): Promise<Outcome> {
    const answer = await exchange(this.#url(''), {
      method: 'POST',
      headers: { 'content-type': JSON_TYPE, 'idempotency-key': reference },
      body: JSON.stringify({ orderId: reference, ...booking }),
      signal,
    });
    return calledOutcome(answer) ?? this.#bookedIn(answer);
  }

  async ask(reference: string, signal: AbortSignal): Promise<Outcome> {
    const answer = await exchange(this.#url(`?orderId=${encodeURIComponent(reference)}`), { signal });
    if (answer.kind !== 'answer') return { kind: 'unknown', reason: answer.reason };
    if (answer.status === 404) return { kind: 'not-done', reason: 'the carrier has never heard of it' };
    if (answer.status >= 300) return { kind: 'unknown', reason: `answered ${answer.status}` };
    return this.#bookedIn(answer);
  }

  async cancel(number: string, signal: AbortSignal): Promise<Outcome> {
    const answer = await exchange(this.#url(`/${encodeURIComponent(number)}/cancel`), { method: 'POST', signal });
    return calledOutcome(answer) ?? { kind: 'succeeded', result: { carrier: this.name, number, isCancelled: true } };
  }

  async routes(number: string, signal: AbortSignal): Promise<CarrierBytes | undefined> {
    const answer = await exchange(this.#url(`/${encodeURIComponent(number)}/routes`), { signal });
    if (answer.kind !== 'answer' || answer.status !== 200) return undefined;
    return { body: Buffer.from(answer.body), contentType: JSON_TYPE };
  }

  #bookedIn(answer: Exchange): Outcome {
    const body = answer.kind === 'answer' ? jsonOf(answer.body) : undefined;
    const { number, status } = isFields(body) ? body : {};
    const known = codeOf(number);
    if (known === undefined) return { kind: 'pending', reason: 'the carrier has given no number yet' };
    return { kind: 'succeeded', result: { carrier: this.name, number: known, isCancelled: status === 'cancelled' } };
  }

  #url(rest: string): string {
    return `${this.baseUrl}/carriers/${this.name}/waybills${rest}`;
  }
}

/** What a call came to unless it was taken (2xx). */
function calledOutcome(answer: Exchange): Outcome | undefined {
  if (answer.kind === 'not-sent') return { kind: 'not-done', reason: answer.reason };
  if (answer.kind === 'no-answer') return { kind: 'unknown', reason: answer.reason };
  const reason = `answered ${answer.status}`;
  if (answer.status === 429) return { kind: 'not-done', reason };
  if (answer.status === 408 || answer.status >= 500) return { kind: 'unknown', reason };
  if (answer.status >= 300) return { kind: 'failed', reason };
  return undefined;
}
