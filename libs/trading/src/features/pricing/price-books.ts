import { Injectable } from '@nestjs/common';
import { Clock, type Id } from '@tradewind/shared-kernel';
import { Buyers, type BuyerStanding } from '../../domain/buyers/buyers';
import { Shelf, type ShelfItem } from '../../domain/checkout/checkout';
import { CheckoutStore } from '../../domain/checkout/checkout-store';
import { PriceBook } from '../../domain/checkout/price-book';
import { PriceLists } from '../../domain/pricing/price-list';
import type { QuotedRequest } from '../../domain/pricing/quote';
import { type CouponBook, couponCodes } from '../../domain/promotions/coupon';
import { Coupons } from '../../domain/promotions/coupons';
import type { Promotion } from '../../domain/promotions/promotion';
import { Promotions } from '../../domain/promotions/promotions';

/** What was read, and locked, to price some requests. */
export interface OpenBook {
  shelf: Shelf;
  book: PriceBook;
  coupons: CouponBook;
}

/** Reads what prices depend on, for a whole batch at a time and in one exchange wherever nothing special is configured. */
@Injectable()
export class PriceBooks {
  /** SKUs that promotions gave away when they were last looked at: they are locked with the SKUs of the batch. */
  #gifts: readonly string[] = [];

  constructor(
    private readonly store: CheckoutStore,
    private readonly priceLists: PriceLists,
    private readonly promotions: Promotions,
    private readonly coupons: Coupons,
    private readonly buyers: Buyers,
    private readonly clock: Clock,
  ) {}

  /** `locked`: SKUs and coupons are locked until the unit of work ends, each in ascending order, the SKUs first. */
  async open(requests: readonly QuotedRequest[], how: 'locked' | 'read'): Promise<OpenBook> {
    const now = this.clock.now();
    const buyers = requests.flatMap(({ buyerId }) => buyerId ?? []);
    const skus = new Set([...requests.flatMap(({ lines }) => lines.map(({ sku }) => sku)), ...this.#gifts]);
    const [items, prices, promotions, coupons] = await Promise.all([
      this.#items([...skus], how),
      this.priceLists.current(),
      this.promotions.active(now),
      this.coupons.open(couponCodes(requests.flatMap((request) => request.coupons)), buyers, how),
    ]);
    this.#gifts = giftsOf(promotions);
    const missing = this.#gifts.filter((sku) => !skus.has(sku));
    // Only right after promotions changed, and out of order: a deadlock would be seen, and all of this done again.
    if (missing.length > 0) items.push(...(await this.#items(missing, how)));
    const standings = promotions.some(asksForBuyer) ? await this.#standings(buyers, how) : NOBODY;
    const shelf = new Shelf(items);
    return { shelf, book: new PriceBook({ shelf, prices, promotions, coupons, standings, now }), coupons };
  }

  async #standings(
    buyers: readonly Id<'buy'>[],
    how: 'locked' | 'read',
  ): Promise<ReadonlyMap<Id<'buy'>, BuyerStanding>> {
    if (buyers.length === 0) return NOBODY;
    if (how === 'locked') await this.store.lockBuyers(buyers);
    return this.buyers.standings(buyers);
  }

  #items(skus: string[], how: 'locked' | 'read'): Promise<ShelfItem[]> {
    return how === 'locked' ? this.store.lockShelf(skus) : this.store.readShelf(skus);
  }
}

const NOBODY: ReadonlyMap<Id<'buy'>, BuyerStanding> = new Map();

const giftsOf = (promotions: readonly Promotion[]): string[] =>
  promotions.flatMap(({ actions }) => actions.flatMap((action) => (action.kind === 'gift' ? [action.sku] : [])));

const asksForBuyer = ({ conditions }: Promotion): boolean =>
  conditions.some(({ kind }) => kind === 'buyer-level' || kind === 'first-order');
