/** Largest amount that JSON numbers carry exactly: 2^53 - 1 minor units. */
const MAX_MINOR_UNITS = BigInt(Number.MAX_SAFE_INTEGER);

/** Money as it crosses HTTP and events: integer minor units (12990 = CNY 129.90) and an ISO 4217 code. */
export interface MoneyJson {
  amount: number;
  currency: string;
}

const exponents = new Map<string, number>();

/** Digits after the decimal point of an ISO 4217 currency (JPY 0, CNY 2, BHD 3); undefined for an unknown code. */
export function currencyExponent(currency: string): number | undefined {
  if (exponents.size === 0) {
    for (const code of Intl.supportedValuesOf('currency')) {
      const format = new Intl.NumberFormat('en', { style: 'currency', currency: code });
      exponents.set(code, format.resolvedOptions().maximumFractionDigits ?? 2);
    }
  }
  return exponents.get(currency);
}

/** An amount of one currency in minor units. Immutable; never a float; refuses what JSON could not carry exactly. */
export class Money {
  static readonly #zeros = new Map<string, Money>();

  private constructor(
    readonly amount: bigint,
    readonly currency: string,
  ) {}

  static of(amount: bigint | number, currency: string): Money {
    const minor = BigInt(amount);
    if (minor > MAX_MINOR_UNITS || minor < -MAX_MINOR_UNITS) throw new RangeError('amount is beyond 2^53 - 1');
    return new Money(minor, currency);
  }

  static zero(currency: string): Money {
    let zero = Money.#zeros.get(currency);
    if (!zero) Money.#zeros.set(currency, (zero = new Money(0n, currency)));
    return zero;
  }

  plus(other: Money): Money {
    const { amount } = this.#sameCurrency(other);
    return amount === 0n ? this : Money.of(this.amount + amount, this.currency);
  }

  minus(other: Money): Money {
    const { amount } = this.#sameCurrency(other);
    return amount === 0n ? this : Money.of(this.amount - amount, this.currency);
  }

  times(count: number): Money {
    return Money.of(this.amount * BigInt(count), this.currency);
  }

  equals(other: Money): boolean {
    return this.amount === other.amount && this.currency === other.currency;
  }

  isGreaterThan(other: Money): boolean {
    return this.amount > this.#sameCurrency(other).amount;
  }

  /** Splits by weights with the largest remainder method; the parts always sum to the whole. */
  allocate(weights: readonly number[]): Money[] {
    return allocate(this.amount, weights.map(BigInt)).map((part) => new Money(part, this.currency));
  }

  /** For people: `CNY 129.90`. */
  toString(): string {
    const exponent = currencyExponent(this.currency) ?? 2;
    const digits = abs(this.amount)
      .toString()
      .padStart(exponent + 1, '0');
    const whole = digits.slice(0, digits.length - exponent);
    const sign = this.amount < 0n ? '-' : '';
    return `${this.currency} ${sign}${whole}${exponent > 0 ? `.${digits.slice(-exponent)}` : ''}`;
  }

  toJSON(): MoneyJson {
    return { amount: Number(this.amount), currency: this.currency };
  }

  static fromJSON(json: MoneyJson): Money {
    return Money.of(json.amount, json.currency);
  }

  #sameCurrency(other: Money): Money {
    if (other.currency !== this.currency) throw new RangeError(`${other.currency} is not ${this.currency}`);
    return other;
  }
}

/**
 * Splits an amount by weights (>= 0, not all 0) with the largest remainder method: the parts sum to the whole, and none is
 * further than one unit from its share. Of equal remainders the earlier part gets the unit.
 */
export function allocate(amount: bigint, weights: readonly bigint[]): bigint[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  if (total <= 0n || weights.some((weight) => weight < 0n)) throw new RangeError('weights must be >= 0 and not all 0');
  const parts = weights.map((weight) => (amount * weight) / total);
  const rest = amount - parts.reduce((sum, part) => sum + part, 0n);
  const byRemainder = weights
    .map((weight, index) => ({ index, remainder: abs((amount * weight) % total) }))
    .toSorted((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1));
  const step = rest < 0n ? -1n : 1n;
  for (const { index } of byRemainder.slice(0, Number(abs(rest)))) parts[index] = (parts[index] ?? 0n) + step;
  return parts;
}

const abs = (value: bigint): bigint => (value < 0n ? -value : value);
