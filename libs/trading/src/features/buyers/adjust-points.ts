import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Clock, type Id, Ids } from '@tradewind/shared-kernel';
import {
  answered,
  type IdempotentAnswer,
  IdempotencyKeys,
  type IdempotentRequest,
} from '@tradewind/shared-kernel/http';
import { Buyers } from '../../domain/buyers/buyers';
import { PointLedger } from '../../domain/buyers/point-ledger';
import type { PointEntry } from '../../domain/buyers/points';

export class AdjustPoints extends Command<IdempotentAnswer> {
  constructor(
    readonly buyerId: Id<'buy'>,
    /** Signed. */
    readonly points: bigint,
    readonly why: { reason: string; reference: string | null },
    readonly idempotency: IdempotentRequest,
  ) {
    super();
  }
}

/** The shop adds or takes points: a gift, points that were spent, those of an older system. */
@CommandHandler(AdjustPoints)
export class AdjustPointsHandler implements ICommandHandler<AdjustPoints> {
  constructor(
    private readonly buyers: Buyers,
    private readonly ledger: PointLedger,
    private readonly keys: IdempotencyKeys,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  execute({ buyerId, points, why, idempotency }: AdjustPoints): Promise<IdempotentAnswer> {
    return this.keys.once(idempotency, async () => {
      await this.buyers.find(buyerId);
      const requestKey = `${idempotency.scope} ${idempotency.key}`;
      const earlier = await this.ledger.entryOfRequest(requestKey);
      return answered(201, pointEntryView(earlier ?? (await this.#add({ buyerId, points, ...why }, requestKey))));
    });
  }

  async #add(
    adjusted: Pick<PointEntry, 'buyerId' | 'points' | 'reason' | 'reference'>,
    requestKey: string,
  ): Promise<PointEntry> {
    const about = { kind: 'adjusted', orderId: null, refundId: null, amount: null } as const;
    const entry = { id: this.ids.next('pnt'), ...adjusted, ...about, recordedAt: this.clock.now() };
    await this.ledger.add([entry], requestKey);
    return entry;
  }
}

/** A line of the ledger as the API shows it. */
export function pointEntryView({ id, kind, points, orderId, refundId, reason, reference, recordedAt }: PointEntry) {
  const facts = { id, kind, points: Number(points), orderId, refundId, reason, reference };
  return { ...facts, recordedAt: recordedAt.toISOString() };
}
