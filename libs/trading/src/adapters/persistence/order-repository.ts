import { Injectable } from '@nestjs/common';
import { EventBus } from '@nestjs/cqrs';
import { type Id, idOf, uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import type { Order, StockMove } from '../../domain/order';
import { type ExpiredOrder, Orders } from '../../domain/orders';
import { refusal } from '../../domain/refusals';
import { OrderLineRows, OrderRows, PaymentRows, restoreOrder } from './order-rows';

/** Lock order everywhere: order, payment, SKUs ascending. */
@Injectable()
export class OrderRepository extends Orders {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly eventBus: EventBus,
  ) {
    super();
  }

  change<T>(id: Id<'ord'>, change: (order: Order) => T | Promise<T>): Promise<T> {
    return this.unitOfWork.run(async () => {
      const order = await this.#load(id, true);
      const before = order.version;
      const result = await change(order);
      if (order.version !== before) await this.#save(order);
      return result;
    });
  }

  find(id: Id<'ord'>): Promise<Order> {
    return this.#load(id, false);
  }

  async idOfPayment(paymentId: Id<'pay'>): Promise<Id<'ord'> | undefined> {
    const payment = await this.unitOfWork.manager.findOneBy(PaymentRows, { id: paymentId });
    return payment?.orderId;
  }

  async expired(now: Date, limit: number, after?: ExpiredOrder): Promise<ExpiredOrder[]> {
    const rows = await this.unitOfWork.query<{ id: string; hold_expires_at: Date }>(
      `SELECT id, hold_expires_at FROM trading.orders
        WHERE status = 'created' AND hold_expires_at <= $1
          AND ($3::timestamptz IS NULL OR (hold_expires_at, id) > ($3, $4::uuid))
        ORDER BY hold_expires_at, id LIMIT $2`,
      [now, limit, after?.holdExpiresAt ?? null, after ? uuidOf(after.id) : null],
    );
    return rows.map((row) => ({ id: idOf('ord', row.id), holdExpiresAt: row.hold_expires_at }));
  }

  async lockAll(ids: Id<'ord'>[]): Promise<void> {
    const uuids = [ids.map(uuidOf)];
    await this.unitOfWork.query('SELECT FROM trading.orders WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE', uuids);
    await this.unitOfWork.query(
      'SELECT FROM trading.payment WHERE order_id = ANY($1::uuid[]) ORDER BY order_id FOR UPDATE',
      uuids,
    );
    await this.unitOfWork.query(
      `SELECT FROM trading.stock_item
        WHERE sku IN (SELECT sku FROM trading.order_line WHERE order_id = ANY($1::uuid[])) ORDER BY sku FOR UPDATE`,
      uuids,
    );
  }

  async #load(id: Id<'ord'>, forUpdate: boolean): Promise<Order> {
    const { manager } = this.unitOfWork;
    const lock = forUpdate ? ({ mode: 'pessimistic_write' } as const) : undefined;
    const row = await manager.findOne(OrderRows, { where: { id }, lock });
    if (!row) throw refusal('unknown-order', `no order ${id}`);
    const payment = await manager.findOneOrFail(PaymentRows, { where: { orderId: id }, lock });
    const lines = await manager.findBy(OrderLineRows, { orderId: id });
    return restoreOrder(row, lines, payment);
  }

  async #save(order: Order): Promise<void> {
    const { manager } = this.unitOfWork;
    const { id, status, paidAt, shippedAt, deliveredAt, cancelledAt, cancelReason } = order.state;
    await manager.update(
      OrderRows,
      { id },
      { version: order.version, status, paidAt, shippedAt, deliveredAt, cancelledAt, cancelReason },
    );
    const { authorized, captured, refundPending, refunded, declined, gatewayReference } = order.payment.state;
    await manager.update(
      PaymentRows,
      { id: order.payment.state.id },
      {
        authorized: authorized.amount,
        captured: captured.amount,
        refundPending: refundPending.amount,
        refunded: refunded.amount,
        declined,
        gatewayReference,
      },
    );
    for (const move of order.takeStockMoves()) await this.#moveStock(order, move);
    await this.eventBus.publishAll(order.takeEvents());
  }

  /** Released units are available again; fulfilled ones have left the house. */
  async #moveStock(order: Order, move: StockMove): Promise<void> {
    const units = new Map<string, bigint>();
    for (const { sku, quantity } of order.state.lines) units.set(sku, (units.get(sku) ?? 0n) + BigInt(quantity));
    const skus = [...units.keys()].toSorted();
    await this.unitOfWork.query('SELECT FROM trading.stock_item WHERE sku = ANY($1::text[]) ORDER BY sku FOR UPDATE', [
      skus,
    ]);
    await this.unitOfWork.query(
      `UPDATE trading.stock_item s SET reserved = s.reserved - u.units, on_hand = s.on_hand - CASE WHEN $3 THEN u.units ELSE 0 END
         FROM unnest($1::text[], $2::bigint[]) AS u(sku, units) WHERE s.sku = u.sku`,
      [skus, skus.map((sku) => units.get(sku)), move === 'fulfil'],
    );
  }
}
