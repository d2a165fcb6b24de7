import { currencyExponent, Money } from '@tradewind/shared-kernel';
import fc from 'fast-check';

describe('money', () => {
  it('knows the exponents of ISO 4217', () => {
    expect([
      currencyExponent('JPY'),
      currencyExponent('CNY'),
      currencyExponent('BHD'),
      currencyExponent('XYZ1'),
    ]).toEqual([0, 2, 3, undefined]);
  });

  it('refuses what JSON could not carry, and two currencies', () => {
    expect(() => Money.of(2n ** 53n, 'CNY')).toThrow(RangeError);
    expect(() => Money.of(Number.MAX_SAFE_INTEGER, 'CNY').plus(Money.of(1, 'CNY'))).toThrow(RangeError);
    expect(() => Money.of(1, 'CNY').plus(Money.of(1, 'USD'))).toThrow(RangeError);
  });

  it('is written for people with the digits of its currency', () => {
    const written = [Money.of(12_990, 'CNY'), Money.of(-5, 'CNY'), Money.of(500, 'JPY'), Money.of(1, 'BHD')].map(
      String,
    );
    expect(written).toEqual(['CNY 129.90', 'CNY -0.05', 'JPY 500', 'BHD 0.001']);
  });

  it('splits by the largest remainder', () => {
    expect(
      Money.of(100, 'CNY')
        .allocate([1, 1, 1])
        .map((part) => Number(part.amount)),
    ).toEqual([34, 33, 33]);
    expect(
      Money.of(-5, 'CNY')
        .allocate([1, 1])
        .map((part) => Number(part.amount)),
    ).toEqual([-3, -2]);
  });

  it('splits into parts that sum to the whole, each within one unit of its share', () => {
    const weights = fc
      .array(fc.nat(1000), { minLength: 1, maxLength: 20 })
      .filter((all) => all.some((weight) => weight > 0));
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }), weights, (amount, shares) => {
        const parts = Money.of(amount, 'CNY').allocate(shares);
        const total = shares.reduce((sum, share) => sum + share, 0);
        expect(parts.reduce((sum, part) => sum + part.amount, 0n)).toBe(BigInt(amount));
        parts.forEach((part, index) => {
          expect(Math.abs(Number(part.amount) - (amount * (shares[index] ?? 0)) / total)).toBeLessThan(1.000001);
        });
      }),
    );
  });
});
