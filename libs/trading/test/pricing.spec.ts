import { idOf, Money } from '@tradewind/shared-kernel';
import fc from 'fast-check';
import { PriceBook } from '../src/domain/checkout/price-book';
import { Shelf } from '../src/domain/checkout/checkout';
import { type BasketLine, priceBasket, type PricedBasket, type PricingTerms } from '../src/domain/pricing/price-basket';
import { PriceList } from '../src/domain/pricing/price-list';
import { pricedJson, pricedOf } from '../src/domain/pricing/pricing-json';
import type { ShippingRate } from '../src/domain/pricing/shipping';
import type { TaxRate } from '../src/domain/pricing/tax';
import { CouponBook } from '../src/domain/promotions/coupon';
import type { Promotion } from '../src/domain/promotions/promotion';
import { StockLevel } from '../src/domain/stock/stock-level';
import { NO_TERMS, NOW, orderId } from './orders';
import { aContext, aPromotion, promotionId, withActions } from './promotions';

/** Priced where nothing is configured but this. */
const price = (lines: BasketLine[], terms: Partial<PricingTerms> = {}) => priceBasket(lines, { ...NO_TERMS, ...terms });

const line = (amount: number, quantity = 1, currency = 'CNY', sku = 'TEA'): BasketLine => ({
  sku,
  category: null,
  quantity,
  unitPrice: Money.of(amount, currency),
});
const tax = (ratePpm: number, included = false): TaxRate => ({ region: 'CN', name: 'VAT', ratePpm, included });
const shipping = (amount: number, more: Partial<ShippingRate> = {}): ShippingRate => ({
  region: 'CN',
  price: Money.of(amount, 'CNY'),
  freeFrom: null,
  isTaxed: false,
  ...more,
});
const cny = (amount: number) => Money.of(amount, 'CNY');

/** Each sum that a reader of an order may add up. */
function expectToAddUp({ lines, amounts }: PricedBasket) {
  const { currency } = amounts.total;
  const none = Money.zero(currency);
  const sum = (parts: Money[]) => parts.reduce((whole, part) => whole.plus(part), none);
  const added = (amount: Money) => (amounts.taxIncluded ? none : amount);
  for (const { unitPrice, quantity, discount, tax: taxed, total } of lines) {
    expect(total).toEqual(unitPrice.times(quantity).minus(discount).plus(added(taxed)));
    for (const amount of [discount, taxed, total]) expect(amount.amount).toBeGreaterThanOrEqual(0n);
  }
  const onShipping = amounts.tax.minus(sum(lines.map((of) => of.tax)));
  for (const amount of [amounts.shipping, onShipping]) expect(amount.amount).toBeGreaterThanOrEqual(0n);
  expect(amounts.subtotal).toEqual(sum(lines.map(({ unitPrice, quantity }) => unitPrice.times(quantity))));
  expect(amounts.discount).toEqual(sum(lines.map(({ discount }) => discount)));
  const goods = amounts.subtotal.minus(amounts.discount);
  expect(amounts.total).toEqual(goods.plus(amounts.shipping).plus(added(amounts.tax)));
  expect(amounts.total).toEqual(
    sum(lines.map(({ total }) => total))
      .plus(amounts.shipping)
      .plus(added(onShipping)),
  );
}

const AMOUNT = fc.oneof(fc.nat(10), fc.nat(1_000_000));
const basketIn = (currency: string) =>
  fc.array(
    fc
      .record({ sku: fc.constantFrom('A', 'B', 'C'), quantity: fc.integer({ min: 1, max: 1000 }), unitPrice: AMOUNT })
      .map(({ sku, quantity, unitPrice }) => line(unitPrice, quantity, currency, sku)),
    { minLength: 1, maxLength: 20 },
  );
