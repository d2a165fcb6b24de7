import type { Id } from '@tradewind/shared-kernel';
import type { PricedLine } from '../pricing/price-basket';
import { refusal } from '../refusals';
import { type StockMove, unitsBySku } from '../stock/stock-movement';
import {
  agreed,
  changed,
  type GoodsLine,
  type LineFacts,
  type LineQuantity,
  openUnits,
  type RefundedLine,
  returnableUnits,
  type SkuQuantity,
  travellingUnits,
  unitsOf,
  within,
} from './goods-lines';

export type FulfilmentStatus = 'none' | 'partial' | 'shipped' | 'delivered' | 'returned';

/** `automatic`: Logistics ships everything as soon as it is paid; `manual`: what is asked for, when it is asked for. */
export type FulfilmentMode = 'automatic' | 'manual';

/** Units that leave the house together. */
export interface Fulfilment {
  id: Id<'ful'>;
  status: 'requested' | 'shipped' | 'delivered' | 'returned' | 'cancelled';
  /** The carrier wished for; null leaves the choice to Logistics. */
  carrier: string | null;
  lines: LineQuantity[];
  requestedAt: Date;
  /** Of its parcel, once a carrier has it. */
  waybill: { waybillId: string; carrier: string; number: string } | null;
  /** When it came to where it is. */
  changedAt: Date;
}

/** One parcel as Logistics tells of it: of a fulfilment, or of the whole order when there is none. */
export interface Parcel {
  waybillId: string;
  carrier: string;
  number: string;
  fulfilmentId: Id<'ful'> | null;
}

export interface GoodsFacts {
  fulfilment: FulfilmentMode;
  lines: readonly GoodsLine[];
  /** Oldest first; none while the order is fulfilled automatically. */
  fulfilments: readonly Fulfilment[];
}

/** The facts of an order's goods, unit by unit; where they are is computed from them and never set. */
export class Goods {
  #stockMoves: StockMove[] = [];

  constructor(private facts: GoodsFacts) {}

  static agreed(fulfilment: FulfilmentMode, lines: readonly PricedLine[]): Goods {
    return new Goods({ fulfilment, lines: lines.map(agreed), fulfilments: [] });
  }

  get state(): Readonly<GoodsFacts> {
    return this.facts;
  }

