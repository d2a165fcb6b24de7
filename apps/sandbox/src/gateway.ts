import { randomUUID } from 'node:crypto';
import type { Outcome, Payment, Refund } from './books';
import type { Callbacks } from './callbacks';
import { paymentReport, refundReport } from './gateway-reports';
import type { Ledger } from './ledger';
import type { PaymentTerms } from './signing';
import type { Timers } from './timers';

export interface RefundRequest {
  reference: string;
  payment: string;
  amount: number;
  currency: string;
}

/** `fail`: a definite failure now. `fail-later`: a success that turns into a failure. */
export type RefundFate = { kind: 'fail' } | { kind: 'fail-later'; ms: number };

/** The payment gateway's decisions: each is on file before it is answered, and reported afterwards. */
export class Gateway {
  constructor(
    private readonly ledger: Ledger,
    private readonly callbacks: Callbacks,
    private readonly timers: Timers,
  ) {}

  /** Decides a payment once: whatever comes later gets the first decision. */
  decide(terms: PaymentTerms, outcome: Outcome): Payment {
    const earlier = this.ledger.books.payments.get(terms.paymentId);
    if (earlier) return earlier;
    const payment: Payment = {
      reference: terms.paymentId,
      gatewayReference: newReference('ch'),
      status: outcome,
      amount: terms.amount,
      currency: terms.currency,
      orderId: terms.orderId,
      decidedAt: new Date().toISOString(),
    };
    const outgoing = this.callbacks.prepare(paymentReport(payment));
    this.ledger.record({ kind: 'payment-decided', payment }, ...outgoing.entries);
    this.callbacks.send(outgoing);
    return payment;
  }

  /** The earlier answer under this key, or `conflict` when the key or the reference was used for another refund. */
  earlierRefund(request: RefundRequest, key: string): Refund | 'conflict' | undefined {
    const { books } = this.ledger;
    const earlier = books.refundByKey(key) ?? books.refunds.get(request.reference);
    if (!earlier) return undefined;
    const same =
      earlier.idempotencyKey === key &&
      earlier.reference === request.reference &&
      earlier.payment === request.payment &&
      earlier.amount === request.amount &&
      earlier.currency === request.currency;
    return same ? earlier : 'conflict';
  }

  /** Answers a refund that was not asked before. */
  refund(request: RefundRequest, key: string, fate?: RefundFate): Refund {
    const refusal = this.#refusal(request);
    const reason = refusal ?? (fate?.kind === 'fail' ? 'the card was closed' : undefined);
    const refund: Refund = {
      ...request,
      gatewayReference: newReference('re'),
      idempotencyKey: key,
      status: reason === undefined ? 'succeeded' : 'failed',
      answeredAt: new Date().toISOString(),
      ...(reason === undefined ? {} : { reason }),
      ...(refusal === undefined ? {} : { refused: true }),
      ...(reason === undefined && fate?.kind === 'fail-later' ? { failsAt: later(fate.ms) } : {}),
    };
    const outgoing = refund.refused ? undefined : this.callbacks.prepare(refundReport(refund));
    this.ledger.record({ kind: 'refund-answered', refund }, ...(outgoing?.entries ?? []));
    if (outgoing) this.callbacks.send(outgoing);
    this.#failWhenDue(refund);
    return refund;
  }

  /** Takes up the late failures that an earlier run had promised. */
  resume(): void {
    for (const refund of this.ledger.books.refunds.values()) this.#failWhenDue(refund);
  }

  #refusal({ payment, amount, currency }: RefundRequest): string | undefined {
    const captured = this.ledger.books.payments.get(payment);
    if (captured?.status !== 'paid') return 'the payment was not captured';
    if (captured.currency !== currency) return `the payment was in ${captured.currency}`;
    const left = captured.amount - this.ledger.books.refunded(payment);
    return amount > left ? `only ${left} of the captured amount is left` : undefined;
  }

  #failWhenDue({ reference, failsAt }: Refund): void {
    if (failsAt !== undefined) {
      this.timers.after(Math.max(0, Date.parse(failsAt) - Date.now()), () => this.#failLater(reference));
    }
  }

  #failLater(reference: string): void {
    const refund = this.ledger.books.refunds.get(reference);
    if (!refund) return;
    const reason = 'the bank returned the money';
    const outgoing = this.callbacks.prepare(refundReport({ ...refund, status: 'failed', reason }));
    this.ledger.record({ kind: 'refund-failed-later', reference, reason }, ...outgoing.entries);
    this.callbacks.send(outgoing);
  }
}

function newReference(prefix: 'ch' | 're'): string {
  return `${prefix}_${randomUUID().replaceAll('-', '').slice(0, 24)}`;
}

function later(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}
