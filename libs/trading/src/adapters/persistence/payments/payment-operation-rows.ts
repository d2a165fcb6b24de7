import { Injectable } from '@nestjs/common';
import { type Id, idOf, Money, uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { PaymentOperations, type Refund, type RefundStatus } from '../../../domain/payments/payment-operations';
import { refusal } from '../../../domain/refusals';

const STATUS_OF: Record<string, RefundStatus> = {
  requested: 'pending',
  sent: 'pending',
  pending: 'pending',
  unknown: 'unknown',
  stuck: 'unknown',
  succeeded: 'success',
  failed: 'failed',
};

@Injectable()
export class PaymentOperationRows extends PaymentOperations {
  #onAdded: () => void = () => undefined;

  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async addRefund(refund: Omit<Refund, 'status'>, paymentId: Id<'pay'>, requestKey: string | null): Promise<void> {
    await this.unitOfWork.query(
      `INSERT INTO trading.payment_operation
         (id, payment_id, order_id, gateway, kind, amount, currency, reason, requested_at, request_key, state, due_at)
       SELECT $1, p.id, p.order_id, p.gateway, 'refund', $3, p.currency, $4, $5, $6, 'requested', now()
         FROM trading.payment p WHERE p.id = $2`,
      [uuidOf(refund.id), uuidOf(paymentId), refund.amount.amount, refund.reason, refund.requestedAt, requestKey],
    );
    this.unitOfWork.afterCommit(() => this.#onAdded());
  }

  onAdded(listener: () => void): void {
    this.#onAdded = listener;
  }

  async closeCharges(paymentIds: readonly Id<'pay'>[]): Promise<void> {
    if (paymentIds.length === 0) return;
    await this.unitOfWork.query(
      `WITH open AS (
         SELECT id FROM trading.payment_operation
          WHERE id = ANY($1::uuid[]) AND kind = 'charge' AND state <> 'succeeded' ORDER BY id FOR UPDATE)
       UPDATE trading.payment_operation o SET state = 'succeeded', due_at = NULL, fence = fence + 1
         FROM open WHERE o.id = open.id`,
      [paymentIds.map(uuidOf)],
    );
  }

  async askAboutCharge(paymentId: Id<'pay'>): Promise<void> {
    await this.unitOfWork.query(
      `UPDATE trading.payment_operation SET due_at = now() WHERE id = $1 AND kind = 'charge' AND due_at IS NOT NULL`,
      [uuidOf(paymentId)],
    );
    this.unitOfWork.afterCommit(() => this.#onAdded());
  }

  async ordersOfRefunds(ids: readonly Id<'ref'>[]): Promise<ReadonlyMap<string, Id<'ord'>>> {
    if (ids.length === 0) return new Map();
    const rows = await this.unitOfWork.query<{ id: string; order_id: string }>(
      `SELECT id, order_id FROM trading.payment_operation WHERE id = ANY($1::uuid[]) AND kind = 'refund'`,
      [ids.map(uuidOf)],
    );
    return new Map(rows.map((row) => [idOf('ref', row.id), idOf('ord', row.order_id)]));
  }

  async revokeRefund(id: Id<'ref'>): Promise<{ orderId: Id<'ord'>; amount: Money } | undefined> {
    const [row] = await this.unitOfWork.query<{ order_id: string; amount: bigint; currency: string }>(
      `UPDATE trading.payment_operation SET state = 'failed', last_error = 'failed later'
        WHERE id = $1 AND kind = 'refund' AND state = 'succeeded' RETURNING order_id, amount, currency`,
      [uuidOf(id)],
    );
    return row && { orderId: idOf('ord', row.order_id), amount: Money.of(row.amount, row.currency) };
  }

  async findRefund(id: Id<'ref'>): Promise<Refund> {
    const [row] = await this.unitOfWork.query<RefundRow>(`${SELECT_REFUND} AND id = $1`, [uuidOf(id)]);
    if (!row) throw refusal('unknown-refund', `no refund ${id}`);
    return refundOf(row);
  }

  async refundOfRequest(requestKey: string): Promise<Refund | undefined> {
    const [row] = await this.unitOfWork.query<RefundRow>(`${SELECT_REFUND} AND request_key = $1`, [requestKey]);
    return row && refundOf(row);
  }
}

interface RefundRow {
  id: string;
  order_id: string;
  amount: bigint;
  currency: string;
  reason: string;
  state: string;
  requested_at: Date;
}

const SELECT_REFUND = `SELECT id, order_id, amount, currency, reason, state, requested_at
  FROM trading.payment_operation WHERE kind = 'refund'`;

const refundOf = (row: RefundRow): Refund => ({
  id: idOf('ref', row.id),
  orderId: idOf('ord', row.order_id),
  amount: Money.of(row.amount, row.currency),
  reason: row.reason,
  status: STATUS_OF[row.state] ?? 'unknown',
  requestedAt: row.requested_at,
});
