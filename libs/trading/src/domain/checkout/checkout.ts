import { DomainError, type Id, type Money } from '@tradewind/shared-kernel';
import type { FulfilmentMode } from '../orders/goods';
import { Order } from '../orders/order';
import { Payment } from '../payments/payment';
import type { CaptureMode } from '../payments/payment-gateway';
import type { PricedBasket } from '../pricing/price-basket';
import type { QuotedRequest } from '../pricing/quote';
import { refusal } from '../refusals';
import type { StockLevel } from '../stock/stock-level';
import { unitsBySku } from '../stock/stock-movement';

export interface CheckoutRequest extends QuotedRequest {
  /** The quote whose prices are to be charged. */
  quoteHash: string | null;
  paymentMethod: string;
  capture: CaptureMode;
  carrier: string | null;
  /** `automatic` when absent. */
  fulfilment?: FulfilmentMode;
}

/** A SKU as it stands while its row is locked. */
export interface ShelfItem {
  sku: string;
  category: string | null;
  price: Money;
  onHand: bigint;
  reserved: bigint;
  level: StockLevel;
}

/** The locked SKUs of a batch: each order taken from it is seen by the next one. */
export class Shelf {
  readonly #items: Map<string, ShelfItem>;
  readonly #taken = new Map<string, bigint>();

  constructor(items: ShelfItem[]) {
    this.#items = new Map(items.map((item) => [item.sku, item]));
  }

  item(sku: string): ShelfItem | undefined {
    return this.#items.get(sku);
  }

  available(sku: string): bigint {
    const item = this.#items.get(sku);
    return item ? item.onHand - item.reserved - (this.#taken.get(sku) ?? 0n) : 0n;
  }

  take(sku: string, quantity: bigint): void {
    this.#taken.set(sku, (this.#taken.get(sku) ?? 0n) + quantity);
  }

  /** The units of an order that is refused after all. */
  putBack(lines: readonly { sku: string; quantity: number }[]): void {
    for (const { sku, quantity } of lines) this.take(sku, -BigInt(quantity));
  }

  /** The levels that were crossed by what was taken, each with what it has to tell; to be asked once, at the end. */
  crossed(): StockLevel[] {
    return [...this.#taken].flatMap(([sku, units]) => {
      const { onHand, reserved, level } = this.#items.get(sku) as ShelfItem;
      return level.move(onHand - reserved, onHand - reserved - units) ? [level] : [];
    });
  }

  /** Units newly reserved by SKU. */
  get taken(): ReadonlyMap<string, bigint> {
    return this.#taken;
  }
}

/** Decides one checkout: takes its units from the shelf and returns the order, or throws the refusal and takes nothing. */
export function placeOrder(
  request: CheckoutRequest,
  priced: PricedBasket,
  shelf: Shelf,
  ids: { orderId: Id<'ord'>; paymentId: Id<'pay'> },
  now: Date,
  holdMs: number,
): Order {
  hold(priced.lines, shelf);
  return Order.place(
    {
      id: ids.orderId,
      lines: priced.lines,
      discounts: priced.reasons.discounts.map(({ promotionId, version, name, coupon, amount }) => {
        return { promotionId, version, name, coupon, amount };
      }),
      buyerId: request.buyerId,
      carrier: request.carrier,
      region: request.region,
      placedAt: now,
      holdExpiresAt: new Date(now.getTime() + holdMs),
      ...priced.amounts,
    },
    Payment.awaited(ids.paymentId, request.paymentMethod, priced.amounts.total, request.capture),
    request.fulfilment,
  );
}

/** The SKUs that a refused checkout came up short of; undefined when it was refused for another reason. */
export function shortSkus(error: unknown): string[] | undefined {
  if (!(error instanceof DomainError) || error.code !== 'insufficient-stock') return undefined;
  return (error.members.skus as { sku: string }[]).map(({ sku }) => sku);
}

/** Lines of one SKU are summed before they are checked. */
function hold(lines: PricedBasket['lines'], shelf: Shelf): void {
  const wanted = [...unitsBySku(lines)].map(([sku, quantity]) => [sku, BigInt(quantity)] as const);
  const short = wanted
    .filter(([sku, quantity]) => quantity > shelf.available(sku))
    .map(([sku, quantity]) => ({ sku, requested: Number(quantity), available: Number(shelf.available(sku)) }));
  if (short.length > 0) {
    throw refusal('insufficient-stock', `short of ${short.map(({ sku }) => sku).join(', ')}`, { skus: short });
  }
  for (const [sku, quantity] of wanted) shelf.take(sku, quantity);
}
