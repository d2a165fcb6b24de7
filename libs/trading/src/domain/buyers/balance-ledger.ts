import type { Id, Money } from '@tradewind/shared-kernel';

/** One line of the ledger of stored value; a buyer's balance of a currency is the sum of its lines. */
export interface BalanceEntry {
  id: Id<'bal'>;
  buyerId: Id<'buy'>;
  /** `payment`: taken by an order; `refund`: given back to it. */
  kind: 'credit' | 'payment' | 'refund';
  /** Negative for a payment. */
  amount: Money;
  orderId: Id<'ord'> | null;
  paymentId: Id<'pay'> | null;
  refundId: Id<'ref'> | null;
  reason: string | null;
  reference: string | null;
  recordedAt: Date;
}

export interface BalanceAccount {
  buyerId: Id<'buy'>;
  balance: Money;
}

/** The append-only ledger of what buyers have in store. No balance is ever below zero. */
export abstract class BalanceLedger {
  /** One for each currency that the buyer ever had, in the order of their codes. */
  abstract balances(buyerId: Id<'buy'>): Promise<Money[]>;
  /** Newest first, one more than `limit`. */
  abstract entries(buyerId: Id<'buy'>, limit: number, after?: Id<'bal'>): Promise<BalanceEntry[]>;
  /** The line that a request with this key made, however long ago. */
  abstract entryOfRequest(requestKey: string): Promise<BalanceEntry | undefined>;
  /** Adds to what the buyer has, opening the account if need be, in the current unit of work. Throws `amount-too-large`. */
  abstract credit(entry: BalanceEntry, requestKey: string): Promise<void>;
  /** Locks the accounts of these buyers in ascending order, until the current unit of work ends. */
  abstract lock(buyerIds: readonly Id<'buy'>[]): Promise<BalanceAccount[]>;
  /** Takes payments from locked accounts, without waiting between the statements: fit for the end of a unit of work. */
  abstract take(payments: readonly BalanceEntry[]): Promise<unknown>;
  /** Gives a payment's money back, or part of it; a second time does nothing. The line, or undefined without the payment. */
  abstract giveBack(refund: Pick<BalanceEntry, 'id' | 'recordedAt'> & Refunded): Promise<Id<'bal'> | undefined>;
  abstract lineOfRefund(refundId: Id<'ref'>): Promise<Id<'bal'> | undefined>;
  abstract lineOfPayment(paymentId: Id<'pay'>): Promise<BalanceEntry | undefined>;
}

interface Refunded {
  refundId: Id<'ref'>;
  paymentId: Id<'pay'>;
  amount: Money;
}
