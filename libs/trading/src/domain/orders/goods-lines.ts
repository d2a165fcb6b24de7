import { Money } from '@tradewind/shared-kernel';
import type { PricedLine } from '../pricing/price-basket';
import { refusal } from '../refusals';

/** What became of a line's units, as counts: the units of one line are alike. */
export interface LineFacts {
  cancelled: number;
  shipped: number;
  delivered: number;
  /** Announced by the buyer to come back, not here yet. */
  announced: number;
  /** Back in the house, whether they had arrived before or not. */
  returned: number;
  /** Of those returned: the ones that a carrier brought back before they had arrived. */
  undelivered: number;
  /** Given back their price, or on their way to it. */
  refunded: number;
  refundedAmount: Money;
}

export type GoodsLine = PricedLine & LineFacts;

/** A line's count as events tell it. */
export interface SkuQuantity extends LineQuantity {
  sku: string;
}

export interface LineQuantity {
  lineNo: number;
  quantity: number;
}

/** Units whose price is given back, with that price. */
export interface RefundedLine extends LineQuantity {
  amount: Money;
}

/** A line of which nothing is known yet but what was agreed. */
export const agreed = (line: PricedLine): PricedLine & LineFacts => ({
  lineNo: line.lineNo,
  sku: line.sku,
  quantity: line.quantity,
  unitPrice: line.unitPrice,
  discount: line.discount,
  tax: line.tax,
  total: line.total,
  cancelled: 0,
  shipped: 0,
  delivered: 0,
  announced: 0,
  returned: 0,
  undelivered: 0,
  refunded: 0,
  refundedAmount: Money.zero(line.total.currency),
});

/** Units still to be shipped; they are held in stock. */
export const openUnits = ({ quantity, cancelled, shipped }: GoodsLine): number => quantity - cancelled - shipped;
/** Units with the carrier. */
export const travellingUnits = ({ shipped, delivered, undelivered }: GoodsLine): number =>
  shipped - delivered - undelivered;
/** Units with the buyer that no return names yet. */
export const returnableUnits = ({ delivered, returned, undelivered, announced }: GoodsLine): number =>
  delivered - (returned - undelivered) - announced;
/** Units whose price was not given back. */
export const unrefundedUnits = ({ quantity, refunded }: GoodsLine): number => quantity - refunded;

/** Every line with some of these units, and how many. */
export function unitsOf(lines: readonly GoodsLine[], count: (line: GoodsLine) => number): LineQuantity[] {
  return lines.map((line) => ({ lineNo: line.lineNo, quantity: count(line) })).filter(({ quantity }) => quantity > 0);
}

/** One entry a line: a line that is named twice means the sum. */
export function summed(units: readonly LineQuantity[]): LineQuantity[] {
  const sums = new Map<number, number>();
  for (const { lineNo, quantity } of units) sums.set(lineNo, (sums.get(lineNo) ?? 0) + quantity);
  return [...sums].map(([lineNo, quantity]) => ({ lineNo, quantity }));
}

/** The asked units by line, if each line has as many `left`. Throws `unknown-line`, `insufficient-units`. */
export function within(
  lines: readonly GoodsLine[],
  asked: readonly LineQuantity[],
  left: (line: GoodsLine) => number,
): LineQuantity[] {
  const byNo = new Map(lines.map((line) => [line.lineNo, line]));
  const units = summed(asked);
  const unknown = units.filter(({ lineNo }) => !byNo.has(lineNo)).map(({ lineNo }) => lineNo);
  if (unknown.length > 0) throw refusal('unknown-line', `not of this order: ${unknown.join(', ')}`, { lines: unknown });
  const short = units
    .map(({ lineNo, quantity }) => ({ lineNo, requested: quantity, left: left(byNo.get(lineNo) as GoodsLine) }))
    .filter((unit) => unit.requested > unit.left);
  if (short.length > 0) {
    const told = short.map((unit) => `${unit.left} of line ${unit.lineNo}`).join(', ');
    throw refusal('insufficient-units', `left for this: ${told}`, { lines: short });
  }
  return units;
}

/** The lines with facts of some of them changed; the others are the same objects. */
export function changed(
  lines: readonly GoodsLine[],
  units: readonly LineQuantity[],
  change: (line: GoodsLine, quantity: number) => Partial<LineFacts>,
): GoodsLine[] {
  const quantities = new Map(units.map(({ lineNo, quantity }) => [lineNo, quantity]));
  return lines.map((line) => {
    const quantity = quantities.get(line.lineNo);
    return quantity === undefined ? line : { ...line, ...change(line, quantity) };
  });
}

/**
 * The price of a line's next units to be given back. What the first n units come to is the line's total times n over its
 * quantity, rounded down; so the parts sum to the total exactly, however they are cut.
 */
export function priceOf(line: GoodsLine, quantity: number): Money {
  const upTo = (line.total.amount * BigInt(line.refunded + quantity)) / BigInt(line.quantity);
  const part = upTo - line.refundedAmount.amount;
  return Money.of(part > 0n ? part : 0n, line.total.currency);
}

/** Exactly these units with their prices. Throws `unknown-line`, and `insufficient-units` when one was given back before. */
export function pricedUnits(lines: readonly GoodsLine[], asked: readonly LineQuantity[]): RefundedLine[] {
  const byNo = new Map(lines.map((line) => [line.lineNo, line]));
  return within(lines, asked, unrefundedUnits).map((unit) => ({
    ...unit,
    amount: priceOf(byNo.get(unit.lineNo) as GoodsLine, unit.quantity),
  }));
}

/** What of these units can still be given back: neither the price of a unit twice, nor more than is left of the payment. */
export function stillRefundable(
  lines: readonly GoodsLine[],
  units: readonly LineQuantity[],
  refundable: Money,
): RefundedLine[] {
  const byNo = new Map(lines.map((line) => [line.lineNo, line]));
  let left = refundable;
  return summed(units).flatMap(({ lineNo, quantity: asked }) => {
    const line = byNo.get(lineNo) as GoodsLine;
    const quantity = Math.min(asked, unrefundedUnits(line));
    const price = priceOf(line, quantity);
    const amount = price.isGreaterThan(left) ? left : price;
    left = left.minus(amount);
    return quantity > 0 ? [{ lineNo, quantity, amount }] : [];
  });
}

export const sumOf = (parts: readonly RefundedLine[], currency: string): Money =>
  parts.reduce((sum, { amount }) => sum.plus(amount), Money.zero(currency));
