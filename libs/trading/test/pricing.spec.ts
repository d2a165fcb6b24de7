import { Money } from '@tradewind/shared-kernel';
import fc from 'fast-check';
import { NO_TERMS, priceBasket, type PricedBasket } from '../src/domain/pricing/price-basket';
import type { ShippingRate } from '../src/domain/pricing/shipping';
import type { TaxRate } from '../src/domain/pricing/tax';

const line = (amount: number, quantity = 1, currency = 'CNY', sku = 'TEA') => ({
  sku,
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
const total = (parts: Money[], currency: string) => parts.reduce((sum, part) => sum.plus(part), Money.zero(currency));

/** Each sum that a reader of an order may add up. */
function expectToAddUp({
  lines,
  subtotal,
  discount,
  shipping: shipped,
  tax: taxed,
  taxIncluded,
  total: whole,
}: PricedBasket) {
  const { currency } = whole;
  const none = Money.zero(currency);
  const added = (amount: Money) => (taxIncluded ? none : amount);
  for (const priced of lines) {
    const price = priced.unitPrice.times(priced.quantity);
    expect(priced.total).toEqual(price.minus(priced.discount).plus(added(priced.tax)));
    for (const amount of [priced.discount, priced.tax, priced.total]) expect(amount.amount).toBeGreaterThanOrEqual(0n);
  }
  expect(subtotal).toEqual(
    total(
      lines.map(({ unitPrice, quantity }) => unitPrice.times(quantity)),
      currency,
    ),
  );
  expect(discount).toEqual(
    total(
      lines.map((priced) => priced.discount),
      currency,
    ),
  );
  expect(whole).toEqual(subtotal.minus(discount).plus(shipped).plus(added(taxed)));
  const onShipping = taxed.minus(
    total(
      lines.map((priced) => priced.tax),
      currency,
    ),
  );
  expect(onShipping.amount).toBeGreaterThanOrEqual(0n);
  const ofLines = total(
    lines.map((priced) => priced.total),
    currency,
  );
  expect(whole).toEqual(ofLines.plus(shipped).plus(added(onShipping)));
}

const AMOUNT = fc.oneof(fc.nat(10), fc.nat(1_000_000));
const basketIn = (currency: string) =>
  fc.array(
    fc
      .record({ sku: fc.constantFrom('A', 'B', 'C'), quantity: fc.integer({ min: 1, max: 1000 }), unitPrice: AMOUNT })
      .map(({ sku, quantity, unitPrice }) => line(unitPrice, quantity, currency, sku)),
    { minLength: 1, maxLength: 20 },
  );
const termsIn = (currency: string) =>
  fc.record({
    taxRate: fc.option(
      fc.record({ ratePpm: fc.nat(1_000_000), included: fc.boolean() }).map((rate) => tax(rate.ratePpm, rate.included)),
    ),
    shippingRate: fc.option(
      fc
        .record({ amount: AMOUNT, freeFrom: fc.option(AMOUNT), isTaxed: fc.boolean() })
        .map(({ amount, freeFrom, isTaxed }) => ({
          region: 'CN',
          price: Money.of(amount, currency),
          freeFrom: freeFrom === null ? null : Money.of(freeFrom, currency),
          isTaxed,
        })),
    ),
  });
/** Of 0, 2 and 3 decimals. */
const CURRENCY = fc.constantFrom('JPY', 'CNY', 'KWD');

describe('the price of a basket', () => {
  it('is the sum of its lines where nothing is configured', () => {
    const priced = priceBasket([line(990, 2), line(5, 3)], NO_TERMS);
    expect(priced.total).toEqual(Money.of(1995, 'CNY'));
    expect(priced).toMatchObject({ taxIncluded: false, discount: Money.zero('CNY'), shipping: Money.zero('CNY') });
    expectToAddUp(priced);
  });

  it('adds tax to prices that exclude it, and finds it in prices that contain it', () => {
    const excluded = priceBasket([line(10_000)], { taxRate: tax(130_000), shippingRate: null });
    expect(excluded).toMatchObject({ tax: Money.of(1300, 'CNY'), total: Money.of(11_300, 'CNY'), taxIncluded: false });
    const included = priceBasket([line(11_300)], { taxRate: tax(130_000, true), shippingRate: null });
    expect(included).toMatchObject({ tax: Money.of(1300, 'CNY'), total: Money.of(11_300, 'CNY'), taxIncluded: true });
  });

  it('rounds the tax of the whole basket once, half up, and gives the larger remainders the units left over', () => {
    // 10 % of 5 is 0.5 on each of three lines: 1.5 in all, which is 2; line by line it would have been 3.
    const priced = priceBasket([line(5), line(5), line(5)], { taxRate: tax(100_000), shippingRate: null });
    expect(priced.tax).toEqual(Money.of(2, 'CNY'));
    expect(priced.lines.map((of) => Number(of.tax.amount))).toEqual([1, 1, 0]);
  });

  it('takes a rate with more decimals than a per cent has', () => {
    expect(priceBasket([line(100_000)], { taxRate: tax(88_750), shippingRate: null }).tax).toEqual(
      Money.of(8875, 'CNY'),
    );
  });

  it('charges shipping, and nothing from the amount on from which it is free', () => {
    const shippingRate = shipping(800, { freeFrom: Money.of(5000, 'CNY') });
    expect(priceBasket([line(4999)], { taxRate: null, shippingRate }).total).toEqual(Money.of(5799, 'CNY'));
    expect(priceBasket([line(5000)], { taxRate: null, shippingRate }).total).toEqual(Money.of(5000, 'CNY'));
  });

  it('taxes shipping where its rate says so', () => {
    const priced = (isTaxed: boolean) =>
      priceBasket([line(1000)], { taxRate: tax(100_000), shippingRate: shipping(500, { isTaxed }) });
    expect(priced(true)).toMatchObject({ tax: Money.of(150, 'CNY'), total: Money.of(1650, 'CNY') });
    expect(priced(false)).toMatchObject({ tax: Money.of(100, 'CNY'), total: Money.of(1600, 'CNY') });
  });

  it('adds up for any basket in a currency of any exponent, with tax in prices or on them, and with shipping', () => {
    fc.assert(
      fc.property(
        CURRENCY.chain((currency) => fc.tuple(basketIn(currency), termsIn(currency))),
        ([lines, terms]) => expectToAddUp(priceBasket(lines, terms)),
      ),
    );
  });

  it('never has a tax further than half a minor unit from the exact one', () => {
    fc.assert(
      fc.property(basketIn('CNY'), fc.nat(1_000_000), fc.boolean(), (lines, ratePpm, included) => {
        const priced = priceBasket(lines, { taxRate: tax(ratePpm, included), shippingRate: null });
        const divisor = included ? 1_000_000n + BigInt(ratePpm) : 1_000_000n;
        const apart = 2n * (priced.tax.amount * divisor - priced.subtotal.amount * BigInt(ratePpm));
        expect(apart <= divisor && apart > -divisor).toBe(true);
      }),
    );
  });

  it('is refused where JSON could not carry it, or where two currencies meet', () => {
    const most = 2 ** 53 - 1;
    expect(() => priceBasket([line(most), line(1)], NO_TERMS)).toThrow(
      expect.objectContaining({ code: 'amount-too-large' }),
    );
    expect(() => priceBasket([line(most)], { taxRate: tax(1), shippingRate: null })).toThrow(
      expect.objectContaining({ code: 'amount-too-large' }),
    );
    expect(() => priceBasket([line(1), line(1, 1, 'JPY')], NO_TERMS)).toThrow(
      expect.objectContaining({ code: 'mixed-currencies' }),
    );
  });
});
