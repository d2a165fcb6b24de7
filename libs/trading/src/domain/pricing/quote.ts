import type { Id } from '@tradewind/shared-kernel';
import type { PricedBasket } from './price-basket';
import type { Destination } from './region';

/** All that a caller says and that a price may depend on. */
export interface QuotedRequest extends Destination {
  lines: { sku: string; quantity: number }[];
  coupons: string[];
  buyerId: Id<'buy'> | null;
  /** Where the sale is made: `app`. */
  channel: string | null;
}

/** A price that counts for one request until a time, whatever becomes of prices meanwhile. */
export interface Quote {
  /** Of all the rest: names the quote. */
  hash: string;
  request: QuotedRequest;
  priced: PricedBasket;
  expiresAt: Date;
}

/** Why this request is not charged what was quoted; undefined when it is. */
export function againstQuote(quote: Quote, request: QuotedRequest, now: Date): string | undefined {
  if (quote.expiresAt <= now) return `the quote expired at ${quote.expiresAt.toISOString()}`;
  const isSame = JSON.stringify(quotedRequest(quote.request)) === JSON.stringify(quotedRequest(request));
  return isSame ? undefined : 'the quote is for another basket, buyer, coupon, channel or destination';
}

/** Of a request no more than its price may depend on, always written in the same way. */
export const quotedRequest = ({ lines, coupons, buyerId, channel, region, country }: QuotedRequest): QuotedRequest => ({
  lines: lines.map(({ sku, quantity }) => ({ sku, quantity })),
  coupons,
  buyerId,
  channel,
  region,
  country,
});

/** Quotes by their hash. A quote never changes. */
export abstract class Quotes {
  abstract find(hashes: readonly string[]): Promise<ReadonlyMap<string, Quote>>;
  /** Sends its statement at once: fit for the end of a unit of work. One that is there already stays. */
  abstract add(quotes: readonly Quote[]): Promise<unknown>;
  /** Forgets quotes that expired before this time, a bounded number at once; returns how many. */
  abstract forget(expiredBefore: Date, limit: number): Promise<number>;
}
