import { randomUUID } from 'node:crypto';
import { capturedOf, type Operation, type Outcome, type Payment, type Refund } from './books';
import type { Callbacks } from './callbacks';
import { operationReport, paymentReport, refundReport } from './gateway-reports';
import type { Ledger } from './ledger';
import type { PaymentTerms } from './signing';
import type { Timers } from './timers';

export interface RefundRequest {
  reference: string;
  payment: string;
  amount: number;
  currency: string;
}

/** A capture or a void. */
export interface OperationRequest extends RefundRequest {
  kind: Operation['kind'];
  final: boolean;
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
      status: outcome === 'paid' && terms.capture === 'manual' ? 'authorized' : outcome,
      amount: terms.amount,
      currency: terms.currency,
      orderId: terms.orderId,
      ...(terms.capture ? { capture: terms.capture } : {}),
      decidedAt: new Date().toISOString(),
    };
    const outgoing = this.callbacks.prepare(paymentReport(payment));
    this.ledger.record({ kind: 'payment-decided', payment }, ...outgoing.entries);
    this.callbacks.send(outgoing);
    return payment;
  }

  /** The earlier answer under this key, or `conflict` when the key or the reference was used for something else. */
  earlierOperation(request: OperationRequest, key: string): Operation | 'conflict' | undefined {
    const { books } = this.ledger;
    const earlier = books.operationByKey(key) ?? books.operations.get(request.reference);
    if (!earlier) return undefined;
    const isSame = Object.entries(request).every(([name, value]) => earlier[name as keyof Operation] === value);
    return isSame && earlier.idempotencyKey === key ? earlier : 'conflict';
  }

  /** Answers a capture or a void that was not asked before. */
  operate(request: OperationRequest, key: string, fails: boolean): Operation {
    const refusal = this.#refusalOf(request);
    const reason = refusal ?? (fails ? 'the bank said no' : undefined);
    const operation: Operation = {
      ...request,
      gatewayReference: newReference(request.kind === 'capture' ? 'cp' : 'vo'),
      idempotencyKey: key,
      status: reason === undefined ? 'succeeded' : 'failed',
      answeredAt: new Date().toISOString(),
      ...(reason === undefined ? {} : { reason }),
      ...(refusal === undefined ? {} : { refused: true }),
    };
    const outgoing = operation.refused ? undefined : this.callbacks.prepare(operationReport(operation));
    this.ledger.record({ kind: 'operation-answered', operation }, ...(outgoing?.entries ?? []));
    if (outgoing) this.callbacks.send(outgoing);
    return operation;
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

  #refusalOf({ kind, payment, amount, currency }: OperationRequest): string | undefined {
    const authorized = this.ledger.books.payments.get(payment);
    if (authorized?.status !== 'authorized') return 'nothing is authorised';
    if (authorized.currency !== currency) return `the payment was in ${authorized.currency}`;
    const left = authorized.amount - capturedOf(authorized);
    if (kind === 'void') return amount === left ? undefined : `${left} of the authorised amount is left`;
    return amount > left ? `only ${left} of the authorised amount is left` : undefined;
  }

  #refusal({ payment, amount, currency }: RefundRequest): string | undefined {
    const paid = this.ledger.books.payments.get(payment);
    if (!paid || capturedOf(paid) === 0) return 'the payment was not captured';
    if (paid.currency !== currency) return `the payment was in ${paid.currency}`;
    const left = capturedOf(paid) - this.ledger.books.refunded(payment);
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

function newReference(prefix: 'ch' | 'cp' | 'vo' | 're'): string {
  return `${prefix}_${randomUUID().replaceAll('-', '').slice(0, 24)}`;
}

function later(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}
