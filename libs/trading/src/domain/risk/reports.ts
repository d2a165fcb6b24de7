import type { Id, Money } from '@tradewind/shared-kernel';
import type { ShippingAddress } from '../../contract';
import type { PolicyMode, VerdictKind } from './risk-policy';

/** A span of time, from the first moment until before the second. */
export interface Span {
  from: Date;
  to: Date;
}

/** Checkouts that were decided in one way and that a policy in shadow would have decided in one way. */
export interface ComparedVerdicts {
  enforced: VerdictKind;
  shadow: VerdictKind;
  checkouts: number;
  /** Some orders, the newest first; none of checkouts that were declined, and none where both agree. */
  examples: Id<'ord'>[];
}

/** How long a version of a policy took, microseconds. */
export interface PolicyLatency {
  policyId: Id<'rsk'>;
  version: number;
  mode: PolicyMode;
  evaluations: number;
  p50: number;
  p90: number;
  p99: number;
  longest: number;
  timeouts: number;
  errors: number;
}

/** What the journal says of a policy in shadow. */
export abstract class RiskReports {
  /** Beside what was enforced, or beside the verdicts of one policy. */
  abstract compare(policyId: Id<'rsk'>, span: Span, against?: Id<'rsk'>): Promise<ComparedVerdicts[]>;
  /** Of every policy that was asked. */
  abstract latencies(span: Span): Promise<PolicyLatency[]>;
}

/** An order as a policy would have seen it. */
export interface PastOrder {
  id: Id<'ord'>;
  placedAt: Date;
  total: Money;
  buyerId: string | null;
  paymentMethod: string;
  region: string | null;
  email: string | null;
  shippingAddress: ShippingAddress;
  lines: { sku: string; quantity: number }[];
}

export abstract class PastOrders {
  /** Those placed in a span, the oldest first, after the last one seen. */
  abstract read(span: Span, limit: number, after?: Id<'ord'>): Promise<PastOrder[]>;
}
