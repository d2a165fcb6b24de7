import { Injectable } from '@nestjs/common';
import { EventBus } from '@nestjs/cqrs';
import { type Id, idOf, uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import type { Fulfilment, GoodsFacts } from '../../../domain/orders/goods';
import type { GoodsLine } from '../../../domain/orders/goods-lines';
import type { Order, OrderStatus } from '../../../domain/orders/order';
import { type ExpiredOrder, type LockedOrders, Orders } from '../../../domain/orders/orders';
import type { PaymentFacts } from '../../../domain/payments/payment';
import { Coupons } from '../../../domain/promotions/coupons';
import { refusal } from '../../../domain/refusals';
import { RiskReviewTable } from '../../../domain/risk/risk-rows';
import { Stock } from '../../../domain/stock/stock';
import { movementsOf } from '../../../domain/stock/stock-movement';
import { type Loading, loadOrders } from './order-loading';

/** An order as it was read, to tell what has changed since. */
interface Loaded {
  order: Order;
  version: number;
  status: OrderStatus;
  inReview: boolean;
  payment: Readonly<PaymentFacts>;
  goods: Readonly<GoodsFacts>;
}

/** Lock order everywhere: order with its payment, SKUs ascending, coupons ascending. Set-based SQL throughout. */
@Injectable()
export class OrderRepository extends Orders {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly eventBus: EventBus,
    private readonly stock: Stock,
    private readonly coupons: Coupons,
    private readonly reviews: RiskReviewTable,
  ) {
    super();
  }

  changeAll<T>(ids: readonly Id<'ord'>[], work: (orders: LockedOrders) => Promise<T>): Promise<T> {
    return this.#change(ids, 'locked', work);
  }

  changeFree<T>(ids: readonly Id<'ord'>[], work: (orders: LockedOrders) => Promise<T>): Promise<T> {
    return this.#change(ids, 'locked if free', work);
  }

  #change<T>(
    ids: readonly Id<'ord'>[],
    how: 'locked' | 'locked if free',
    work: (orders: LockedOrders) => Promise<T>,
  ): Promise<T> {
    return this.unitOfWork.run(async () => {
      const loaded = await this.#load(ids, how);
      const result = await work({
        ids: [...loaded.keys()],
        change: async (id, change) => {
          const order = loaded.get(id)?.order;
          if (!order) throw refusal('unknown-order', `no order ${id}`);
          const outcome = await change(order);
          void this.eventBus.publishAll(order.takeEvents());
          return outcome;
        },
      });
      await this.#save([...loaded.values()]);
      return result;
    });
  }

  async find(id: Id<'ord'>): Promise<Order> {
    const loaded = (await this.#load([id], 'read')).get(id);
    if (!loaded) throw refusal('unknown-order', `no order ${id}`);
    return loaded.order;
  }

  async idsOfPayments(paymentIds: readonly Id<'pay'>[]): Promise<ReadonlyMap<string, Id<'ord'>>> {
    if (paymentIds.length === 0) return new Map();
    const rows = await this.unitOfWork.query<{ id: string; order_id: string }>(
      'SELECT id, order_id FROM trading.payment WHERE id = ANY($1::uuid[])',
      [paymentIds.map(uuidOf)],
    );
    return new Map(rows.map((row) => [idOf('pay', row.id), idOf('ord', row.order_id)]));
  }

  async expired(graceMs: number, limit: number, after?: ExpiredOrder): Promise<ExpiredOrder[]> {
    const rows = await this.unitOfWork.query<{ id: string; hold_expires_at: Date }>(
      `SELECT id, hold_expires_at FROM trading.orders
        WHERE paid_at IS NULL AND cancelled_at IS NULL AND review IS NULL AND hold_expires_at <= now()
          AND (hold_released_at IS NULL OR hold_expires_at <= now() - $4 * interval '1 millisecond')
          AND ($2::timestamptz IS NULL OR (hold_expires_at, id) > ($2, $3::uuid))
        ORDER BY hold_expires_at, id LIMIT $1`,
      [limit, after?.holdExpiresAt ?? null, after ? uuidOf(after.id) : null, graceMs],
    );
    return rows.map((row) => ({ id: idOf('ord', row.id), holdExpiresAt: row.hold_expires_at }));
  }

  async expiredWith(skus: readonly string[], limit: number): Promise<Id<'ord'>[]> {
    // OFFSET 0: line by line of the few that have expired, never all orders of a SKU.
    const rows = await this.unitOfWork.query<{ id: string }>(
      `SELECT o.id FROM trading.orders o
        WHERE paid_at IS NULL AND cancelled_at IS NULL AND review IS NULL AND hold_expires_at <= now() AND hold_released_at IS NULL
          AND EXISTS (SELECT FROM trading.order_line l WHERE l.order_id = o.id AND l.sku = ANY($1::text[]) OFFSET 0)
        ORDER BY hold_expires_at, id LIMIT $2`,
      [skus, limit],
    );
    return rows.map(({ id }) => idOf('ord', id));
  }

  async openWith(sku: string, limit: number): Promise<{ orderId: Id<'ord'>; status: OrderStatus }[]> {
    const rows = await this.unitOfWork.query<{ id: string; status: OrderStatus }>(
      `SELECT o.id, o.status FROM (SELECT DISTINCT order_id FROM trading.order_line WHERE sku = $1 ORDER BY order_id DESC OFFSET 0) l
         JOIN trading.orders o ON o.id = l.order_id
        WHERE o.status IN ('created', 'paid') ORDER BY o.id DESC LIMIT $2`,
      [sku, limit],
    );
    return rows.map(({ id, status }) => ({ orderId: idOf('ord', id), status }));
  }

  async #load(ids: readonly Id<'ord'>[], how: Loading): Promise<Map<Id<'ord'>, Loaded>> {
    const orders = await loadOrders(this.unitOfWork, ids, how);
    return new Map(
      orders.map((order) => {
        const { version, state, payment, goods } = order;
        const { status, review } = state;
        const inReview = review !== null;
        return [order.id, { order, version, status, inReview, payment: payment.state, goods: goods.state }];
      }),
    );
  }

  async #save(loaded: readonly Loaded[]): Promise<void> {
    const changed = loaded.filter(({ order, version }) => order.version !== version);
    if (changed.length === 0) return;
    await this.#saveOrders(changed.map(({ order }) => order));
    const paid = changed.filter(({ order, payment }) => order.payment.state !== payment);
    if (paid.length > 0) await this.#savePayments(paid.map(({ order }) => order.payment.state));
    await this.#saveGoods(changed.filter(({ order, goods }) => order.goods.state !== goods));
    await this.stock.move(changed.flatMap(({ order }) => movementsOf(order.id, order.takeStockMoves())));
    const cancelled = changed.flatMap(({ order: { id, state }, status, inReview }) =>
      state.cancelledAt && status !== 'cancelled' ? [{ id, at: state.cancelledAt, inReview }] : [],
    );
    if (cancelled.length > 0) await this.coupons.giveBack(cancelled);
    const inReview = cancelled.filter((order) => order.inReview);
    if (inReview.length > 0) await this.reviews.close(inReview);
  }

  async #saveOrders(orders: readonly Order[]): Promise<void> {
    const states = orders.map((order) => order.state);
    await this.unitOfWork.query(
      `UPDATE trading.orders AS o
          SET version = c.version, status = c.status, paid_at = c.paid_at, shipped_at = c.shipped_at,
              delivered_at = c.delivered_at, cancelled_at = c.cancelled_at, cancel_reason = c.cancel_reason,
              hold_expires_at = c.hold_expires_at, hold_released_at = c.hold_released_at,
              review = c.review
         FROM unnest($1::uuid[], $2::int[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[],
                     $7::timestamptz[], $8::text[], $9::timestamptz[], $10::timestamptz[], $11::text[])
           AS c(id, version, status, paid_at, shipped_at, delivered_at, cancelled_at, cancel_reason, hold_expires_at,
                hold_released_at, review)
        WHERE o.id = c.id`,
      [
        states.map((state) => uuidOf(state.id)),
        orders.map((order) => order.version),
        states.map((state) => state.status),
        states.map((state) => state.paidAt),
        states.map((state) => state.shippedAt),
        states.map((state) => state.deliveredAt),
        states.map((state) => state.cancelledAt),
        states.map((state) => state.cancelReason),
        states.map((state) => state.holdExpiresAt),
        states.map((state) => state.holdReleasedAt),
        states.map((state) => state.review),
      ],
    );
  }

  async #savePayments(payments: readonly Readonly<PaymentFacts>[]): Promise<void> {
    await this.unitOfWork.query(
      `UPDATE trading.payment AS p
          SET authorized = c.authorized, capture_pending = c.capture_pending, captured = c.captured,
              refund_pending = c.refund_pending, refunded = c.refunded, declined = c.declined, voided = c.voided,
              void_pending = c.void_pending, gateway_reference = c.gateway_reference
         FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::boolean[],
                     $8::boolean[], $9::boolean[], $10::text[])
           AS c(id, authorized, capture_pending, captured, refund_pending, refunded, declined, voided, void_pending,
                gateway_reference)
        WHERE p.id = c.id`,
      [
        payments.map((payment) => uuidOf(payment.id)),
        payments.map((payment) => payment.authorized.amount),
        payments.map((payment) => payment.capturePending.amount),
        payments.map((payment) => payment.captured.amount),
        payments.map((payment) => payment.refundPending.amount),
        payments.map((payment) => payment.refunded.amount),
        payments.map((payment) => payment.declined),
        payments.map((payment) => payment.voided),
        payments.map((payment) => payment.voidPending),
        payments.map((payment) => payment.gatewayReference),
      ],
    );
  }

  async #saveGoods(changed: readonly Loaded[]): Promise<void> {
    const lines = changed.flatMap(({ order, goods }) => {
      const before = new Set(goods.lines);
      return order.goods.state.lines
        .filter((line) => !before.has(line))
        .map((line) => ({ orderId: uuidOf(order.id), line }));
    });
    const fulfilments = changed.flatMap(({ order, goods }) => {
      const before = new Set(goods.fulfilments);
      return order.goods.state.fulfilments
        .filter((fulfilment) => !before.has(fulfilment))
        .map((fulfilment) => ({ orderId: uuidOf(order.id), fulfilment }));
    });
    if (lines.length > 0) await this.#saveLines(lines);
    if (fulfilments.length > 0) await this.#saveFulfilments(fulfilments);
  }

  async #saveLines(lines: readonly { orderId: string; line: GoodsLine }[]): Promise<void> {
    await this.unitOfWork.query(
      `UPDATE trading.order_line AS l
          SET cancelled = c.cancelled, shipped = c.shipped, delivered = c.delivered, announced = c.announced,
              returned = c.returned, undelivered = c.undelivered, refunded = c.refunded, refunded_amount = c.refunded_amount
         FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[],
                     $10::bigint[])
           AS c(order_id, line_no, cancelled, shipped, delivered, announced, returned, undelivered, refunded, refunded_amount)
        WHERE l.order_id = c.order_id AND l.line_no = c.line_no`,
      [
        lines.map(({ orderId }) => orderId),
        lines.map(({ line }) => line.lineNo),
        lines.map(({ line }) => line.cancelled),
        lines.map(({ line }) => line.shipped),
        lines.map(({ line }) => line.delivered),
        lines.map(({ line }) => line.announced),
        lines.map(({ line }) => line.returned),
        lines.map(({ line }) => line.undelivered),
        lines.map(({ line }) => line.refunded),
        lines.map(({ line }) => line.refundedAmount.amount),
      ],
    );
  }

  async #saveFulfilments(changed: readonly { orderId: string; fulfilment: Fulfilment }[]): Promise<void> {
    const fulfilments = changed.map(({ fulfilment }) => fulfilment);
    await this.unitOfWork.query(
      `INSERT INTO trading.fulfilment (id, order_id, status, carrier, requested_at, changed_at, lines, waybill)
       SELECT id, order_id, status, carrier, requested_at, changed_at, lines, NULLIF(waybill, 'null'::jsonb)
         FROM ROWS FROM (unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[]),
                         jsonb_array_elements($7::jsonb), jsonb_array_elements($8::jsonb))
           AS f(id, order_id, status, carrier, requested_at, changed_at, lines, waybill)
       ON CONFLICT (id) DO UPDATE
          SET status = excluded.status, waybill = excluded.waybill, changed_at = excluded.changed_at`,
      [
        fulfilments.map(({ id }) => uuidOf(id)),
        changed.map(({ orderId }) => orderId),
        fulfilments.map(({ status }) => status),
        fulfilments.map(({ carrier }) => carrier),
        fulfilments.map(({ requestedAt }) => requestedAt),
        fulfilments.map(({ changedAt }) => changedAt),
        JSON.stringify(fulfilments.map(({ lines }) => lines)),
        JSON.stringify(fulfilments.map(({ waybill }) => waybill)),
      ],
    );
  }
}
