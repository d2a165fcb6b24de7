import { Money } from '@tradewind/shared-kernel';
import fc from 'fast-check';
import { OrderPlaced } from '../src/contract';
import { type CheckoutRequest, placeOrder, Shelf, type ShelfItem } from '../src/domain/checkout/checkout';
import { PriceBook } from '../src/domain/checkout/price-book';
import { PriceList } from '../src/domain/pricing/price-list';
import { CouponBook } from '../src/domain/promotions/coupon';
import { StockLevel } from '../src/domain/stock/stock-level';
import { NOW, orderId, paymentId } from './orders';

const item = (sku: string, onHand: bigint, reserved = 0n, price = Money.of(100, 'CNY')): ShelfItem => ({
  sku,
  category: null,
  price,
  onHand,
  reserved,
  level: new StockLevel(sku, 10n, 0),
});
const request = (...lines: [string, number][]): CheckoutRequest => ({
  lines: lines.map(([sku, quantity]) => ({ sku, quantity })),
  buyerId: null,
  coupons: [],
  quoteHash: null,
  paymentMethod: 'sandbox',
  capture: 'automatic',
  carrier: null,
  channel: null,
  region: null,
  country: 'CN',
});
const bookOf = (shelf: Shelf) =>
  new PriceBook({
    shelf,
    prices: new PriceList({ taxRates: [], shippingRates: [] }),
    promotions: [],
    coupons: new CouponBook(),
    standings: new Map(),
    now: NOW,
  });

const place = (shelf: Shelf, ...lines: [string, number][]) => {
  const asked = request(...lines);
  const priced = bookOf(shelf).priceOf(asked);
  return placeOrder(asked, priced, shelf, { orderId: orderId(), paymentId: paymentId() }, NOW, 900_000);
};

const places = (shelf: Shelf, sku: string, quantity: number): boolean => {
  try {
    place(shelf, [sku, quantity]);
    return true;
  } catch {
    return false;
  }
};

describe('a checkout', () => {
  it('prices the lines, holds their units and says until when', () => {
    const shelf = new Shelf([item('TEA', 10n), item('CUP', 5n, 1n, Money.of(250, 'CNY'))]);
    const order = place(shelf, ['TEA', 3], ['CUP', 2]);
    expect(order.state.total).toEqual(Money.of(800, 'CNY'));
    expect(shelf.taken).toEqual(
      new Map([
        ['TEA', 3n],
        ['CUP', 2n],
      ]),
    );
    const [event] = order.takeEvents();
    expect(event).toBeInstanceOf(OrderPlaced);
    expect(event?.data).toMatchObject({ holdExpiresAt: '2026-01-31T08:45:00.000Z' });
  });

  it('sums two lines of one SKU before it looks at the stock', () => {
    const shelf = new Shelf([item('TEA', 5n)]);
    expect(() => place(shelf, ['TEA', 3], ['TEA', 3])).toThrow(
      expect.objectContaining({
        code: 'insufficient-stock',
        members: { skus: [{ sku: 'TEA', requested: 6, available: 5 }] },
      }),
    );
  });

  it('names every short SKU and takes nothing of the others', () => {
    const shelf = new Shelf([item('TEA', 1n), item('CUP', 1n, 1n), item('POT', 9n)]);
    expect(() => place(shelf, ['TEA', 2], ['CUP', 1], ['POT', 1])).toThrow(
      expect.objectContaining({
        members: { skus: [expect.objectContaining({ sku: 'TEA' }), expect.objectContaining({ sku: 'CUP' })] },
      }),
    );
    expect(shelf.taken.size).toBe(0);
  });

  it('names every SKU that is not in the catalogue', () => {
    expect(() => place(new Shelf([item('TEA', 1n)]), ['TEA', 1], ['NO', 1])).toThrow(
      expect.objectContaining({ code: 'unknown-sku', members: { skus: ['NO'] } }),
    );
  });

  it('refuses two currencies, and totals that JSON could not carry', () => {
    const shelf = new Shelf([
      item('TEA', 9n),
      item('CUP', 9n, 0n, Money.of(1, 'USD')),
      item('GEM', 9n, 0n, Money.of(2 ** 53 - 1, 'CNY')),
    ]);
    expect(() => place(shelf, ['TEA', 1], ['CUP', 1])).toThrow(expect.objectContaining({ code: 'mixed-currencies' }));
    expect(() => place(shelf, ['GEM', 2])).toThrow(expect.objectContaining({ code: 'amount-too-large' }));
    expect(shelf.taken.size).toBe(0);
  });

  it('never takes more from a shelf than is on it, whatever the orders', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('A', 'B', 'C'), fc.integer({ min: 1, max: 9 })), {
          minLength: 1,
          maxLength: 60,
        }),
        fc.nat(40),
        (baskets, onHand) => {
          const shelf = new Shelf(['A', 'B', 'C'].map((sku) => item(sku, BigInt(onHand))));
          const sold = new Map<string, bigint>();
          for (const [sku, quantity] of baskets) {
            const available = shelf.available(sku);
            const isSold = places(shelf, sku, quantity);
            expect(isSold).toBe(available >= BigInt(quantity));
            if (isSold) sold.set(sku, (sold.get(sku) ?? 0n) + BigInt(quantity));
          }
          for (const [sku, units] of sold) expect(units + shelf.available(sku)).toBe(BigInt(onHand));
        },
      ),
    );
  });
});
