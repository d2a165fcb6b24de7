import type { Money } from '@tradewind/shared-kernel';

/** By what a checkout is recognised again: who, from where, to where, and what is bought. */
export const SUBJECT_KINDS = ['buyer', 'address', 'ip', 'email', 'sku'] as const;
export type SubjectKind = (typeof SUBJECT_KINDS)[number];

/**
 * A subject in the form in which it is compared, counted and stored: `ip:…`. What is personal is a keyed hash; the ids of
 * buyers and SKUs stand as they are.
 */
export type Subject = `${SubjectKind}:${string}`;

export const kindOf = (subject: Subject): SubjectKind => subject.slice(0, subject.indexOf(':')) as SubjectKind;

/** A checkout as policies see it. Holds no personal data. */
export interface RiskRequest {
  at: Date;
  lines: readonly { sku: string; quantity: number }[];
  /** What is to be paid. For policies that are asked before the order is priced: list prices times quantities. */
  total: Money;
  /** `buy_…`; null when the buyer is not known. */
  buyerId: string | null;
  paymentMethod: string;
  /** Where it goes, ISO 3166-1 alpha-2. */
  country: string;
  region: string | null;
  /** Whichever of them this checkout has; a SKU is one for each line. */
  subjects: readonly Subject[];
  facts: RiskFacts;
}

/** What is known besides the request, as far as the kind of the policy said that it needs it. */
export interface RiskFacts {
  /** Entries of the lists that stand for a subject of this checkout now. */
  listed: readonly { list: ListKind; subject: Subject }[];
  /** When the buyer first paid for an order; null for a buyer who never did or is not known. */
  firstPaidAt: Date | null;
  /** Orders placed before this one within a window that ends now. */
  spent(subject: Subject, windowMs: number): Spent;
}

export interface Spent {
  orders: number;
  /** Minor units. */
  amountIn(currency: string): bigint;
}

export type ListKind = 'block' | 'allow';

/** What a policy has to know: read for many checkouts at once, and only what some policy needs. */
export interface RiskNeeds {
  lists?: boolean;
  history?: boolean;
  /** For each subject of this kind: what was spent within a window. */
  velocity?: readonly { per: SubjectKind; windowMs: number }[];
}

/**
 * `final` verdicts outrank the others, so that a list can let a known customer pass. `reason` is for reviewers; buyers
 * never see it. It holds no personal data.
 */
export type RiskVerdict =
  { kind: 'approve'; final?: boolean } | { kind: 'review' | 'decline'; reason: string; final?: boolean };

export type VerdictKind = RiskVerdict['kind'];

export const APPROVED: RiskVerdict = { kind: 'approve' };

/** A rule that may approve, review or decline a checkout. */
export abstract class RiskPolicy {
  /**
   * Whoever runs it stops waiting at its time limit, aborts `signal` and goes by its failure mode; the same when it throws.
   * Policies of a pure kind answer at once, not with a promise.
   */
  abstract evaluate(request: RiskRequest, signal: AbortSignal): RiskVerdict | Promise<RiskVerdict>;
}

/** One policy's answer, with how it came about. */
export interface Evaluation {
  policyId: string;
  version: number;
  mode: PolicyMode;
  verdict: RiskVerdict;
  latencyUs: number;
  /** Why the verdict is that of the failure mode. */
  failure: 'timeout' | 'error' | null;
  /** What it threw; for the log. */
  error?: unknown;
}

export const POLICY_MODES = ['enforce', 'shadow'] as const;
export type PolicyMode = (typeof POLICY_MODES)[number];

export const FAILURE_MODES = ['open', 'closed', 'review'] as const;
export type FailureMode = (typeof FAILURE_MODES)[number];

/** What counts when a policy gives no verdict. */
export function verdictOfFailure(mode: FailureMode): RiskVerdict {
  if (mode === 'open') return APPROVED;
  return { kind: mode === 'closed' ? 'decline' : 'review', reason: 'the policy gave no verdict' };
}

const SEVERITY: Record<VerdictKind, number> = { approve: 0, review: 1, decline: 2 };

/** Any decline declines, else any review parks; final verdicts, when there are any, are the only ones that count. */
export function combine(verdicts: readonly RiskVerdict[]): VerdictKind {
  const final = verdicts.filter((verdict) => verdict.final);
  const counting = final.length > 0 ? final : verdicts;
  return counting.reduce<VerdictKind>(
    (worst, { kind }) => (SEVERITY[kind] > SEVERITY[worst] ? kind : worst),
    'approve',
  );
}
