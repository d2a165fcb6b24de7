import { createHash } from 'node:crypto';
import { canonical } from '@tradewind/shared-kernel/http';
import type { Shelf } from '../../domain/checkout/checkout';
import type { PricedBasket } from '../../domain/pricing/price-basket';
import { type AmountsJson, type LineJson, pricedJson, type ReasonsJson } from '../../domain/pricing/pricing-json';
import { type Quote, type QuotedRequest, quotedRequest } from '../../domain/pricing/quote';

/** A quote as the API shows it. */
export interface QuoteView extends AmountsJson, ReasonsJson {
  quoteHash: string;
  expiresAt: string;
  lines: (LineJson & {
    /** Units of the SKU that nobody holds now. */
    available: number;
    /** Whether they suffice for all lines of the SKU together. */
    isAvailable: boolean;
  })[];
}

export function quoteOf(asked: QuotedRequest, priced: PricedBasket, expiresAt: Date): Quote {
  const request = quotedRequest(asked);
  const text = canonical({ request, priced: pricedJson(priced), expiresAt: expiresAt.toISOString() });
  return { hash: createHash('sha256').update(text).digest('base64url'), request, priced, expiresAt };
}

export function quoteView({ hash, priced, expiresAt }: Quote, shelf: Shelf): QuoteView {
  const { lines, amounts, reasons } = pricedJson(priced);
  const wanted = new Map<string, number>();
  for (const { sku, quantity } of lines) wanted.set(sku, (wanted.get(sku) ?? 0) + quantity);
  return {
    quoteHash: hash,
    expiresAt: expiresAt.toISOString(),
    lines: lines.map((line) => {
      const available = Number(shelf.available(line.sku));
      return { ...line, available, isAvailable: (wanted.get(line.sku) as number) <= available };
    }),
    ...amounts,
    ...reasons,
  };
}
