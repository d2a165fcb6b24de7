import { type Id, idOf, type Money } from '@tradewind/shared-kernel';
import type { RefundedLine } from '../orders/goods-lines';

/** `unknown`: the gateway has not told; it is being asked, or a person has to look. */
export type RefundStatus = 'pending' | 'success' | 'failed' | 'unknown';

export type OperationState = 'requested' | 'sent' | 'pending' | 'unknown' | 'succeeded' | 'failed' | 'stuck';

const STATUS_OF = {
  requested: 'pending',
  sent: 'pending',
  pending: 'pending',
  unknown: 'unknown',
  stuck: 'unknown',
  succeeded: 'success',
  failed: 'failed',
} as const satisfies Record<OperationState, RefundStatus>;

/** What callers are told of an operation that is in this state. */
export const statusOf = (state: OperationState): RefundStatus => STATUS_OF[state];

export interface Refund {
  id: Id<'ref'>;
  orderId: Id<'ord'>;
  amount: Money;
  /** The units whose price it is; none when it was asked for by amount. */
  lines: RefundedLine[];
  reason: string;
  status: RefundStatus;
  requestedAt: Date;
}

export type OperationKind = 'authorize' | 'capture' | 'void' | 'refund';

const PREFIXES = { authorize: 'pay', capture: 'cap', void: 'voi', refund: 'ref' } as const;

/** How an operation is called, here and at its gateway: `pay_…` (the payment's own name), `cap_…`, `voi_…`, `ref_…`. */
export const operationId = (kind: OperationKind, uuid: string): string => idOf(PREFIXES[kind], uuid);

/** One operation as people look at it. */
export interface PaymentOperation {
  id: string;
  kind: OperationKind;
  amount: Money;
  /** `unknown`: the gateway has not told and is being asked; `stuck`: it was asked for days, a person has to look. */
  state: OperationState;
  attempts: number;
  gatewayReference: string | null;
  lastError: string | null;
  requestedAt: Date;
  nextCheckAt: Date | null;
}

/** An operation on money that was authorised. */
export interface MoneyOperation {
  id: string;
  kind: Exclude<OperationKind, 'authorize'>;
  amount: Money;
  /** Of a capture: what is left is let go. */
  final: boolean;
  /** Of a refund: the units whose price it is, if it is for units. */
  lines: RefundedLine[];
}

/** An operation that just ended, and what it was before. */
export type EndedOperation = MoneyOperation & { was: OperationState };

/** Rows of money on the move: each is committed before its gateway is called. */
export abstract class PaymentOperations {
  /** A refund to be made, in the current unit of work. Its id is the gateway's key. */
  abstract addRefund(refund: Omit<Refund, 'status'>, paymentId: Id<'pay'>, requestKey: string | null): Promise<void>;
  /** A capture to be made. `final`: the gateway lets go of the rest. */
  abstract addCapture(
    id: Id<'cap'>,
    paymentId: Id<'pay'>,
    amount: Money,
    final: boolean,
    requestKey: string,
  ): Promise<void>;
  abstract addVoid(id: Id<'voi'>, paymentId: Id<'pay'>, amount: Money, requestKey: string | null): Promise<void>;
  /** The operation that a request with this key made, however long ago. */
  abstract ofRequest(requestKey: string): Promise<string | undefined>;
  /** The refund that a request with this key made, however long ago. */
  abstract refundOfRequest(requestKey: string): Promise<Refund | undefined>;
  /** These are authorised, paid or voided: the gateway need not be asked about them any more. */
  abstract closeAuthorizations(paymentIds: readonly Id<'pay'>[]): Promise<void>;
  /** The order was given up unpaid: the gateway is asked at once whether money came all the same. */
  abstract askAboutAuthorization(paymentId: Id<'pay'>): Promise<void>;
  /** How the gateway knows a payment's authorisation. */
  abstract atGateway(paymentId: Id<'pay'>): Promise<{ key: string; gatewayReference: string | null }>;
  /** What the gateway calls the payment, told before anything was decided. */
  abstract keepReference(paymentId: Id<'pay'>, gatewayReference: string): Promise<void>;
  /** Keeps what the gateway calls operations, in the current unit of work. */
  abstract keepReferences(references: readonly { operationId: string; gatewayReference: string }[]): Promise<void>;
  /** The next call gets a new key: the gateway would repeat its refusal under the old one. */
  abstract renewKey(operationId: string): Promise<void>;
  /** The order of each capture, void and refund; foreign ones are missing. */
  abstract ordersOf(ids: readonly string[]): Promise<ReadonlyMap<string, Id<'ord'>>>;
  /**
   * Ends an operation by its gateway's word, which fences off a call or question still under way. Undefined when that
   * changes nothing. A success is not taken from under a call that is about to record it; a failure corrects a success.
   */
  abstract end(
    id: string,
    outcome: 'succeeded' | 'failed',
    gatewayReference: string,
  ): Promise<EndedOperation | undefined>;
  /** Tells that the current unit of work, once committed, leaves an operation to be made. */
  abstract announce(): void;
  /** Called after each commit that left an operation to be made. */
  abstract onAdded(listener: () => void): void;
  /** Oldest first, after the last one seen. */
  abstract refundsOfOrder(orderId: Id<'ord'>, limit: number, after?: Id<'ref'>): Promise<Refund[]>;
  /** Throws `unknown-refund`. */
  abstract findRefund(id: Id<'ref'>): Promise<Refund>;
  /** One that there is. */
  abstract find(id: string): Promise<PaymentOperation>;
  /** All operations of a payment, oldest first. */
  abstract of(paymentId: Id<'pay'>): Promise<PaymentOperation[]>;
}
