import { Aggregate, type ContractEvent, type Id, type Money } from '@tradewind/shared-kernel';
import type { Amounts, PricedLine } from '../pricing/price-basket';
import { refusal } from '../refusals';

export type OrderStatus = 'created' | 'paid' | 'shipped' | 'delivered' | 'cancelled';
export type OrderMove = 'paid' | 'cancelled' | 'shipped' | 'delivered';

/** The product owner's table. Whatever is not in it is refused; a repeat of the move that led here changes nothing. */
export const MOVES = {
  created: { paid: 'paid', cancelled: 'cancelled' },
  paid: { cancelled: 'cancelled', shipped: 'shipped' },
  shipped: { delivered: 'delivered' },
  delivered: {},
  cancelled: {},
} as const satisfies Record<OrderStatus, Partial<Record<OrderMove, OrderStatus>>>;

export type OrderLine = PricedLine;

/** What one promotion took off an order. */
export interface OrderDiscount {
  promotionId: Id<'pro'>;
  /** Of the promotion, as it was when the order was priced. */
  version: number;
  name: string;
  /** The coupon that it used up. */
  coupon: string | null;
  amount: Money;
}

export interface OrderState extends Amounts {
  id: Id<'ord'>;
  status: OrderStatus;
  lines: OrderLine[];
  /** They sum to what was taken off the lines and off the shipping. */
  discounts: OrderDiscount[];
  buyerId: Id<'buy'> | null;
  carrier: string | null;
  region: string | null;
  placedAt: Date;
  holdExpiresAt: Date;
  /** Its time was over and its units became free, while the gateway is asked whether it was paid. */
  holdReleasedAt: Date | null;
  /** Waits for a reviewer: it may be paid, and goes no further before it is approved. */
  review: 'pending' | null;
  paidAt: Date | null;
  shippedAt: Date | null;
  deliveredAt: Date | null;
  cancelledAt: Date | null;
  cancelReason: string | null;
}

/** What buyer and shop agreed upon, before anything has happened to it. */
export type AgreedOrder = Omit<
  OrderState,
  'status' | 'holdReleasedAt' | 'review' | 'paidAt' | 'shippedAt' | 'deliveredAt' | 'cancelledAt' | 'cancelReason'
>;

/** An order to which nothing has happened. Each one passes here: its fields are named, which is quicker than a spread. */
export const placed = (agreed: AgreedOrder): OrderState => ({
  id: agreed.id,
  status: 'created',
  lines: agreed.lines,
  discounts: agreed.discounts,
  subtotal: agreed.subtotal,
  discount: agreed.discount,
  shipping: agreed.shipping,
  tax: agreed.tax,
  taxIncluded: agreed.taxIncluded,
  total: agreed.total,
  buyerId: agreed.buyerId,
  carrier: agreed.carrier,
  region: agreed.region,
  placedAt: agreed.placedAt,
  holdExpiresAt: agreed.holdExpiresAt,
  holdReleasedAt: null,
  review: null,
  paidAt: null,
  shippedAt: null,
  deliveredAt: null,
  cancelledAt: null,
  cancelReason: null,
});

/** An order as far as the table of moves knows it. */
export abstract class OrderLifecycle extends Aggregate {
  protected constructor(
    private current: OrderState,
    version: number,
  ) {
    super(version);
  }

  get id(): Id<'ord'> {
    return this.current.id;
  }

  get state(): Readonly<OrderState> {
    return this.current;
  }

  protected is(status: OrderStatus): boolean {
    return this.current.status === status;
  }

  protected allow(move: OrderMove): OrderStatus {
    const moves: Partial<Record<OrderMove, OrderStatus>> = MOVES[this.current.status];
    const to = moves[move];
    if (to) return to;
    throw this.cannotMove(move);
  }

  protected move(move: OrderMove, changes: Partial<OrderState>, event: ContractEvent): void {
    this.current = { ...this.current, ...changes, status: this.allow(move) };
    this.raise(event);
  }

  protected cannotMove(move: OrderMove): Error {
    const from = this.current.status;
    const allowed = Object.keys(MOVES[from]);
    return refusal('illegal-transition', `a ${from} order cannot become ${move}`, { from, event: move, allowed });
  }

  /** What is known of it beside its status. */
  protected learn(changes: Partial<Omit<OrderState, 'status'>>): void {
    this.current = { ...this.current, ...changes };
  }
}
