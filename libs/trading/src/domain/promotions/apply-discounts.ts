import { Money } from '@tradewind/shared-kernel';
import { type Amounts, cut, takeOff, totalOf } from './actions';
import { because, lacksCoupon, unmet } from './conditions';
import type {
  Adjustment,
  Basket,
  CouponOutcome,
  DiscountContext,
  Discounts,
  Explanation,
  Gift,
  PresentedCoupon,
  Reason,
} from './discounts';
import { byPriority, needsCoupon, type Promotion } from './promotion';

const COUPON_MISSING = [because('coupon-missing', 'needs one of its coupons')];

/**
 * Decides what is taken off a basket. Promotions are tried by priority; each acts on what those before it have left, so that
 * no line and no shipping falls below nothing. The same input gives the same answer, in whatever order the rules come.
 * The basket's amounts are of one currency, and together no more than `Money` takes; its coupons are distinct.
 */
export function applyDiscounts(basket: Basket, rules: readonly Promotion[], context: DiscountContext): Discounts {
  const { lines, shipping } = basket;
  const money = (amount: bigint) => Money.of(amount, shipping.currency);
  const full: Amounts = {
    lines: lines.map((line) => line.unitPrice.amount * BigInt(line.quantity)),
    shipping: shipping.amount,
  };
  let left = full;
  const applied: Promotion[] = [];
  const adjustments: Adjustment[] = [];
  const gifts = new GiftTable(basket, context);
  const explanation: Explanation[] = [];

  for (const promotion of rules.toSorted(byPriority)) {
    const { id: promotionId, version, name } = promotion;
    const explain = (isApplied: boolean, reasons: Reason[]) =>
      explanation.push({ promotionId, version, name, applied: isApplied, reasons });
    if (lacksCoupon(promotion, context)) {
      explain(false, COUPON_MISSING);
      continue;
    }
    const against = [...unmet(promotion, basket, context), ...shutOut(promotion, applied)];
    if (against.length > 0) {
      explain(false, against);
      continue;
    }
    const { off, isCapped } = offOf(promotion, basket, left);
    const { given, short } = gifts.of(promotion);
    const amount = totalOf(off);
    if (amount === 0n && given.length === 0) {
      explain(
        false,
        short.length > 0 ? short : [because('nothing-to-discount', 'finds nothing that it could take off')],
      );
      continue;
    }
    applied.push(promotion);
    left = minus(left, off);
    gifts.give(given);
    adjustments.push({
      promotionId,
      version,
      name,
      coupon: needsCoupon(promotion) ? (couponFor(promotion, context)?.code ?? null) : null,
      lines: lines.flatMap(({ lineNo }, index) => {
        const ofLine = off.lines[index] as bigint;
        return ofLine > 0n ? [{ lineNo, amount: money(ofLine) }] : [];
      }),
      shipping: money(off.shipping),
      amount: money(amount),
    });
    const reasons = [because('applied', inWords(money(amount), given))];
    if (isCapped) reasons.push(because('capped', `takes no more than ${money(amount).toString()} off`));
    explain(true, [...reasons, ...short]);
  }

  const taken = minus(full, left);
  return {
    lines: lines.map(({ lineNo }, index) => ({ lineNo, discount: money(taken.lines[index] as bigint) })),
    shipping: money(taken.shipping),
    gifts: gifts.given,
    adjustments,
    explanation,
    coupons: context.coupons.map((coupon) => outcomeOf(coupon, rules, adjustments, explanation)),
  };
}

/** What earlier promotions leave no room for. */
function shutOut({ stackingGroup, exclusive }: Promotion, applied: readonly Promotion[]): Reason[] {
  const alone = applied.find((other) => other.exclusive);
  if (alone) return [because('exclusive-applied', `${alone.name} combines with nothing`)];
  const [first] = applied;
  if (exclusive && first) return [because('others-applied', `combines with nothing, and ${first.name} comes first`)];
  const sameGroup = applied.find((other) => stackingGroup !== null && other.stackingGroup === stackingGroup);
  return sameGroup ? [because('stacking-group-taken', `${sameGroup.name} takes the place of its group`)] : [];
}

/** What all its actions take off, one after another, up to its cap. */
function offOf({ actions, cap }: Promotion, { lines }: Basket, left: Amounts): { off: Amounts; isCapped: boolean } {
  let rest = left;
  for (const action of actions) rest = minus(rest, takeOff(action, lines, rest));
  const off = minus(left, rest);
  const most = cap && BigInt(cap.amount);
  return most !== null && totalOf(off) > most ? { off: cut(off, most), isCapped: true } : { off, isCapped: false };
}

/** What is given away, while there are units beside those that are bought. */
class GiftTable {
  readonly given: Gift[] = [];

  constructor(
    private readonly basket: Basket,
    private readonly context: DiscountContext,
  ) {}

  /** The gifts of a promotion that can be given, and why the others cannot. */
  of({ id, actions }: Promotion): { given: Gift[]; short: Reason[] } {
    const given: Gift[] = [];
    const short: Reason[] = [];
    for (const action of actions) {
      if (action.kind !== 'gift') continue;
      const { sku, quantity } = action;
      const taken = [...this.basket.lines, ...this.given, ...given].reduce(
        (units, part) => (part.sku === sku ? units + part.quantity : units),
        0,
      );
      if (this.context.available(sku) >= BigInt(taken + quantity)) given.push({ promotionId: id, sku, quantity });
      else short.push(because('gift-not-available', `has no ${quantity} × ${sku} left to give`));
    }
    return { given, short };
  }

  give(gifts: readonly Gift[]): void {
    this.given.push(...gifts);
  }
}

const couponFor = ({ id }: Promotion, { coupons }: DiscountContext): PresentedCoupon | undefined =>
  coupons.find(({ promotionId }) => promotionId === id);

function outcomeOf(
  coupon: PresentedCoupon,
  rules: readonly Promotion[],
  adjustments: readonly Adjustment[],
  explanation: readonly Explanation[],
): CouponOutcome {
  const { code, promotionId } = coupon;
  const promotion = rules.find(({ id }) => id === promotionId);
  const ofPromotion = explanation.find((entry) => entry.promotionId === promotionId);
  if (!promotion || !ofPromotion) {
    return { ...coupon, used: false, reasons: [because('promotion-not-active', 'its promotion is not active')] };
  }
  if (!needsCoupon(promotion)) {
    return { ...coupon, used: false, reasons: [because('coupon-not-needed', `${promotion.name} needs no coupon`)] };
  }
  const adjustment = adjustments.find((entry) => entry.promotionId === promotionId);
  if (adjustment && adjustment.coupon !== code) {
    const text = `${promotion.name} takes one coupon, and ${adjustment.coupon} came first`;
    return { ...coupon, used: false, reasons: [because('another-coupon-used', text)] };
  }
  return { ...coupon, used: ofPromotion.applied, reasons: ofPromotion.reasons };
}

function inWords(amount: Money, gifts: readonly Gift[]): string {
  const given = gifts.map(({ sku, quantity }) => `${quantity} × ${sku}`);
  const off = amount.amount > 0n || given.length === 0 ? [`takes ${amount.toString()} off`] : [];
  return [...off, ...(given.length > 0 ? [`gives ${given.join(', ')}`] : [])].join(' and ');
}

const minus = (a: Amounts, b: Amounts): Amounts => ({
  lines: a.lines.map((amount, index) => amount - (b.lines[index] as bigint)),
  shipping: a.shipping - b.shipping,
});
