import type { Id } from '@tradewind/shared-kernel';
import type { BuyerStanding } from '../buyers/buyers';
import { type PricedBasket, priceBasket } from '../pricing/price-basket';
import type { PriceList } from '../pricing/price-list';
import { againstQuote, type Quote, type QuotedRequest } from '../pricing/quote';
import { type CouponBook, refuseIdle } from '../promotions/coupon';
import type { DiscountContext } from '../promotions/discounts';
import type { Promotion } from '../promotions/promotion';
import { refusal } from '../refusals';
import type { CheckoutRequest, Shelf, ShelfItem } from './checkout';

/** All that the prices of one batch of requests depend on. */
export interface PriceFacts {
  shelf: Shelf;
  prices: PriceList;
  /** Those that count now. */
  promotions: readonly Promotion[];
  coupons: CouponBook;
  /** Of the buyers of the batch, when a promotion asks for them. */
  standings: ReadonlyMap<Id<'buy'>, BuyerStanding>;
  now: Date;
}

/** The prices of one batch: what an order uses up is seen by the next one. */
export class PriceBook {
  readonly #hasOrdered = new Set<Id<'buy'>>();

  constructor(private readonly facts: PriceFacts) {}

  /**
   * What a request costs now. Throws `unknown-sku`, `mixed-currencies`, `amount-too-large`, and of its coupons
   * `unknown-coupon`, `coupon-not-applicable` and `coupon-exhausted`.
   */
  priceOf(request: QuotedRequest): PricedBasket {
    const { shelf, prices, promotions, coupons } = this.facts;
    const unknown = request.lines.filter((line) => !shelf.item(line.sku)).map((line) => line.sku);
    if (unknown.length > 0) {
      throw refusal('unknown-sku', `not in the catalogue: ${unknown.join(', ')}`, { skus: unknown });
    }
    const lines = request.lines.map(({ sku, quantity }) => {
      const { price, category } = shelf.item(sku) as ShelfItem;
      return { sku, category, quantity, unitPrice: price };
    });
    const { taxRate, shippingRate } = prices.ratesFor(request, lines[0]?.unitPrice.currency as string);
    const priced = priceBasket(lines, { taxRate, shippingRate, promotions, context: this.#contextOf(request) });
    refuseIdle(priced.reasons.coupons);
    coupons.check(codesOf(priced), request.buyerId);
    return priced;
  }

  /**
   * Why a quoted price is not this buyer's any more, undefined when it is. Many quotes may promise a discount for the first
   * order, and one order is the first.
   */
  outdated({ buyerId }: QuotedRequest, { reasons }: PricedBasket): string | undefined {
    if (this.#isFirstOrderOf(buyerId)) return undefined;
    const forFirst = this.facts.promotions.filter(({ conditions }) =>
      conditions.some(({ kind }) => kind === 'first-order'),
    );
    return reasons.discounts.some(({ promotionId }) => forFirst.some(({ id }) => id === promotionId))
      ? 'the buyer has ordered since, and the quote is for a first order'
      : undefined;
  }

  /** A price that was quoted for this request. Its coupons are counted as those of any other order. */
  honour(request: QuotedRequest, quoted: PricedBasket): PricedBasket {
    this.facts.coupons.presented(request.coupons);
    this.facts.coupons.check(codesOf(quoted), request.buyerId);
    return quoted;
  }

  /** Counts what an order used up that is placed at this price. */
  use(priced: PricedBasket, order: { id: Id<'ord'>; buyerId: Id<'buy'> | null }): void {
    this.facts.coupons.use(codesOf(priced), order);
    if (order.buyerId !== null) this.#hasOrdered.add(order.buyerId);
  }

  #contextOf({ buyerId, coupons, channel, region, country }: QuotedRequest): DiscountContext {
    const standing = buyerId === null ? undefined : this.facts.standings.get(buyerId);
    return {
      buyer:
        buyerId !== null && standing
          ? {
              id: buyerId,
              level: standing.level,
              isFirstOrder: this.#isFirstOrderOf(buyerId),
            }
          : null,
      coupons: this.facts.coupons.presented(coupons),
      now: this.facts.now,
      channel,
      region: region ?? country,
      available: (sku) => this.facts.shelf.available(sku),
    };
  }

  #isFirstOrderOf(buyerId: Id<'buy'> | null): boolean {
    if (buyerId === null || this.#hasOrdered.has(buyerId)) return false;
    return this.facts.standings.get(buyerId)?.hasOrdered === false;
  }
}

/** What a checkout is charged, or the prices of now where its quote does not count any more. */
export type Charge = { kind: 'charged'; priced: PricedBasket } | { kind: 'changed'; priced: PricedBasket; why: string };

/** Throws `unknown-quote`, and what the book throws. */
export function chargeOf(
  request: CheckoutRequest,
  quotes: ReadonlyMap<string, Quote>,
  book: PriceBook,
  now: Date,
): Charge {
  if (request.quoteHash === null) return { kind: 'charged', priced: book.priceOf(request) };
  const quote = quotes.get(request.quoteHash);
  if (!quote) throw refusal('unknown-quote', 'ask for a new quote');
  const why = againstQuote(quote, request, now) ?? book.outdated(request, quote.priced);
  return why
    ? { kind: 'changed', priced: book.priceOf(request), why }
    : { kind: 'charged', priced: book.honour(request, quote.priced) };
}

const codesOf = ({ reasons }: PricedBasket): string[] => reasons.coupons.map(({ code }) => code);