const promotionsIn = (currency: string): fc.Arbitrary<Promotion[]> => {
  const basisPoints = fc.nat(10_000);
  const amount = AMOUNT.map((units) => ({ amount: units, currency }));
  const action: fc.Arbitrary<Promotion['actions'][number]> = fc.oneof(
    basisPoints.map((points) => ({ kind: 'order-percent' as const, basisPoints: points })),
    amount.map((off) => ({ kind: 'order-fixed' as const, amount: off })),
    basisPoints.map((points) => ({ kind: 'line-percent' as const, basisPoints: points, skus: ['A'] })),
    amount.map((off) => ({ kind: 'line-fixed' as const, amount: off, skus: ['B'] })),
    fc.constant({ kind: 'free-shipping' as const }),
    fc.constantFrom('C', 'D').map((sku) => ({ kind: 'gift' as const, sku, quantity: 2 })),
  );
  return fc
    .array(action, { maxLength: 3 })
    .map((actions) => actions.map((one, n) => aPromotion({ id: promotionId(n + 1), actions: [one] })));
};
const termsIn = (currency: string): fc.Arbitrary<PricingTerms> =>
  fc
    .record({
      taxRate: fc.option(fc.tuple(fc.nat(1_000_000), fc.boolean()).map(([ppm, included]) => tax(ppm, included))),
      shippingRate: fc.option(
        fc
          .record({ price: AMOUNT, freeFrom: fc.option(AMOUNT), isTaxed: fc.boolean() })
          .map(({ price: amount, freeFrom, isTaxed }) => ({
            region: 'CN',
            price: Money.of(amount, currency),
            freeFrom: freeFrom === null ? null : Money.of(freeFrom, currency),
            isTaxed,
          })),
      ),
      promotions: promotionsIn(currency),
      units: fc.nat(2000),
    })
    .map(({ units, ...terms }) => ({ ...NO_TERMS, ...terms, context: aContext({ available: () => BigInt(units) }) }));
/** Of 0, 2 and 3 decimals. */
const CURRENCY = fc.constantFrom('JPY', 'CNY', 'KWD');
const PRICED = CURRENCY.chain((currency) => fc.tuple(basketIn(currency), termsIn(currency)));

describe('the price of a basket', () => {
  it('is the sum of its lines where nothing is configured', () => {
    const priced = price([line(990, 2), line(5, 3)]);
    expect(priced.amounts).toMatchObject({ total: cny(1995), discount: cny(0), shipping: cny(0), taxIncluded: false });
    expectToAddUp(priced);
  });

  it('adds tax to prices that exclude it, and finds it in prices that contain it', () => {
    const excluded = price([line(10_000)], { taxRate: tax(130_000) });
    expect(excluded.amounts).toMatchObject({ tax: cny(1300), total: cny(11_300), taxIncluded: false });
    const included = price([line(11_300)], { taxRate: tax(130_000, true) });
    expect(included.amounts).toMatchObject({ tax: cny(1300), total: cny(11_300), taxIncluded: true });
  });

  it('rounds the tax of the whole basket once, half up, and gives the larger remainders the units left over', () => {
    // 10 % of 5 is 0.5 on each of three lines: 1.5 in all, which is 2; line by line it would have been 3.
    const { lines, amounts } = price([line(5), line(5), line(5)], { taxRate: tax(100_000) });
    expect(amounts.tax).toEqual(cny(2));
    expect(lines.map((of) => Number(of.tax.amount))).toEqual([1, 1, 0]);
  });

  it('takes a rate with more decimals than a per cent has', () => {
    expect(price([line(100_000)], { taxRate: tax(88_750) }).amounts.tax).toEqual(cny(8875));
  });

  it('charges shipping, and nothing from the amount on from which it is free, compared before discounts', () => {
    const terms = { shippingRate: shipping(800, { freeFrom: cny(5000) }), promotions: [aPromotion()] };
    expect(price([line(4999)], terms).amounts.shipping).toEqual(cny(800));
    expect(price([line(5000)], terms).amounts.shipping).toEqual(cny(0));
  });

  it('taxes shipping where its rate says so', () => {
    const priced = (isTaxed: boolean) =>
      price([line(1000)], { taxRate: tax(100_000), shippingRate: shipping(500, { isTaxed }) }).amounts;
    expect(priced(true)).toMatchObject({ tax: cny(150), total: cny(1650) });
    expect(priced(false)).toMatchObject({ tax: cny(100), total: cny(1600) });
  });

  it('taxes what is left after discounts, of goods and of shipping', () => {
    const { lines, amounts } = price([line(1000), line(3000)], {
      taxRate: tax(100_000),
      shippingRate: shipping(500, { isTaxed: true }),
      promotions: [
        withActions({ kind: 'order-fixed', amount: { amount: 1000, currency: 'CNY' } }, { kind: 'free-shipping' }),
      ],
    });
    expect(lines.map((of) => Number(of.discount.amount))).toEqual([250, 750]);
    expect(amounts).toEqual({
      subtotal: cny(4000),
      discount: cny(1000),
      shipping: cny(0),
      tax: cny(300),
      taxIncluded: false,
      total: cny(3300),
    });
  });

  it('adds gifts as lines that cost nothing, while there are units beside those that are bought', () => {
    const promotions = [withActions({ kind: 'gift', sku: 'TEA', quantity: 2 })];
    const withUnits = (units: bigint) =>
      price([line(1000, 3)], { promotions, context: aContext({ available: () => units }) });
    expect(withUnits(5n).lines).toMatchObject([{ lineNo: 1 }, { lineNo: 2, sku: 'TEA', quantity: 2, total: cny(0) }]);
    expect(withUnits(4n).lines).toHaveLength(1);
    expect(withUnits(5n).amounts).toEqual(withUnits(4n).amounts);
  });

  it('tells of every rule that counted', () => {
    const terms = { taxRate: tax(100_000), shippingRate: shipping(1), promotions: [aPromotion()] };
    const { reasons } = price([line(1000)], terms);
    expect(reasons).toMatchObject({ taxRate: terms.taxRate, shippingRate: terms.shippingRate, coupons: [] });
    expect(reasons.discounts).toMatchObject([{ promotionId: promotionId(), amount: cny(100) }]);
    expect(reasons.explanation).toMatchObject([{ promotionId: promotionId(), applied: true }]);
  });

  it('adds up for any basket, currency exponent, discounts and gifts, with tax in prices or on them, and with shipping', () => {
    fc.assert(fc.property(PRICED, ([lines, terms]) => expectToAddUp(priceBasket(lines, terms))));
  });

  it('is the same after it was stored', () => {
    fc.assert(
      fc.property(PRICED, ([lines, terms]) => {
        const priced = priceBasket(lines, terms);
        expect(pricedOf(JSON.parse(JSON.stringify(pricedJson(priced))))).toEqual(priced);
      }),
    );
  });

  it('never has a tax further than half a minor unit from the exact one', () => {
    fc.assert(
      fc.property(basketIn('CNY'), fc.nat(1_000_000), fc.boolean(), (lines, ratePpm, included) => {
        const { amounts } = price(lines, { taxRate: tax(ratePpm, included) });
        const divisor = included ? 1_000_000n + BigInt(ratePpm) : 1_000_000n;
        const apart = 2n * (amounts.tax.amount * divisor - amounts.subtotal.amount * BigInt(ratePpm));
        expect(apart <= divisor && apart > -divisor).toBe(true);
      }),
    );
  });

  it('is refused where JSON could not carry it, or where two currencies meet', () => {
    const most = 2 ** 53 - 1;
    const tooLarge = expect.objectContaining({ code: 'amount-too-large' });
    expect(() => price([line(most), line(1)])).toThrow(tooLarge);
    expect(() => price([line(most)], { taxRate: tax(1) })).toThrow(tooLarge);
    expect(() => price([line(most)], { shippingRate: shipping(1), promotions: [aPromotion()] })).toThrow(tooLarge);
    expect(() => price([line(1), line(1, 1, 'JPY')])).toThrow(expect.objectContaining({ code: 'mixed-currencies' }));
  });
});

