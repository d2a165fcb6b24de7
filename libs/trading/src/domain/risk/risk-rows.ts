import type { Id, Money } from '@tradewind/shared-kernel';
import type { ReadFacts, WantedFacts } from './facts';
import type { Evaluation, FailureMode, ListKind, PolicyMode, Subject, VerdictKind } from './risk-policy';
import type { ReviewDecider } from '../orders/order-verdicts';
import type { RiskParameters } from './risk-policy-kind';

/** A policy as data: one version of it. */
export interface PolicyVersion {
  id: Id<'rsk'>;
  /** 1, 2, 3 … */
  version: number;
  name: string;
  kind: string;
  parameters: RiskParameters;
  mode: PolicyMode;
  timeLimitMs: number;
  onFailure: FailureMode;
  enabled: boolean;
  /** Of this version. */
  createdAt: Date;
}

/** Policies; a change is a new version and the earlier ones stay. */
export abstract class RiskPolicyTable {
  /** Grows with every change of the policies that count: who has read them knows by it whether to read them again. */
  abstract stamp(): Promise<bigint>;
  /** Those that are enabled. */
  abstract enabled(): Promise<PolicyVersion[]>;
  abstract add(policy: Omit<PolicyVersion, 'version'>): Promise<PolicyVersion>;
  /** Throws `unknown-risk-policy`. */
  abstract replace(policy: Omit<PolicyVersion, 'version'>): Promise<PolicyVersion>;
  /** It stops at once; its versions and its journal stay. Throws `unknown-risk-policy`. */
  abstract remove(id: Id<'rsk'>): Promise<void>;
  /** Throws `unknown-risk-policy`. */
  abstract find(id: Id<'rsk'>): Promise<PolicyVersion>;
  /** Newest first, one more than `limit` when there are more. */
  abstract list(limit: number, before?: Id<'rsk'>): Promise<PolicyVersion[]>;
  /** What subjects are hashed with; made when the database was. */
  abstract salt(): Promise<Uint8Array>;
}

/** An entry of the block or the allow list. */
export interface ListEntry {
  id: Id<'rle'>;
  list: ListKind;
  subject: Subject;
  reason: string | null;
  expiresAt: Date | null;
  createdAt: Date;
}

export abstract class RiskLists {
  /** An entry for the same list and subject is replaced and keeps its id. */
  abstract put(entry: ListEntry): Promise<{ entry: ListEntry; created: boolean }>;
  /** Those that have not expired, newest first, one more than `limit` when there are more. */
  abstract list(question: {
    list?: ListKind;
    subject?: Subject;
    limit: number;
    before?: Id<'rle'>;
    now: Date;
  }): Promise<ListEntry[]>;
  /** False when there is none. */
  abstract remove(id: Id<'rle'>): Promise<boolean>;
}

/** Facts for many checkouts at once, with as many statements for one as for all. */
export abstract class RiskFactRows {
  /** `locked`: the counters of these subjects stay as they are until the unit of work ends. */
  abstract read(wanted: WantedFacts, at: Date, how: 'locked' | 'read'): Promise<ReadFacts>;
  /** List prices; what is not in the catalogue is missing. */
  abstract prices(skus: readonly string[]): Promise<ReadonlyMap<string, Money>>;
  /** Counts what was placed. Sends its statement at once: fit for the end of a unit of work. */
  abstract count(
    placed: readonly { subject: Subject; currency: string; orders: number; amount: bigint }[],
    at: Date,
  ): Promise<unknown>;
  /** Forgets a bounded number of counters that no window reaches any more; returns how many. */
  abstract forget(now: Date, limit: number): Promise<number>;
}

/** All evaluations of one checkout. */
export interface JournalEntry {
  /** The identifier that the order has or would have had: one for each checkout that was evaluated. */
  checkoutId: Id<'ord'>;
  /** Null when no order came of it. */
  orderId: Id<'ord'> | null;
  /** SHA-256 of what the policies saw, hex. */
  inputsHash: string;
  /** What was enforced. */
  outcome: VerdictKind;
  evaluations: readonly Evaluation[];
}

export abstract class RiskJournal {
  /** Sends its statement at once: fit for the end of a unit of work. */
  abstract add(entries: readonly JournalEntry[], at: Date): Promise<unknown>;
  /** Forgets a bounded number of evaluations from before a time; returns how many. */
  abstract forget(before: Date, limit: number): Promise<number>;
}

/** An order that waits for a reviewer, with the policies that say so. */
export interface OpenReview {
  orderId: Id<'ord'>;
  openedAt: Date;
  deadline: Date;
  reasons: readonly { policyId: string; version: number; reason: string; failure: Evaluation['failure'] }[];
}

/** `closed`: the order was cancelled before anybody decided. */
export type ReviewDecision = 'approved' | 'rejected' | 'closed';

export interface Review extends OpenReview {
  decision: ReviewDecision | null;
  decidedAt: Date | null;
  /** Null when `closed`. */
  decidedBy: ReviewDecider | null;
  comment: string | null;
}

/** Orders that waited or wait for a reviewer. */
export abstract class RiskReviewTable {
  /** Sends its statement at once: fit for the end of a unit of work. */
  abstract open(reviews: readonly OpenReview[]): Promise<unknown>;
  abstract find(orderId: Id<'ord'>): Promise<Review | undefined>;
  /** Those without a decision, the most urgent first, one more than `limit` when there are more. */
  abstract pending(limit: number, after?: Pick<Review, 'deadline' | 'orderId'>): Promise<Review[]>;
  /** For an order that is locked. */
  abstract decide(review: Review): Promise<void>;
  /** Takes orders that were cancelled out of the queue, those that nobody has decided. They are locked. */
  abstract close(cancelled: readonly { id: Id<'ord'>; at: Date }[]): Promise<void>;
}
