import { Injectable } from '@nestjs/common';
import { Clock, type Id, idOf, Ids, Money } from '@tradewind/shared-kernel';
import { applyDiscounts } from '../../domain/promotions/apply-discounts';
import type { Basket, Discounts } from '../../domain/promotions/discounts';
import type { Promotion, PromotionRule } from '../../domain/promotions/promotion';
import { Promotions } from '../../domain/promotions/promotions';
import { refusal } from '../../domain/refusals';
import { Catalogue } from '../../domain/stock/catalogue';

export interface Trial {
  /** A stored promotion, or a rule that is stored nowhere. */
  promotion: Id<'pro'> | PromotionRule;
  /** Price and category are the catalogue's where they are not given. */
  lines: { sku: string; quantity: number; unitPrice?: Money; category?: string }[];
  /** Minor units. */
  shipping: number;
  buyer: { level: number; isFirstOrder: boolean } | null;
  withCoupon: boolean;
  /** Tries it along with those that are active. */
  withActive: boolean;
  at?: Date;
  channel: string | null;
  region: string | null;
}

/** What was tried, with its prices, and what came of it. */
export interface Tried {
  basket: Basket;
  promotion: Promotion;
  discounts: Discounts;
}

const SOME_BUYER = idOf('buy', '00000000-0000-7000-8000-000000000000');
/** A trial asks for no stock. */
const MANY = BigInt(Number.MAX_SAFE_INTEGER);
const SOME_COUPON = 'DRY-RUN';

/** What a promotion would do to a basket. Nothing is written, held or counted. */
@Injectable()
export class DryRun {
  constructor(
    private readonly promotions: Promotions,
    private readonly catalogue: Catalogue,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  /** Throws `unknown-promotion`, `unknown-sku`, `mixed-currencies`, `amount-too-large`. */
  async try(trial: Trial): Promise<Tried> {
    const now = this.clock.now();
    const promotion = await this.#promotion(trial.promotion);
    const basket = await this.#basket(trial);
    const others = trial.withActive ? await this.promotions.active(now) : [];
    const rules = [promotion, ...others.filter(({ id }) => id !== promotion.id)];
    const discounts = applyDiscounts(basket, rules, {
      buyer: trial.buyer && { id: SOME_BUYER, ...trial.buyer },
      coupons: trial.withCoupon ? [{ code: SOME_COUPON, promotionId: promotion.id }] : [],
      now: trial.at ?? now,
      channel: trial.channel,
      region: trial.region,
      available: () => MANY,
    });
    return { basket, promotion, discounts };
  }

  async #promotion(given: Id<'pro'> | PromotionRule): Promise<Promotion> {
    if (typeof given !== 'string') return { ...given, id: this.ids.next('pro'), version: 1, stoppedAt: null };
    const promotion = await this.promotions.find(given);
    if (!promotion) throw refusal('unknown-promotion', `no promotion ${given}`);
    return promotion;
  }

  async #basket({ lines, shipping }: Trial): Promise<Basket> {
    const known = await this.catalogue.offers(lines.map(({ sku }) => sku));
    const unknown = lines.filter(({ sku, unitPrice }) => !unitPrice && !known.has(sku)).map(({ sku }) => sku);
    if (unknown.length > 0) {
      throw refusal('unknown-sku', `not in the catalogue: ${unknown.join(', ')}`, { skus: unknown });
    }
    const priced = lines.map(({ sku, quantity, unitPrice, category }, index) => ({
      lineNo: index + 1,
      sku,
      category: category ?? known.get(sku)?.category ?? null,
      quantity,
      unitPrice: unitPrice ?? (known.get(sku)?.price as Money),
    }));
    const [{ unitPrice: first }] = priced as [(typeof priced)[number]];
    if (priced.some(({ unitPrice }) => unitPrice.currency !== first.currency)) {
      throw refusal('mixed-currencies', 'give prices of one currency');
    }
    const ofShipping = Money.of(shipping, first.currency);
    try {
      priced.reduce((sum, line) => sum.plus(line.unitPrice.times(line.quantity)), ofShipping);
    } catch (error) {
      throw refusal('amount-too-large', 'the basket is beyond 2^53 - 1 minor units', {}, { cause: error });
    }
    return { lines: priced, shipping: ofShipping };
  }
}
