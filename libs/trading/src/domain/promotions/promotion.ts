import type { Id, MoneyJson } from '@tradewind/shared-kernel';
import { refusal } from '../refusals';

/** Lines by SKU or category: a line that matches either is meant; without both, every line. */
export interface Selection {
  skus?: readonly string[];
  categories?: readonly string[];
}

/** Amounts are compared before any discount. */
export type Condition =
  | ({ kind: 'minimum-amount'; amount: MoneyJson } & Selection)
  | ({ kind: 'minimum-quantity'; quantity: number } & Selection)
  | ({ kind: 'contains' } & Selection)
  | { kind: 'buyer-level'; level: number }
  | { kind: 'first-order' }
  /** One of the promotion's own coupons is presented. */
  | { kind: 'coupon' }
  | { kind: 'channel'; channels: readonly string[] }
  | { kind: 'region'; regions: readonly string[] };

/** Percentages are basis points (1250 is 12.5 %) of what earlier promotions have left, rounded half up to a minor unit. */
export type Action =
  | { kind: 'order-percent'; basisPoints: number }
  /** Shared among the lines in proportion to what is left of them. */
  | { kind: 'order-fixed'; amount: MoneyJson }
  | ({ kind: 'line-percent'; basisPoints: number } & Selection)
  /** Off each unit. */
  | ({ kind: 'line-fixed'; amount: MoneyJson } & Selection)
  | { kind: 'free-shipping' }
  /**
   * For every `buy.quantity` units bought, `get.quantity` further units, the cheapest first, are `basisPoints` cheaper
   * (10000 is free); a unit counts once. At most `times` times, when given.
   */
  | {
      kind: 'buy-x-get-y';
      buy: { quantity: number } & Selection;
      get: { quantity: number } & Selection;
      basisPoints: number;
      times?: number;
    }
  /** Units that are added to the order for nothing. */
  | { kind: 'gift'; sku: string; quantity: number };

/** What decides about a discount: all conditions must hold, then all actions are taken. */
export interface PromotionRule {
  /** Shown to buyers and on the order. */
  name: string;
  /** Higher ones come first; of equal ones the older. */
  priority: number;
  /** Of the promotions of one group the first that applies shuts out the others; null combines with all. */
  stackingGroup: string | null;
  /** Applies only when nothing else has, and then nothing else does. */
  exclusive: boolean;
  /** Most that it takes off one order, shipping included. */
  cap: MoneyJson | null;
  conditions: readonly Condition[];
  actions: readonly Action[];
  startsAt: Date | null;
  /** The first moment at which it no longer counts. */
  endsAt: Date | null;
}

/** A promotion as it stands: each change of its rule is a new version. A stopped one stays stopped. */
export interface Promotion extends PromotionRule {
  id: Id<'pro'>;
  version: number;
  stoppedAt: Date | null;
}

/** Which come first, in the order in which they are tried. */
export function byPriority(a: Promotion, b: Promotion): number {
  return b.priority - a.priority || (a.id < b.id ? -1 : Number(a.id > b.id));
}

export const needsCoupon = ({ conditions }: Pick<PromotionRule, 'conditions'>): boolean =>
  conditions.some(({ kind }) => kind === 'coupon');

export const PROMOTION_STATES = ['scheduled', 'active', 'ended', 'stopped'] as const;
export type PromotionState = (typeof PROMOTION_STATES)[number];

export function stateOf({ stoppedAt, startsAt, endsAt }: Promotion, now: Date): PromotionState {
  if (stoppedAt) return 'stopped';
  if (endsAt && now >= endsAt) return 'ended';
  return startsAt && now < startsAt ? 'scheduled' : 'active';
}

/** The next version. `version` is the one that the change was made from: who overlooks another's change is refused. */
export function replaced(promotion: Promotion, version: number, rule: Partial<PromotionRule>): Promotion {
  const { id, stoppedAt } = promotion;
  if (stoppedAt) throw refusal('promotion-stopped', `${id} was stopped at ${stoppedAt.toISOString()}`);
  if (promotion.version !== version) {
    const members = { version: promotion.version };
    throw refusal('promotion-changed', `${id} is at version ${promotion.version}, not ${version}`, members);
  }
  return { ...promotion, ...rule, version: version + 1 };
}

/** Counts no longer, from now on and for ever; a repeat changes nothing. */
export const stopped = (promotion: Promotion, now: Date): Promotion => ({
  ...promotion,
  stoppedAt: promotion.stoppedAt ?? now,
});
