/** What the outside world knows. Amounts are in minor units, times RFC 3339 UTC. No personal data: no recipients. */
export type Outcome = 'paid' | 'declined';

export interface Payment {
  reference: string;
  gatewayReference: string;
  /** `authorized`: some of it may still be captured or let go. */
  status: Outcome | 'authorized' | 'voided';
  amount: number;
  capture?: 'manual';
  /** How much of an authorisation was captured so far; absent when all was captured at once. */
  captured?: number;
  currency: string;
  orderId: string;
  decidedAt: string;
}

/** A capture of an authorisation, or its void: `amount` is then what was let go. */
export interface Operation {
  kind: 'capture' | 'void';
  reference: string;
  gatewayReference: string;
  idempotencyKey: string;
  payment: string;
  status: 'succeeded' | 'failed';
  amount: number;
  currency: string;
  /** What is left of the authorisation is let go. */
  final: boolean;
  reason?: string;
  /** The terms were wrong: answered 422, and no callback follows. */
  refused?: boolean;
  answeredAt: string;
}

export interface Refund {
  reference: string;
  gatewayReference: string;
  idempotencyKey: string;
  payment: string;
  status: 'succeeded' | 'failed';
  amount: number;
  currency: string;
  reason?: string;
  /** The terms were wrong (no such capture, too much): answered 422, and no callback follows. */
  refused?: boolean;
  /** It succeeded at first and turns into a failure at this time. */
  failsAt?: string;
  answeredAt: string;
}

export type CarrierCode = 'SF' | 'ZTO';

export interface Waybill {
  carrier: CarrierCode;
  number: string;
  idempotencyKey: string;
  orderId: string;
  status: 'booked' | 'cancelled';
}

export interface Scan {
  /** Digits only, unique: SF repeats it in its report. */
  id: string;
  carrier: CarrierCode;
  number: string;
  /** Absent for a waybill that nobody booked. */
  orderId?: string;
  code: string;
  at: string;
  place: string;
  text: string;
  reasonCode?: string;
  firstStatusCode?: string;
  secondaryStatusCode?: string;
}

export type ChannelName = 'gateway' | CarrierCode;

/** A report to the platform. It is owed until the platform has acknowledged it. */
export interface Callback {
  id: string;
  channel: ChannelName;
  /** Reports about one subject start in their order. */
  subject: string;
  /** Everything a fault's `match` may name. */
  about: string[];
  /** Identical at each try; signatures and envelopes are made around it when it is sent. */
  content: string;
  notBefore?: string;
}

export type Entry =
  | { kind: 'payment-decided'; payment: Payment }
  | { kind: 'operation-answered'; operation: Operation }
  | { kind: 'refund-answered'; refund: Refund }
  | { kind: 'refund-failed-later'; reference: string; reason: string }
  | { kind: 'waybill-booked'; waybill: Waybill }
  | { kind: 'waybill-cancelled'; carrier: CarrierCode; number: string }
  | { kind: 'scan-recorded'; scan: Scan }
  | { kind: 'callback-owed'; callback: Callback }
  | { kind: 'callback-acknowledged'; id: string };

/** The present state: a fold over the ledger's entries. Changed through the ledger only. */
export class Books {
  readonly payments = new Map<string, Payment>();
  readonly operations = new Map<string, Operation>();
  readonly refunds = new Map<string, Refund>();
  readonly owed = new Map<string, Callback>();
  readonly waybills = new Map<string, Waybill>();
  readonly #operationsByKey = new Map<string, string>();
  readonly #refundsByKey = new Map<string, string>();
  readonly #refundsByPayment = new Map<string, string[]>();
  readonly #waybillsByKey = new Map<string, string>();
  readonly #waybillsByOrder = new Map<string, string>();
  readonly #scans = new Map<string, Scan[]>();

