import { Money } from '@tradewind/shared-kernel';

/** The tax of one region. */
export interface TaxRate {
  /** As `regionKey` makes it: `CN-SOUTH`, `CN`. */
  region: string;
  /** What buyers read: `VAT 13 %`. */
  name: string;
  /** Parts per million, so that 8.875 % is a whole number: 88_750. */
  ratePpm: number;
  /** Whether prices in this region contain the tax, or it is added to them. */
  included: boolean;
}

const WHOLE = 1_000_000n;

/**
 * The tax on parts of one sale, part by part. It is computed once for the whole, rounded half up to a minor unit, and shared
 * out by largest remainder: rounding each part would make a tax that nobody's form of return adds up to.
 */
export function taxOnParts(parts: readonly Money[], currency: string, rate: TaxRate | null): Money[] {
  const base = parts.reduce((sum, part) => sum.plus(part), Money.zero(currency));
  if (!rate || rate.ratePpm === 0 || base.amount === 0n) return parts.map(() => Money.zero(currency));
  return taxOn(base, rate).allocate(parts.map((part) => Number(part.amount)));
}

function taxOn(base: Money, { ratePpm, included }: TaxRate): Money {
  const ppm = BigInt(ratePpm);
  const divisor = included ? WHOLE + ppm : WHOLE;
  return Money.of((2n * base.amount * ppm + divisor) / (2n * divisor), base.currency);
}
