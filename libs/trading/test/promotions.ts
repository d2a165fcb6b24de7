import { idOf, type Id, Money } from '@tradewind/shared-kernel';
import { applyDiscounts } from '../src/domain/promotions/apply-discounts';
import type { Basket, BasketLine, DiscountContext, Discounts } from '../src/domain/promotions/discounts';
import type { Action, Condition, Promotion } from '../src/domain/promotions/promotion';
import { NOW } from './orders';

export const promotionId = (n = 1): Id<'pro'> =>
  idOf('pro', `00000000-0000-7000-8000-${n.toString().padStart(12, '0')}`);

export const cny = (amount: number | bigint) => Money.of(amount, 'CNY');

/** A promotion that always applies, changed as given. */
export function aPromotion(changes: Partial<Promotion> = {}): Promotion {
  return {
    id: promotionId(),
    version: 1,
    name: 'Spring sale',
    priority: 0,
    stackingGroup: null,
    exclusive: false,
    cap: null,
    conditions: [],
    actions: [{ kind: 'order-percent', basisPoints: 1000 }],
    startsAt: null,
    endsAt: null,
    stoppedAt: null,
    ...changes,
  };
}

export const withActions = (...actions: Action[]) => aPromotion({ actions });
export const withConditions = (...conditions: Condition[]) => aPromotion({ conditions });

/** `[sku, quantity, unit price, category]` for each line. */
export function aBasket(lines: [string, number, number, string?][], shipping = 0): Basket {
  return {
    lines: lines.map(([sku, quantity, price, category], index): BasketLine => ({
      lineNo: index + 1,
      sku,
      category: category ?? null,
      quantity,
      unitPrice: cny(price),
    })),
    shipping: cny(shipping),
  };
}

export const aContext = (changes: Partial<DiscountContext> = {}): DiscountContext => ({
  buyer: null,
  coupons: [],
  now: NOW,
  channel: null,
  region: null,
  available: () => 10n,
  ...changes,
});

export const discount = (basket: Basket, rules: Promotion[], context: Partial<DiscountContext> = {}): Discounts =>
  applyDiscounts(basket, rules, aContext(context));

/** Minor units off each line. */
export const offLines = ({ lines }: Discounts): number[] => lines.map((line) => Number(line.discount.amount));
