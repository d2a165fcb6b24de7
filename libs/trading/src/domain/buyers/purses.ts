import { type Id, Money } from '@tradewind/shared-kernel';
import { refusal } from '../refusals';
import type { BalanceAccount } from './balance-ledger';

/** What the buyers of a batch of checkouts have in store, while it is locked: each payment is seen by the next one. */
export class Purses {
  readonly #left: Map<string, Money>;

  constructor(accounts: readonly BalanceAccount[]) {
    this.#left = new Map(accounts.map(({ buyerId, balance }) => [key(buyerId, balance.currency), balance]));
  }

  /** Throws `insufficient-balance` with what is there, and takes nothing. */
  take(buyerId: Id<'buy'>, amount: Money): void {
    const purse = key(buyerId, amount.currency);
    const available = this.#left.get(purse) ?? Money.zero(amount.currency);
    if (amount.isGreaterThan(available)) {
      throw refusal('insufficient-balance', `${available.amount} minor units are in store`, {
        available: available.toJSON(),
        required: amount.toJSON(),
      });
    }
    this.#left.set(purse, available.minus(amount));
  }
}

const key = (buyerId: Id<'buy'>, currency: string): string => `${buyerId} ${currency}`;
