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
  abstract addRefund(refund: Omit<Refund, 'status'>, paymentId: Id<'pay'>): Promise<void>;
  /** The charge is decided, or no longer wanted: it need not be asked about any more. */
  abstract closeCharge(paymentId: Id<'pay'>, state: 'succeeded' | 'failed'): Promise<void>;
  /** Called after each commit that added an operation to be made. */
  abstract onAdded(listener: () => void): void;
  /** Throws `unknown-refund`. */
  abstract findRefund(id: Id<'ref'>): Promise<Refund>;
}
