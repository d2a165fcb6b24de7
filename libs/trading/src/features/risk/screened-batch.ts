import { createHash } from 'node:crypto';
import type { Id, Money } from '@tradewind/shared-kernel';
import { canonical } from '@tradewind/shared-kernel/http';
import { factsOf, type ReadFacts } from '../../domain/risk/facts';
import { combine, type Evaluation, kindOf, type RiskRequest } from '../../domain/risk/risk-policy';
import type { JournalEntry, OpenReview } from '../../domain/risk/risk-rows';
import { refusal } from '../../domain/refusals';
import type { PolicySet } from './active-policies';
import { evaluateAtOnce, note } from './evaluate';

/** A checkout on its way through the policies: what they see of it, and what those said that were asked first. */
export interface Screening {
  readonly policies: PolicySet;
  readonly request: Omit<RiskRequest, 'at' | 'total' | 'facts'>;
  readonly evaluations: readonly Evaluation[];
}

/** A checkout that pure policies have seen too. */
export interface Judged {
  screening: Screening;
  request: RiskRequest;
  entry: JournalEntry;
}

/** The checkouts of one transaction: each order that is placed counts for those after it. */
export class ScreenedBatch {
  readonly judged: Judged[] = [];

  constructor(
    private readonly read: ReadFacts,
    readonly at: Date,
    private readonly reviewMs: number,
    private readonly keep: (batch: ScreenedBatch) => void,
  ) {}

  /**
   * Until when the order waits for a reviewer; null when it need not. Throws `order-declined`, which tells nobody why.
   */
  judge(screening: Screening, checkoutId: Id<'ord'>, total: Money): Date | null {
    const request = { ...screening.request, at: this.at, total, facts: factsOf(screening.request, this.read) };
    const within = screening.policies.within.map((policy) => evaluateAtOnce(policy, request));
    const evaluations = [...screening.evaluations, ...within];
    note(evaluations);
    const outcome = combine(evaluations.map(({ verdict }) => verdict));
    const entry: JournalEntry = { checkoutId, orderId: null, inputsHash: hashOf(request), outcome, evaluations };
    this.judged.push({ screening, request, entry });
    if (outcome === 'decline') throw refusal('order-declined', 'this order is not taken');
    return outcome === 'review' ? new Date(this.at.getTime() + this.reviewMs) : null;
  }

  /** The order of the last checkout that was judged was placed. */
  place(orderId: Id<'ord'>): void {
    const { screening, request, entry } = this.judged.at(-1) as Judged;
    entry.orderId = orderId;
    for (const subject of request.subjects) {
      if (screening.policies.counted.includes(kindOf(subject))) {
        this.read.spending.place(subject, request.total);
      }
    }
  }

  /** To be called at the end of the transaction's work. */
  close(): void {
    this.keep(this);
  }

  get entries(): JournalEntry[] {
    return this.judged.map(({ entry }) => entry);
  }

  get placed(): ReadFacts['spending']['placed'] {
    return this.read.spending.placed;
  }

  /** Orders that wait for a reviewer, with who said so and why. */
  get parked(): OpenReview[] {
    return this.entries
      .filter(({ orderId, outcome }) => orderId && outcome === 'review')
      .map(({ orderId, evaluations }) => ({
        orderId: orderId as Id<'ord'>,
        openedAt: this.at,
        deadline: new Date(this.at.getTime() + this.reviewMs),
        reasons: evaluations.flatMap(({ policyId, version, verdict, failure }) =>
          verdict.kind === 'review' ? [{ policyId, version, reason: verdict.reason, failure }] : [],
        ),
      }));
  }
}

/** What was seen, without what it was seen with: the same checkout gives the same hash. */
function hashOf({ facts: _facts, at: _at, total, ...request }: RiskRequest): string {
  return createHash('sha256')
    .update(canonical({ ...request, total: total.toJSON() }))
    .digest('hex');
}
