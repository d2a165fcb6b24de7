import { Injectable } from '@nestjs/common';
import { type Id, idOf, uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { refusal } from '../../../domain/refusals';
import { type Return, Returns } from '../../../domain/returns/return';

/** Ids are UUIDs. */
interface ReturnRow extends Record<string, unknown>, Omit<Return, 'id' | 'orderId' | 'refundId'> {
  id: string;
  orderId: string;
  refundId: string | null;
}

const SELECT = `SELECT id, order_id AS "orderId", status, reason, lines, decisions, refund_id AS "refundId",
  requested_at AS "requestedAt", received_at AS "receivedAt", decided_at AS "decidedAt" FROM trading.return`;

@Injectable()
export class ReturnRows extends Returns {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async add(returns: readonly Return[]): Promise<void> {
    if (returns.length === 0) return;
    await this.unitOfWork.query(
      `INSERT INTO trading.return (id, order_id, status, reason, requested_at, received_at, lines)
       SELECT * FROM ROWS FROM (unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[]),
                                jsonb_array_elements($7::jsonb))`,
      [
        returns.map(({ id }) => uuidOf(id)),
        returns.map(({ orderId }) => uuidOf(orderId)),
        returns.map(({ status }) => status),
        returns.map(({ reason }) => reason),
        returns.map(({ requestedAt }) => requestedAt),
        returns.map(({ receivedAt }) => receivedAt),
        JSON.stringify(returns.map(({ lines }) => lines)),
      ],
    );
  }

  async save({ id, status, decisions, refundId, receivedAt, decidedAt }: Return): Promise<void> {
    await this.unitOfWork.query(
      `UPDATE trading.return SET status = $2, decisions = $3, refund_id = $4, received_at = $5, decided_at = $6
        WHERE id = $1`,
      [uuidOf(id), status, JSON.stringify(decisions), refundId && uuidOf(refundId), receivedAt, decidedAt],
    );
  }

  async find(id: Id<'ret'>): Promise<Return> {
    const [row] = await this.unitOfWork.query<ReturnRow>(`${SELECT} WHERE id = $1`, [uuidOf(id)]);
    if (!row) throw refusal('unknown-return', `no return ${id}`);
    return returnOf(row);
  }

  async ofOrder(orderId: Id<'ord'>, limit: number, after?: Id<'ret'>): Promise<Return[]> {
    const rows = await this.unitOfWork.query<ReturnRow>(
      `${SELECT} WHERE order_id = $1 AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $2`,
      [uuidOf(orderId), limit, after ? uuidOf(after) : null],
    );
    return rows.map(returnOf);
  }
}

const returnOf = ({ id, orderId, refundId, ...facts }: ReturnRow): Return => ({
  ...facts,
  id: idOf('ret', id),
  orderId: idOf('ord', orderId),
  refundId: refundId === null ? null : idOf('ref', refundId),
});
