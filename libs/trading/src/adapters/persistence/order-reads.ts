import { Injectable } from '@nestjs/common';
import { type Id, idOf, isId, uuidOf } from '@tradewind/shared-kernel';
import { decodeCursor, isTimeText, type Page, pageOf } from '@tradewind/shared-kernel/http';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { In } from 'typeorm';
import type { OrderContact, ShippingDetails } from '../../contract';
import type { Order, OrderStatus } from '../../domain/order';
import { OrderContacts } from '../../features/answer-peers';
import { OrderLineRows, OrderRows, PaymentRows, restoreOrder } from './order-rows';

export interface OrderFilter {
  status?: OrderStatus;
  buyerId?: Id<'buy'>;
  sku?: string;
  from?: Date;
  to?: Date;
}

const isOrderId = (text: string): boolean => isId('ord', text);

/** Reads that need no lock. */
@Injectable()
export class OrderReads extends OrderContacts {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  /** Newest first, a page at a time by key: as quick on the last page as on the first. */
  async list(filter: OrderFilter, limit: number, cursor?: string): Promise<Page<Order>> {
    const { manager } = this.unitOfWork;
    const query = manager.createQueryBuilder(OrderRows, 'o').orderBy('o.placedAt', 'DESC').addOrderBy('o.id', 'DESC');
    if (filter.status) query.andWhere('o.status = :status', { status: filter.status });
    if (filter.buyerId) query.andWhere('o.buyer_id = :buyer', { buyer: uuidOf(filter.buyerId) });
    if (filter.from) query.andWhere('o.placed_at >= :from', { from: filter.from });
    if (filter.to) query.andWhere('o.placed_at < :to', { to: filter.to });
    if (filter.sku) {
      query.andWhere('EXISTS (SELECT FROM trading.order_line l WHERE l.order_id = o.id AND l.sku = :sku)', {
        sku: filter.sku,
      });
    }
    if (cursor) {
      const [at, id] = decodeCursor(cursor, [isTimeText, isOrderId]) as [string, string];
      query.andWhere('(o.placed_at, o.id) < (CAST(:at AS timestamptz), CAST(:id AS uuid))', { at, id: uuidOf(id) });
    }
    const rows = await query.take(limit + 1).getMany();
    const page = pageOf(rows, limit, (row) => [row.placedAt.toISOString(), row.id]);
    const ids = page.data.map((row) => row.id);
    const [lines, payments] = await Promise.all([
      manager.findBy(OrderLineRows, { orderId: In(ids) }),
      manager.findBy(PaymentRows, { orderId: In(ids) }),
    ]);
    const paymentOf = new Map(payments.map((payment) => [payment.orderId, payment]));
    return {
      ...page,
      data: page.data.flatMap((row) => {
        const payment = paymentOf.get(row.id);
        return payment
          ? [
              restoreOrder(
                row,
                lines.filter((line) => line.orderId === row.id),
                payment,
              ),
            ]
          : [];
      }),
    };
  }

  async shippingDetails(id: Id<'ord'>): Promise<ShippingDetails | null> {
    const [row] = await this.unitOfWork.query<{
      recipient: ShippingDetails['recipient'];
      lines: ShippingDetails['lines'];
    }>(
      `SELECT o.shipping_address AS recipient,
              (SELECT json_agg(json_build_object('sku', l.sku, 'quantity', l.quantity) ORDER BY l.line_no)
                 FROM trading.order_line l WHERE l.order_id = o.id) AS lines
         FROM trading.orders o WHERE o.id = $1`,
      [uuidOf(id)],
    );
    return row ?? null;
  }

  async contact(id: Id<'ord'>): Promise<OrderContact | null> {
    const [row] = await this.unitOfWork.query<{ name: string; email: string | null; locale: string }>(
      `SELECT shipping_address->>'name' AS name, email, locale FROM trading.orders WHERE id = $1`,
      [uuidOf(id)],
    );
    return row ?? null;
  }

  async orderIdOfPayment(paymentId: Id<'pay'>): Promise<Id<'ord'> | undefined> {
    const [row] = await this.unitOfWork.query<{ order_id: string }>(
      'SELECT order_id FROM trading.payment WHERE id = $1',
      [uuidOf(paymentId)],
    );
    return row && idOf('ord', row.order_id);
  }
}
