import { currencyExponent, type Id, type Money } from '@tradewind/shared-kernel';

/** `given-back`: a refund that had taken points back failed later. `adjusted`: by the shop, with a reason. */
export type PointEntryKind = 'earned' | 'taken-back' | 'given-back' | 'adjusted';

/** One line of the ledger of points; a buyer's points are the sum of all of them, and nothing else. */
export interface PointEntry {
  id: Id<'pnt'>;
  buyerId: Id<'buy'>;
  kind: PointEntryKind;
  /** Signed. */
  points: bigint;
  orderId: Id<'ord'> | null;
  refundId: Id<'ref'> | null;
  /** What was paid or given back, minor units of the order's currency; null for an adjustment. */
  amount: bigint | null;
  reason: string | null;
  reference: string | null;
  recordedAt: Date;
}

/** Minor units that earn one point, by ISO 4217 code; 0 earns nothing. Other currencies: one point for each whole unit. */
export type PointRates = Readonly<Record<string, number>>;

/** Whole points only; what is left of the amount earns nothing. */
export function pointsFor(paid: Money, rates: PointRates): bigint {
  const each = rates[paid.currency] ?? 10 ** (currencyExponent(paid.currency) ?? 2);
  return each === 0 ? 0n : paid.amount / BigInt(each);
}

/** A new line of one order; the ledger gives it its id, buyer and time. */
export type OrderEntry = Pick<PointEntry, 'kind' | 'points' | 'refundId'> & { amount: bigint };

/**
 * The points of one order, as its lines in the ledger tell them. Earned once, when it is delivered. Of what was earned, the
 * share that was given back is gone at any time, rounded down: so refunds in any number of parts that give back
 * everything take back everything, to the point.
 */
export class OrderPoints {
  readonly #new: OrderEntry[] = [];
  readonly #lines: OrderEntry[];

  constructor(lines: readonly OrderEntry[]) {
    this.#lines = [...lines];
  }

  earn(paid: Money, rates: PointRates): void {
    if (this.#earned || paid.amount === 0n) return;
    this.#add({ kind: 'earned', points: pointsFor(paid, rates), refundId: null, amount: paid.amount });
  }

  /** A refund succeeded. Nothing to take back before anything was earned. */
  takeBack(refundId: Id<'ref'>, amount: bigint): void {
    if (!this.#earned || this.#line('taken-back', refundId)) return;
    this.#add({ kind: 'taken-back', points: this.#gone - this.#goneAfter(amount), refundId, amount });
  }

  /** A refund that had succeeded failed later. */
  giveBack(refundId: Id<'ref'>): void {
    const taken = this.#line('taken-back', refundId);
    if (!taken || this.#line('given-back', refundId)) return;
    const { amount } = taken;
    this.#add({ kind: 'given-back', points: this.#gone - this.#goneAfter(-amount), refundId, amount });
  }

  /** Takes the lines that are new since the last call. */
  takeNew(): OrderEntry[] {
    return this.#new.splice(0);
  }

  get #earned(): OrderEntry | undefined {
    return this.#lines.find(({ kind }) => kind === 'earned');
  }

  /** Points that are gone now, 0 or more. */
  get #gone(): bigint {
    return -sum(this.#lines.map(({ kind, points }) => (kind === 'earned' ? 0n : points)));
  }

  /** Points that are gone once so much more is given back. */
  #goneAfter(amount: bigint): bigint {
    const earned = this.#earned;
    if (!earned) return 0n;
    const signed = { 'taken-back': 1n, 'given-back': -1n, earned: 0n, adjusted: 0n };
    const refunded = sum(this.#lines.map((line) => signed[line.kind] * line.amount));
    return (earned.points * (refunded + amount)) / earned.amount;
  }

  #line(kind: PointEntryKind, refundId: Id<'ref'>): OrderEntry | undefined {
    return this.#lines.find((line) => line.kind === kind && line.refundId === refundId);
  }

  #add(entry: OrderEntry): void {
    this.#lines.push(entry);
    this.#new.push(entry);
  }
}

const sum = (values: bigint[]): bigint => values.reduce((total, value) => total + value, 0n);
