import { allocate } from '@tradewind/shared-kernel';
import type { BasketLine } from './discounts';
import { isSelected } from './conditions';
import type { Action } from './promotion';

/** Minor units for each line, in the basket's order, and for shipping. */
export interface Amounts {
  lines: bigint[];
  shipping: bigint;
}

/** What an action takes off what is left: never more than that. */
export function takeOff(action: Action, lines: readonly BasketLine[], left: Amounts): Amounts {
  const each = (amount: (line: BasketLine, left: bigint) => bigint): Amounts => ({
    lines: lines.map((line, index) => {
      const leftOfLine = left.lines[index] as bigint;
      return least(amount(line, leftOfLine), leftOfLine);
    }),
    shipping: 0n,
  });
  switch (action.kind) {
    case 'order-percent':
      return { lines: share(part(total(left.lines), action.basisPoints), left.lines), shipping: 0n };
    case 'order-fixed':
      return { lines: share(BigInt(action.amount.amount), left.lines), shipping: 0n };
    case 'line-percent':
      return each((line, amount) => (isSelected(action, line) ? part(amount, action.basisPoints) : 0n));
    case 'line-fixed':
      return each((line) => (isSelected(action, line) ? BigInt(action.amount.amount) * BigInt(line.quantity) : 0n));
    case 'buy-x-get-y': {
      const units = cheaperUnits(action, lines);
      return each((line, amount) => {
        const count = units.get(line) ?? 0n;
        return roundedHalfUp(amount * count * BigInt(action.basisPoints), BigInt(line.quantity) * 10_000n);
      });
    }
    case 'free-shipping':
      return { lines: lines.map(() => 0n), shipping: left.shipping };
    case 'gift':
      return { lines: lines.map(() => 0n), shipping: 0n };
    default:
      return action satisfies never;
  }
}

/** Cuts to at most this much altogether, each part in proportion. */
export function cut({ lines, shipping }: Amounts, most: bigint): Amounts {
  const parts = share(most, [...lines, shipping]);
  return { lines: parts.slice(0, -1), shipping: parts.at(-1) as bigint };
}

export const total = (amounts: readonly bigint[]): bigint => amounts.reduce((sum, amount) => sum + amount, 0n);
export const totalOf = ({ lines, shipping }: Amounts): bigint => total(lines) + shipping;

/** An amount, at most the whole, shared in proportion to what is left of each. */
function share(amount: bigint, left: readonly bigint[]): bigint[] {
  const whole = total(left);
  return whole === 0n ? left.map(() => 0n) : allocate(least(amount, whole), left);
}

/** Units of each line that are got: the cheapest, but none that is needed as bought. */
function cheaperUnits(
  { buy, get, times = Infinity }: Extract<Action, { kind: 'buy-x-get-y' }>,
  lines: readonly BasketLine[],
): Map<BasketLine, bigint> {
  const isBought = (line: BasketLine) => isSelected(buy, line);
  const gettable = lines.filter((line) => isSelected(get, line));
  const units = (some: readonly BasketLine[]) => some.reduce((sum, line) => sum + line.quantity, 0);
  const onlyBought = units(lines.filter((line) => isBought(line) && !gettable.includes(line)));
  const onlyGot = units(gettable.filter((line) => !isBought(line)));
  const either = units(gettable.filter(isBought));

  // Both sides draw on the units that could be either.
  const isCovered = (deals: number) =>
    Math.max(0, deals * buy.quantity - onlyBought) + Math.max(0, deals * get.quantity - onlyGot) <= either;
  const deals = greatest(Math.min(times, onlyBought + onlyGot + either), isCovered);

  let toGet = deals * get.quantity;
  let spare = either - Math.max(0, deals * buy.quantity - onlyBought);
  const got = new Map<BasketLine, bigint>();
  for (const line of gettable.toSorted(byUnitPrice)) {
    const count = Math.min(line.quantity, toGet, isBought(line) ? spare : Infinity);
    if (isBought(line)) spare -= count;
    toGet -= count;
    if (count > 0) got.set(line, BigInt(count));
  }
  return got;
}

function byUnitPrice(a: BasketLine, b: BasketLine): number {
  if (a.unitPrice.amount === b.unitPrice.amount) return a.lineNo - b.lineNo;
  return a.unitPrice.amount < b.unitPrice.amount ? -1 : 1;
}

/** The greatest whole number from 0 to `most` for which this holds; it holds for 0, and for all below one that it holds for. */
function greatest(most: number, holds: (n: number) => boolean): number {
  let low = 0;
  for (let high = most; low < high;) {
    const middle = Math.ceil((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const part = (amount: bigint, basisPoints: number): bigint => roundedHalfUp(amount * BigInt(basisPoints), 10_000n);
const roundedHalfUp = (amount: bigint, divisor: bigint): bigint => (2n * amount + divisor) / (2n * divisor);