  get status(): FulfilmentStatus {
    const shipped = this.#sum((line) => line.shipped);
    if (shipped === 0) return 'none';
    if (this.#sum(openUnits) > 0) return 'partial';
    if (this.#sum((line) => line.returned) === shipped) return 'returned';
    return this.hasArrived ? 'delivered' : 'shipped';
  }

  /** Something is with a carrier or was. */
  get hasShipped(): boolean {
    return this.facts.lines.some(({ shipped }) => shipped > 0);
  }

  /** Every unit that was not cancelled has left the house. */
  get isShipped(): boolean {
    return this.hasShipped && this.#sum(openUnits) === 0;
  }

  /** Nothing travels any more, and something has arrived. */
  get hasArrived(): boolean {
    return this.isShipped && this.#sum(travellingUnits) === 0 && this.#sum((line) => line.delivered) > 0;
  }

  /** The parcel that was told of last; none while the order is shipped as a whole. */
  get lastParcel(): Fulfilment['waybill'] {
    return this.facts.fulfilments.findLast(({ waybill }) => waybill)?.waybill ?? null;
  }

  /** Units that are neither cancelled nor shipped. */
  get open(): LineQuantity[] {
    return unitsOf(this.facts.lines, openUnits);
  }

  /** Units that may come back: those with the buyer that no return names yet. */
  get returnable(): LineQuantity[] {
    return unitsOf(this.facts.lines, returnableUnits);
  }

  /** Takes what became of units since the last call; the repository moves the stock with the save. */
  takeStockMoves(): StockMove[] {
    return this.#stockMoves.splice(0);
  }

  withSkus(units: readonly LineQuantity[]): SkuQuantity[] {
    const skuOf = new Map(this.facts.lines.map(({ lineNo, sku }) => [lineNo, sku]));
    return units.map(({ lineNo, quantity }) => ({ lineNo, sku: skuOf.get(lineNo) as string, quantity }));
  }

  /** The asked units by line if they are open. Throws `unknown-line`, `insufficient-units`. */
  openOf(asked: readonly LineQuantity[]): LineQuantity[] {
    return within(this.facts.lines, asked, openUnits);
  }

  /** The order is paid: its units are not given up for want of time any more. */
  claim(): void {
    this.#move(this.open, 'claim');
  }

  /** The open units are free again, though nobody has cancelled them. */
  expireHold(): void {
    this.#move(this.open, 'expire');
  }

  /**
   * Frees open units, unless they are free already (null). Returns the fulfilments that cannot be made any more, newest first:
   * each is undone as a whole.
   */
  cancel(units: readonly LineQuantity[], now: Date, kind: 'release' | 'expire' | null = 'release'): Fulfilment[] {
    this.#count(units, (line, quantity) => ({ cancelled: line.cancelled + quantity }));
    if (kind) this.#move(units, kind);
    const undone: Fulfilment[] = [];
    for (const fulfilment of this.facts.fulfilments.toReversed()) {
      if (fulfilment.status !== 'requested') continue;
      if (!fulfilment.lines.some(({ lineNo }) => this.#unplannedOf(lineNo) < 0)) continue;
      undone.push(this.#follow(fulfilment, { status: 'cancelled', changedAt: now }));
    }
    return undone;
  }

  /** Plans a parcel of the asked units, or of all that no other names. Throws `unknown-line`, `insufficient-units`. */
  plan(id: Id<'ful'>, carrier: string | null, asked: readonly LineQuantity[] | undefined, now: Date): Fulfilment {
    if (this.facts.fulfilment === 'automatic') {
      throw refusal('fulfilled-automatically', 'Logistics ships this order as a whole by itself');
    }
    const unplanned = (line: GoodsLine) => this.#unplannedOf(line.lineNo);
    const lines = asked ? within(this.facts.lines, asked, unplanned) : unitsOf(this.facts.lines, unplanned);
    if (lines.length === 0) throw refusal('insufficient-units', 'every unit is shipped, cancelled or planned already');
    const dates = { requestedAt: now, changedAt: now };
    const fulfilment: Fulfilment = { id, status: 'requested', carrier, lines, waybill: null, ...dates };
    this.facts = { ...this.facts, fulfilments: [...this.facts.fulfilments, fulfilment] };
    return fulfilment;
  }

  /** The fulfilment that a parcel belongs to; null when it is of the whole order. */
  fulfilmentOf({ fulfilmentId }: Parcel): Fulfilment | null {
    if (fulfilmentId === null && this.facts.fulfilment === 'automatic') return null;
    const fulfilment = this.facts.fulfilments.find(({ id }) => id === fulfilmentId);
    if (!fulfilment) throw new Error(`a parcel of the unknown fulfilment ${fulfilmentId}`);
    return fulfilment;
  }

  /** The carrier has the parcel. */
  ship({ waybillId, carrier, number }: Parcel, fulfilment: Fulfilment | null, at: Date): void {
    const units = fulfilment?.lines ?? this.open;
    this.#count(units, (line, quantity) => ({ shipped: line.shipped + quantity }));
    this.#move(units, 'fulfil');
    if (!fulfilment) return;
    this.#follow(fulfilment, { status: 'shipped', waybill: { waybillId, carrier, number }, changedAt: at });
  }

  /** The parcel arrived; false when it is known to be back. */
  deliver(fulfilment: Fulfilment | null, at: Date): boolean {
    const units = this.#travelling(fulfilment);
    if (units.length === 0) return false;
    this.#count(units, (line, quantity) => ({ delivered: line.delivered + quantity }));
    if (fulfilment) this.#follow(fulfilment, { status: 'delivered', changedAt: at });
    return true;
  }

  /** The carrier brought the parcel back, arrived or not. Returns the units in it that no return of the buyer names. */
  bringBack(fulfilment: Fulfilment | null, at: Date): LineQuantity[] {
    const travelling = this.#travelling(fulfilment);
    this.#count(travelling, (line, quantity) => ({
      returned: line.returned + quantity,
      undelivered: line.undelivered + quantity,
    }));
    const arrived = travelling.length > 0 ? [] : this.#returnableOf(fulfilment);
    this.#count(arrived, (line, quantity) => ({ returned: line.returned + quantity }));
    if (fulfilment) this.#follow(fulfilment, { status: 'returned', changedAt: at });
    return [...travelling, ...arrived];
  }

  /** Units are announced to come back. Throws `unknown-line`, `insufficient-units`. */
  announceReturn(asked: readonly LineQuantity[]): LineQuantity[] {
    const units = within(this.facts.lines, asked, returnableUnits);
    this.#count(units, (line, quantity) => ({ announced: line.announced + quantity }));
    return units;
  }

  /** Announced units are here. */
  receiveReturn(units: readonly LineQuantity[]): void {
    this.#count(units, (line, quantity) => ({
      announced: line.announced - quantity,
      returned: line.returned + quantity,
    }));
  }

  restock(units: readonly LineQuantity[]): void {
    this.#move(units, 'restock');
  }

  /** The price of these units is on its way back; no other refund gives it again. */
  refund(parts: readonly RefundedLine[]): void {
    this.#price(parts, 1);
  }

  /** It did not get there. */
  takeBackRefund(parts: readonly RefundedLine[]): void {
    this.#price(parts, -1);
  }

  #price(parts: readonly RefundedLine[], sign: 1 | -1): void {
    const amountOf = new Map(parts.map(({ lineNo, amount }) => [lineNo, amount]));
    this.#count(parts, (line, quantity) => {
      const amount = amountOf.get(line.lineNo) as RefundedLine['amount'];
      const { refunded, refundedAmount } = line;
      return {
        refunded: refunded + sign * quantity,
        refundedAmount: sign > 0 ? refundedAmount.plus(amount) : refundedAmount.minus(amount),
      };
    });
  }

  #travelling(fulfilment: Fulfilment | null): LineQuantity[] {
    if (!fulfilment) return unitsOf(this.facts.lines, travellingUnits);
    return fulfilment.status === 'shipped' ? fulfilment.lines : [];
  }

  #returnableOf(fulfilment: Fulfilment | null): LineQuantity[] {
    if (!fulfilment) return this.returnable;
    const most = new Map(fulfilment.lines.map(({ lineNo, quantity }) => [lineNo, quantity]));
    return unitsOf(this.facts.lines, (line) => Math.min(most.get(line.lineNo) ?? 0, returnableUnits(line)));
  }

  /** Open units of a line that no fulfilment to come names. */
  #unplannedOf(lineNo: number): number {
    const line = this.facts.lines.find((candidate) => candidate.lineNo === lineNo);
    const planned = this.facts.fulfilments
      .filter(({ status }) => status === 'requested')
      .flatMap(({ lines }) => lines.filter((unit) => unit.lineNo === lineNo))
      .reduce((sum, { quantity }) => sum + quantity, 0);
    return line ? openUnits(line) - planned : 0;
  }

  #follow(fulfilment: Fulfilment, change: Partial<Fulfilment>): Fulfilment {
    const followed = { ...fulfilment, ...change };
    const fulfilments = this.facts.fulfilments.map((known) => (known.id === fulfilment.id ? followed : known));
    this.facts = { ...this.facts, fulfilments };
    return followed;
  }

  #count(units: readonly LineQuantity[], change: (line: GoodsLine, quantity: number) => Partial<LineFacts>): void {
    if (units.length > 0) this.facts = { ...this.facts, lines: changed(this.facts.lines, units, change) };
  }

  #move(units: readonly LineQuantity[], kind: StockMove['kind']): void {
    for (const [sku, quantity] of unitsBySku(this.withSkus(units))) this.#stockMoves.push({ sku, quantity, kind });
  }

  #sum(count: (line: GoodsLine) => number): number {
    return this.facts.lines.reduce((sum, line) => sum + count(line), 0);
  }
}
