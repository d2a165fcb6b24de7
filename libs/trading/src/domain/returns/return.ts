import type { Id } from '@tradewind/shared-kernel';
import { type LineQuantity, summed } from '../orders/goods-lines';
import { refusal } from '../refusals';

export type ReturnStatus = 'requested' | 'received' | 'decided';

/** What becomes of returned units: accepted ones are paid back, and put on the shelf again where that is wanted. */
export interface Decision extends LineQuantity {
  outcome: 'accepted' | 'rejected';
  restock: boolean;
}

/** Goods on their way back. The counts of units are the order's; this says which of them, why, and what was decided. */
export interface Return {
  id: Id<'ret'>;
  orderId: Id<'ord'>;
  status: ReturnStatus;
  reason: string;
  lines: LineQuantity[];
  decisions: Decision[];
  /** What the accepted units gave; null while nothing was, or when their price had been given back before. */
  refundId: Id<'ref'> | null;
  requestedAt: Date;
  receivedAt: Date | null;
  decidedAt: Date | null;
}

const undecided = { decisions: [], refundId: null, decidedAt: null };

export const requestedReturn = (of: Pick<Return, 'id' | 'orderId' | 'reason' | 'lines' | 'requestedAt'>): Return => ({
  ...of,
  ...undecided,
  status: 'requested',
  receivedAt: null,
});

/** A parcel that the carrier brought back is here already. */
export const returnByCarrier = (of: Pick<Return, 'id' | 'orderId' | 'lines'>, at: Date): Return => ({
  ...of,
  ...undecided,
  reason: 'brought back by the carrier',
  status: 'received',
  requestedAt: at,
  receivedAt: at,
});

/** Throws `illegal-return-step`. */
export function received(goods: Return, now: Date): Return {
  if (goods.status !== 'requested') throw illegalStep(goods, 'receive');
  return { ...goods, status: 'received', receivedAt: now };
}

/** One decision for all of its units. Throws `illegal-return-step`, `invalid-decision`. */
export function decided(goods: Return, decisions: readonly Decision[], now: Date): Return {
  if (goods.status !== 'received') throw illegalStep(goods, 'decide');
  if (!sameUnits(goods.lines, decisions)) {
    throw refusal('invalid-decision', 'decide on every unit of the return, each once', { lines: goods.lines });
  }
  if (decisions.some(({ outcome, restock }) => outcome === 'rejected' && restock)) {
    throw refusal('invalid-decision', 'rejected units are the buyer’s: they are not put on the shelf');
  }
  return { ...goods, status: 'decided', decisions: [...decisions], decidedAt: now };
}

/** The units with one outcome, by line. */
export const decidedUnits = ({ decisions }: Return, which: (decision: Decision) => boolean): LineQuantity[] =>
  summed(decisions.filter(which));

function sameUnits(lines: readonly LineQuantity[], decisions: readonly Decision[]): boolean {
  const told = new Map(summed(decisions).map(({ lineNo, quantity }) => [lineNo, quantity]));
  return lines.length === told.size && lines.every(({ lineNo, quantity }) => told.get(lineNo) === quantity);
}

const illegalStep = ({ status }: Return, step: string) =>
  refusal('illegal-return-step', `a return that is ${status} cannot take this step`, { from: status, step });

/** The returns. Whoever changes one holds the lock of its order. */
export abstract class Returns {
  abstract add(returns: readonly Return[]): Promise<void>;
  abstract save(goods: Return): Promise<void>;
  /** Throws `unknown-return`. */
  abstract find(id: Id<'ret'>): Promise<Return>;
  /** Oldest first, after the last one seen. */
  abstract ofOrder(orderId: Id<'ord'>, limit: number, after?: Id<'ret'>): Promise<Return[]>;
}
