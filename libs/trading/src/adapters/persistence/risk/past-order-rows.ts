import { Injectable } from '@nestjs/common';
import { firstUuidOf, type Id, idOf, Money, uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { type PastOrder, PastOrders, type Span } from '../../../domain/risk/reports';

interface Row extends Omit<PastOrder, 'id' | 'total' | 'buyerId' | 'lines'> {
  [column: string]: unknown;
  id: string;
  total: bigint;
  currency: string;
  buyerId: string | null;
}

/** Page by page along the primary key, so that any number of orders takes the memory of one page. */
@Injectable()
export class PastOrderRows extends PastOrders {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async read({ from, to }: Span, limit: number, after?: Id<'ord'>): Promise<PastOrder[]> {
    const rows = await this.unitOfWork.query<Row>(
      `SELECT o.id, o.placed_at AS "placedAt", o.total, o.currency, o.buyer_id AS "buyerId", o.region, o.email,
              o.shipping_address AS "shippingAddress", p.gateway AS "paymentMethod"
         FROM trading.orders o JOIN trading.payment p ON p.order_id = o.id
        WHERE o.id > $1 AND o.id < $2 ORDER BY o.id LIMIT $3`,
      [after ? uuidOf(after) : firstUuidOf(from.getTime()), firstUuidOf(to.getTime()), limit],
    );
    const lines = await this.unitOfWork.query<{ order: string; sku: string; quantity: number }>(
      `SELECT order_id AS "order", sku, quantity FROM trading.order_line WHERE order_id = ANY($1::uuid[])
        ORDER BY order_id, line_no`,
      [rows.map(({ id }) => id)],
    );
    const linesOf = new Map<string, { sku: string; quantity: number }[]>(rows.map(({ id }) => [id, []]));
    for (const { order, ...line } of lines) linesOf.get(order)?.push(line);
    return rows.map(({ id, total, currency, buyerId, ...row }) => ({
      ...row,
      id: idOf('ord', id),
      total: Money.of(total, currency),
      buyerId: buyerId && idOf('buy', buyerId),
      lines: linesOf.get(id) ?? [],
    }));
  }
}
