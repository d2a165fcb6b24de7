import { Injectable } from '@nestjs/common';
import { type Id, idOf, Money, uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { PointLedger, type RewardedOrder } from '../../../domain/buyers/point-ledger';
import type { PointEntry, PointEntryKind } from '../../../domain/buyers/points';

@Injectable()
export class PointRows extends PointLedger {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async rewardedOrders(orderIds: readonly Id<'ord'>[]): Promise<ReadonlyMap<string, RewardedOrder>> {
    const ids = [[...new Set(orderIds)].map(uuidOf)];
    const rows = await this.unitOfWork.query<{ id: string; buyer_id: string; captured: bigint; currency: string }>(
      `SELECT o.id, o.buyer_id, p.captured, p.currency FROM trading.orders o JOIN trading.payment p ON p.order_id = o.id
        WHERE o.id = ANY($1::uuid[]) AND o.buyer_id IS NOT NULL`,
      ids,
    );
    const orders = new Map<string, RewardedOrder>(
      rows.map(({ id, buyer_id: buyerId, captured, currency }) => [
        idOf('ord', id),
        { buyerId: idOf('buy', buyerId), paid: Money.of(captured, currency), refunds: [], lines: [] },
      ]),
    );
    if (orders.size === 0) return orders;
    const [refunds, lines] = await Promise.all([
      this.unitOfWork.query<{ id: string; order_id: string; amount: bigint }>(
        `SELECT o.id, o.order_id, o.amount FROM trading.payment p JOIN trading.payment_operation o ON o.payment_id = p.id
          WHERE p.order_id = ANY($1::uuid[]) AND p.refunded > 0 AND o.kind = 'refund' AND o.state = 'succeeded'
          ORDER BY o.id`,
        ids,
      ),
      this.unitOfWork.query<EntryRow>(`${SELECT} WHERE order_id = ANY($1::uuid[]) ORDER BY id`, ids),
    ]);
    for (const { id, order_id: orderId, amount } of refunds) {
      orders.get(idOf('ord', orderId))?.refunds.push({ id: idOf('ref', id), amount });
    }
    for (const { kind, points, amount, refundId, orderId } of lines.map(entryOf)) {
      orders.get(orderId as string)?.lines.push({ kind, points, refundId, amount: amount as bigint });
    }
    return orders;
  }

  async add(entries: readonly PointEntry[], requestKey?: string): Promise<void> {
    if (entries.length === 0) return;
    await this.unitOfWork.query(
      `INSERT INTO trading.point_entry (id, buyer_id, kind, points, order_id, refund_id, amount, reason, reference,
                                        recorded_at, request_key)
       SELECT *, $11 FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::uuid[], $6::uuid[], $7::bigint[],
                                 $8::text[], $9::text[], $10::timestamptz[])`,
      [
        entries.map(({ id }) => uuidOf(id)),
        entries.map(({ buyerId }) => uuidOf(buyerId)),
        entries.map(({ kind }) => kind),
        entries.map(({ points }) => points),
        entries.map(({ orderId }) => orderId && uuidOf(orderId)),
        entries.map(({ refundId }) => refundId && uuidOf(refundId)),
        entries.map(({ amount }) => amount),
        entries.map(({ reason }) => reason),
        entries.map(({ reference }) => reference),
        entries.map(({ recordedAt }) => recordedAt),
        requestKey ?? null,
      ],
    );
  }

  async entryOfRequest(requestKey: string): Promise<PointEntry | undefined> {
    const [row] = await this.unitOfWork.query<EntryRow>(`${SELECT} WHERE request_key = $1`, [requestKey]);
    return row && entryOf(row);
  }

  async entries(buyerId: Id<'buy'>, limit: number, after?: Id<'pnt'>): Promise<PointEntry[]> {
    const rows = await this.unitOfWork.query<EntryRow>(
      `${SELECT} WHERE buyer_id = $1 AND points <> 0 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
      [uuidOf(buyerId), after ? uuidOf(after) : null, limit + 1],
    );
    return rows.map(entryOf);
  }
}

interface EntryRow extends Record<string, unknown> {
  id: string;
  buyer_id: string;
  kind: PointEntryKind;
  points: bigint;
  order_id: string | null;
  refund_id: string | null;
  amount: bigint | null;
  reason: string | null;
  reference: string | null;
  recorded_at: Date;
}

const SELECT = `SELECT id, buyer_id, kind, points, order_id, refund_id, amount, reason, reference, recorded_at
  FROM trading.point_entry`;

const entryOf = ({ id, buyer_id, order_id, refund_id, recorded_at: recordedAt, ...row }: EntryRow): PointEntry => ({
  ...row,
  id: idOf('pnt', id),
  buyerId: idOf('buy', buyer_id),
  orderId: order_id === null ? null : idOf('ord', order_id),
  refundId: refund_id === null ? null : idOf('ref', refund_id),
  recordedAt,
});