describe('the prices of a batch', () => {
  const buyerId = idOf('buy', '00000000-0000-7000-8000-000000000001');
  const request = {
    lines: [{ sku: 'TEA', quantity: 1 }],
    buyerId,
    coupons: [],
    channel: null,
    region: 'cn-south',
    country: 'CN',
  };
  const bookOf = (promotion: Promotion) =>
    new PriceBook({
      shelf: new Shelf([
        {
          sku: 'TEA',
          category: null,
          price: cny(1000),
          onHand: 9n,
          reserved: 0n,
          level: new StockLevel('TEA', 10n, 0),
        },
      ]),
      prices: new PriceList({ taxRates: [], shippingRates: [] }),
      promotions: [promotion],
      coupons: new CouponBook(),
      standings: new Map([[buyerId, { level: 3, hasOrdered: false, hasPaid: false }]]),
      now: NOW,
    });

  it('give a buyer one first order', () => {
    const book = bookOf(aPromotion({ conditions: [{ kind: 'first-order' }] }));
    const first = book.priceOf(request);
    expect(first.amounts.discount).toEqual(cny(100));
    book.use(first, { id: orderId(), buyerId });
    expect(book.priceOf(request).amounts.discount).toEqual(cny(0));
  });

  it('know the level of the buyer, and the region or else the country', () => {
    expect(
      bookOf(aPromotion({ conditions: [{ kind: 'buyer-level', level: 3 }] })).priceOf(request).amounts.total,
    ).toEqual(cny(900));
    const ofRegion = (...regions: string[]) => bookOf(aPromotion({ conditions: [{ kind: 'region', regions }] }));
    expect(ofRegion('cn-south').priceOf(request).amounts.total).toEqual(cny(900));
    expect(ofRegion('CN').priceOf(request).amounts.total).toEqual(cny(1000));
    expect(ofRegion('CN').priceOf({ ...request, region: null }).amounts.total).toEqual(cny(900));
  });
});
