import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Clock, type Id, Ids, type Money } from '@tradewind/shared-kernel';
import {
  answered,
  type IdempotentAnswer,
  IdempotencyKeys,
  type IdempotentRequest,
} from '@tradewind/shared-kernel/http';
import { type BalanceEntry, BalanceLedger } from '../../domain/buyers/balance-ledger';
import { Buyers } from '../../domain/buyers/buyers';

export class CreditBalance extends Command<IdempotentAnswer> {
  constructor(
    readonly buyerId: Id<'buy'>,
    readonly amount: Money,
    readonly why: { reason: string; reference: string | null },
    readonly idempotency: IdempotentRequest,
  ) {
    super();
  }
}

/** Puts money into a buyer's store: a gift card, a top-up that was paid elsewhere, goodwill. */
@CommandHandler(CreditBalance)
export class CreditBalanceHandler implements ICommandHandler<CreditBalance> {
  constructor(
    private readonly buyers: Buyers,
    private readonly ledger: BalanceLedger,
    private readonly keys: IdempotencyKeys,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  execute({ buyerId, amount, why, idempotency }: CreditBalance): Promise<IdempotentAnswer> {
    return this.keys.once(idempotency, async () => {
      await this.buyers.find(buyerId);
      const requestKey = `${idempotency.scope} ${idempotency.key}`;
      const earlier = await this.ledger.entryOfRequest(requestKey);
      return answered(201, balanceEntryView(earlier ?? (await this.#credit({ buyerId, amount, ...why }, requestKey))));
    });
  }

  async #credit(
    credited: Pick<BalanceEntry, 'buyerId' | 'amount' | 'reason' | 'reference'>,
    requestKey: string,
  ): Promise<BalanceEntry> {
    const about = { kind: 'credit', orderId: null, paymentId: null, refundId: null } as const;
    const entry = { id: this.ids.next('bal'), ...credited, ...about, recordedAt: this.clock.now() };
    await this.ledger.credit(entry, requestKey);
    return entry;
  }
}

/** A line of the ledger as the API shows it. */
export function balanceEntryView({ id, kind, amount, orderId, refundId, reason, reference, recordedAt }: BalanceEntry) {
  const facts = { id, kind, amount: amount.toJSON(), orderId, refundId, reason, reference };
  return { ...facts, recordedAt: recordedAt.toISOString() };
}