  operationByKey(key: string): Operation | undefined {
    return this.operations.get(this.#operationsByKey.get(key) ?? '');
  }

  refundByKey(key: string): Refund | undefined {
    return this.refunds.get(this.#refundsByKey.get(key) ?? '');
  }

  /** How much of a payment has gone back to the buyer. */
  refunded(payment: string): number {
    return (this.#refundsByPayment.get(payment) ?? [])
      .map((reference) => this.refunds.get(reference))
      .reduce((sum, refund) => sum + (refund?.status === 'succeeded' ? refund.amount : 0), 0);
  }

  waybill(carrier: CarrierCode, number: string): Waybill | undefined {
    return this.waybills.get(join(carrier, number));
  }

  waybillByKey(carrier: CarrierCode, key: string): Waybill | undefined {
    return this.waybills.get(this.#waybillsByKey.get(join(carrier, key)) ?? '');
  }

  /** The one booked last, where an order has several. */
  waybillByOrder(carrier: CarrierCode, orderId: string): Waybill | undefined {
    return this.waybills.get(this.#waybillsByOrder.get(join(carrier, orderId)) ?? '');
  }

  scans(carrier: CarrierCode, number: string): readonly Scan[] {
    return this.#scans.get(join(carrier, number)) ?? [];
  }

  apply(entry: Entry): void {
    switch (entry.kind) {
      case 'payment-decided':
        this.payments.set(entry.payment.reference, entry.payment);
        return;
      case 'operation-answered':
        this.#addOperation(entry.operation);
        return;
      case 'refund-answered':
        this.#addRefund(entry.refund);
        return;
      case 'refund-failed-later': {
        const { failsAt: _, ...refund } = found(this.refunds.get(entry.reference), entry.reference);
        this.refunds.set(entry.reference, { ...refund, status: 'failed', reason: entry.reason });
        return;
      }
      case 'waybill-booked':
        this.#addWaybill(entry.waybill);
        return;
      case 'waybill-cancelled': {
        const waybill = found(this.waybill(entry.carrier, entry.number), entry.number);
        this.waybills.set(join(entry.carrier, entry.number), { ...waybill, status: 'cancelled' });
        return;
      }
      case 'scan-recorded':
        append(this.#scans, join(entry.scan.carrier, entry.scan.number), entry.scan);
        return;
      case 'callback-owed':
        this.owed.set(entry.callback.id, entry.callback);
        return;
      case 'callback-acknowledged':
        this.owed.delete(entry.id);
        return;
      default:
        throw new Error(`unknown ledger entry ${JSON.stringify(entry satisfies never)}`);
    }
  }

  #addOperation(operation: Operation): void {
    this.operations.set(operation.reference, operation);
    this.#operationsByKey.set(operation.idempotencyKey, operation.reference);
    if (operation.status !== 'succeeded') return;
    const payment = found(this.payments.get(operation.payment), operation.payment);
    const captured = (payment.captured ?? 0) + (operation.kind === 'capture' ? operation.amount : 0);
    const isOver = operation.final || captured === payment.amount;
    const status = isOver ? (captured > 0 ? 'paid' : 'voided') : 'authorized';
    this.payments.set(operation.payment, { ...payment, captured, status });
  }

  #addRefund(refund: Refund): void {
    this.refunds.set(refund.reference, refund);
    this.#refundsByKey.set(refund.idempotencyKey, refund.reference);
    append(this.#refundsByPayment, refund.payment, refund.reference);
  }

  #addWaybill(waybill: Waybill): void {
    const { carrier, number, idempotencyKey, orderId } = waybill;
    this.waybills.set(join(carrier, number), waybill);
    this.#waybillsByKey.set(join(carrier, idempotencyKey), join(carrier, number));
    this.#waybillsByOrder.set(join(carrier, orderId), join(carrier, number));
  }
}

function join(carrier: CarrierCode, id: string): string {
  return `${carrier} ${id}`;
}

function append<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}

function found<T>(record: T | undefined, id: string): T {
  if (record === undefined) throw new Error(`the ledger speaks of ${id} before it was recorded`);
  return record;
}

/** How much of a payment the merchant has. */
export function capturedOf({ status, amount, captured }: Payment): number {
  return captured ?? (status === 'paid' ? amount : 0);
}
