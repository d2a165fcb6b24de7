import type { Id, Money } from '@tradewind/shared-kernel';

export type RefundStatus = 'pending' | 'success' | 'failed' | 'unknown';

export interface Refund {
  id: Id<'ref'>;
  orderId: Id<'ord'>;
  amount: Money;
  reason: string;
  status: RefundStatus;
  requestedAt: Date;
}

/** Rows of money on the move: each is committed before its gateway is called. */
export abstract class PaymentOperations {
  /** A refund to be made, in the current unit of work. Its id is the gateway's key. */
  abstract addRefund(refund: Omit<Refund, 'status'>, paymentId: Id<'pay'>, requestKey: string | null): Promise<void>;
  /** The refund that a request with this key made, however long ago. */
  abstract refundOfRequest(requestKey: string): Promise<Refund | undefined>;
  /** The money of these is captured: the gateway need not be asked any more. */
  abstract closeCharges(paymentIds: readonly Id<'pay'>[]): Promise<void>;
  /** The order was given up unpaid: the gateway is asked at once whether money came all the same. */
  abstract askAboutCharge(paymentId: Id<'pay'>): Promise<void>;
  /** The order of each refund; foreign ones are missing. */
  abstract ordersOfRefunds(ids: readonly Id<'ref'>[]): Promise<ReadonlyMap<string, Id<'ord'>>>;
  /** A succeeded refund turned out to have failed. Its amount, or undefined when it had not succeeded. */
  abstract revokeRefund(id: Id<'ref'>): Promise<{ orderId: Id<'ord'>; amount: Money } | undefined>;
  /** Called after each commit that added an operation to be made. */
  abstract onAdded(listener: () => void): void;
  /** Throws `unknown-refund`. */
  abstract findRefund(id: Id<'ref'>): Promise<Refund>;
}
