import type { Id } from '@tradewind/shared-kernel';
import {
  FulfilmentCancelled,
  FulfilmentDelivered,
  FulfilmentRequested,
  FulfilmentShipped,
  OrderDelivered,
  OrderShipped,
  ParcelReturned,
  ReturnDecided,
  ReturnReceived,
  ReturnRequested,
} from '../../contract';
import { refusal } from '../refusals';
import type { Decision } from '../returns/return';
import type { StockMove } from '../stock/stock-movement';
import type { Fulfilment, FulfilmentStatus, Goods, Parcel } from './goods';
import type { LineQuantity, SkuQuantity } from './goods-lines';
import { OrderLifecycle, type OrderState } from './order-lifecycle';

/** An order as far as its goods go: out of the house in parcels, and back. */
export abstract class OrderGoods extends OrderLifecycle {
  protected constructor(
    state: OrderState,
    readonly goods: Goods,
    version: number,
  ) {
    super(state, version);
  }

  get fulfilmentStatus(): FulfilmentStatus {
    return this.goods.status;
  }

  /** Takes what became of its units since the last call; the repository moves the stock with the save. */
  takeStockMoves(): StockMove[] {
    return this.goods.takeStockMoves();
  }

  /** Asks Logistics to ship units of a paid order: the asked ones, or all that are open and not asked for yet. */
  requestFulfilment(id: Id<'ful'>, carrier: string | null, asked: LineQuantity[] | undefined, now: Date): Fulfilment {
    this.allow('shipped');
    const wished = carrier ?? this.state.carrier;
    const fulfilment = this.goods.plan(id, wished, asked, now);
    const lines = this.goods.withSkus(fulfilment.lines);
    this.raise(new FulfilmentRequested({ orderId: this.id, fulfilmentId: id, carrier: wished, lines }));
    return fulfilment;
  }

  /** A carrier has a parcel of it; the order is shipped when that holds for every unit that was not cancelled. */
  ship(parcel: Parcel, at: Date): void {
    const fulfilment = this.goods.fulfilmentOf(parcel);
    if (fulfilment ? isUnderWay(fulfilment) : this.is('shipped')) return;
    this.allow('shipped');
    if (fulfilment?.status === 'cancelled') {
      const members = { from: 'cancelled', event: 'shipped', allowed: [] };
      throw refusal('illegal-transition', `fulfilment ${fulfilment.id} was cancelled`, members);
    }
    this.goods.ship(parcel, fulfilment, at);
    const { waybillId, carrier, number } = parcel;
    const names = { orderId: this.id, waybillId };
    if (fulfilment) {
      this.raise(new FulfilmentShipped({ ...names, fulfilmentId: fulfilment.id, carrier, number }));
    }
    this.moveOn(at, parcel);
  }

  /** A parcel arrived; the order is delivered when nothing of it travels any more. */
  deliver(parcel: Parcel, at: Date): void {
    const fulfilment = this.goods.fulfilmentOf(parcel);
    if (!fulfilment && this.is('delivered')) return;
    if (!fulfilment) this.allow('delivered');
    if (!this.goods.deliver(fulfilment, at)) return;
    if (fulfilment) {
      const names = { orderId: this.id, waybillId: parcel.waybillId, fulfilmentId: fulfilment.id };
      this.raise(new FulfilmentDelivered({ ...names, deliveredAt: at.toISOString() }));
    }
    this.moveOn(at, parcel);
  }

  /** The carrier brought a parcel back. Returns the units in it that no return names yet: they are one of their own. */
  bringBack(parcel: Parcel, returnId: Id<'ret'>, at: Date): LineQuantity[] {
    const fulfilment = this.goods.fulfilmentOf(parcel);
    // It is back already, or went although it was cancelled: its units are not counted as shipped.
    if (fulfilment && !['shipped', 'delivered'].includes(fulfilment.status)) return [];
    const units = this.goods.bringBack(fulfilment, at);
    if (units.length === 0 && !fulfilment) return [];
    const { waybillId, fulfilmentId } = parcel;
    const lines = this.goods.withSkus(units);
    const names = { orderId: this.id, waybillId, fulfilmentId, returnId: units.length > 0 ? returnId : null };
    this.raise(new ParcelReturned({ ...names, lines }));
    this.moveOn(at, parcel);
    return units;
  }

  /** Units that arrived are to come back. Throws `unknown-line`, `insufficient-units`. */
  announceReturn(returnId: Id<'ret'>, asked: readonly LineQuantity[], reason: string): LineQuantity[] {
    const units = this.goods.announceReturn(asked);
    this.raise(new ReturnRequested({ orderId: this.id, returnId, reason, lines: this.goods.withSkus(units) }));
    return units;
  }

  receiveReturn(returnId: Id<'ret'>, units: readonly LineQuantity[]): void {
    this.goods.receiveReturn(units);
    this.raise(new ReturnReceived({ orderId: this.id, returnId }));
  }

  decideReturn(returnId: Id<'ret'>, decisions: readonly Decision[]): void {
    this.goods.restock(decisions.filter(({ restock }) => restock));
    const lines = decisions.map(({ outcome, restock, ...unit }) => ({
      ...(this.goods.withSkus([unit])[0] as SkuQuantity),
      outcome,
      restock,
    }));
    this.raise(new ReturnDecided({ orderId: this.id, returnId, lines }));
  }

  protected undo(fulfilments: readonly Fulfilment[]): void {
    for (const { id } of fulfilments) this.raise(new FulfilmentCancelled({ orderId: this.id, fulfilmentId: id }));
  }

  /** Moves the order as far as its goods are. */
  protected moveOn(at: Date, parcel: Omit<Parcel, 'fulfilmentId'> | null = this.goods.lastParcel): void {
    if (!parcel) return;
    const { waybillId, carrier, number } = parcel;
    if (this.is('paid') && this.goods.isShipped) {
      this.move('shipped', { shippedAt: at }, new OrderShipped({ orderId: this.id, waybillId, carrier, number }));
    }
    if (this.is('shipped') && this.goods.hasArrived) {
      const delivered = new OrderDelivered({ orderId: this.id, waybillId, deliveredAt: at.toISOString() });
      this.move('delivered', { deliveredAt: at }, delivered);
    }
  }
}

const isUnderWay = ({ status }: Fulfilment): boolean => ['shipped', 'delivered', 'returned'].includes(status);
