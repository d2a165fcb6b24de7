import { Money, type MoneyJson } from '@tradewind/shared-kernel';
import type { Basket, BasketLine, DiscountContext, Reason, ReasonCode } from './discounts';
import { type Action, type Condition, needsCoupon, type Promotion, type Selection } from './promotion';

/** There may be hundreds of promotions for coupons that a basket does not present: nothing else is looked at then. */
export function lacksCoupon(promotion: Promotion, { coupons }: DiscountContext): boolean {
  return needsCoupon(promotion) && !coupons.some(({ promotionId }) => promotionId === promotion.id);
}

/** Everything about the rule itself, the basket and the buyer that stands in a promotion's way, beside a missing coupon. */
export function unmet(promotion: Promotion, basket: Basket, context: DiscountContext): Reason[] {
  const reasons = outsideWindow(promotion, context.now);
  const { currency } = basket.shipping;
  const other = amountsOf(promotion).find((amount) => amount.currency !== currency);
  if (other) reasons.push(because('other-currency', `is for ${other.currency}, not ${currency}`));
  for (const condition of promotion.conditions) {
    const reason = missing(condition, basket, context);
    if (reason) reasons.push(reason);
  }
  return reasons;
}

export const because = (code: ReasonCode, text: string): Reason => ({ code, text });

export function isSelected({ skus, categories }: Selection, line: Pick<BasketLine, 'sku' | 'category'>): boolean {
  if (!skus && !categories) return true;
  return Boolean(skus?.includes(line.sku)) || (line.category !== null && Boolean(categories?.includes(line.category)));
}

function outsideWindow({ stoppedAt, startsAt, endsAt }: Promotion, now: Date): Reason[] {
  if (stoppedAt) return [because('stopped', `was stopped at ${stoppedAt.toISOString()}`)];
  if (startsAt && now < startsAt) return [because('not-started', `starts at ${startsAt.toISOString()}`)];
  if (endsAt && now >= endsAt) return [because('ended', `ended at ${endsAt.toISOString()}`)];
  return [];
}

function amountsOf({ cap, conditions, actions }: Promotion): MoneyJson[] {
  const amounts = [...conditions, ...actions].flatMap((part: Condition | Action) =>
    'amount' in part ? [part.amount] : [],
  );
  return cap ? [cap, ...amounts] : amounts;
}

function missing(
  condition: Condition,
  basket: Basket,
  { buyer, channel, region }: DiscountContext,
): Reason | undefined {
  switch (condition.kind) {
    case 'minimum-amount':
    case 'minimum-quantity':
    case 'contains':
      return missingGoods(condition, basket);
    case 'buyer-level':
      if (!buyer) return because('buyer-unknown', `needs a buyer of level ${condition.level}`);
      if (buyer.level >= condition.level) return undefined;
      return because('buyer-level-too-low', `needs level ${condition.level}, the buyer has ${buyer.level}`);
    case 'first-order':
      if (!buyer) return because('buyer-unknown', 'is for the first order of a known buyer');
      return buyer.isFirstOrder ? undefined : because('not-first-order', 'is for the first order of a buyer');
    case 'coupon':
      return undefined; // see `lacksCoupon`
    case 'channel':
      if (channel !== null && condition.channels.includes(channel)) return undefined;
      return because('other-channel', `is for ${condition.channels.join(', ')}`);
    case 'region':
      if (region !== null && condition.regions.includes(region)) return undefined;
      return because('other-region', `is for ${condition.regions.join(', ')}`);
    default:
      return condition satisfies never;
  }
}

function missingGoods(
  condition: Extract<Condition, Selection & { kind: 'minimum-amount' | 'minimum-quantity' | 'contains' }>,
  { lines, shipping: { currency } }: Basket,
): Reason | undefined {
  const selected = lines.filter((line) => isSelected(condition, line));
  switch (condition.kind) {
    case 'minimum-amount': {
      const least = Money.fromJSON(condition.amount);
      const amount = selected.reduce((sum, line) => sum + line.unitPrice.amount * BigInt(line.quantity), 0n);
      if (least.currency !== currency || amount >= least.amount) return undefined; // another currency is told of once
      return because('minimum-amount-not-reached', `needs ${least.toString()}`);
    }
    case 'minimum-quantity': {
      const units = selected.reduce((sum, line) => sum + line.quantity, 0);
      if (units >= condition.quantity) return undefined;
      return because('minimum-quantity-not-reached', `needs ${condition.quantity} units, has ${units}`);
    }
    case 'contains':
      if (selected.length > 0) return undefined;
      return because('goods-not-in-basket', `needs ${namesOf(condition)}`);
    default:
      return condition satisfies never;
  }
}

function namesOf({ skus = [], categories = [] }: Selection): string {
  return [...skus, ...categories.map((category) => `category ${category}`)].join(' or ') || 'any line';
}
