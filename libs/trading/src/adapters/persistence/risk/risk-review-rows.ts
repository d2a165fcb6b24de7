import { Injectable } from '@nestjs/common';
import { type Id, idOf, uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { type OpenReview, type Review, RiskReviewTable } from '../../../domain/risk/risk-rows';

type Row = Omit<Review, 'orderId'> & { id: string };

const REVIEWS = `SELECT order_id AS id, opened_at AS "openedAt", deadline, reasons, decision, decided_at AS "decidedAt",
    decided_by AS "decidedBy", comment
  FROM trading.risk_review`;

const reviewOf = ({ id, ...review }: Row): Review => ({ orderId: idOf('ord', id), ...review });

@Injectable()
export class RiskReviewRows extends RiskReviewTable {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  /** Marks the orders here, so that checkouts which nobody has to look at carry nothing for it. */
  open(reviews: readonly OpenReview[]): Promise<unknown> {
    return this.unitOfWork.query(
      `WITH opened AS (
         INSERT INTO trading.risk_review (order_id, opened_at, deadline, reasons)
         SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::jsonb[])
         RETURNING order_id)
       UPDATE trading.orders o SET review = 'pending' FROM opened WHERE o.id = opened.order_id`,
      [
        reviews.map(({ orderId }) => uuidOf(orderId)),
        reviews.map(({ openedAt }) => openedAt),
        reviews.map(({ deadline }) => deadline),
        reviews.map(({ reasons }) => JSON.stringify(reasons)),
      ],
    );
  }

  async find(orderId: Id<'ord'>): Promise<Review | undefined> {
    const [row] = await this.unitOfWork.query<Row>(`${REVIEWS} WHERE order_id = $1`, [uuidOf(orderId)]);
    return row && reviewOf(row);
  }

  async pending(limit: number, after?: Pick<Review, 'deadline' | 'orderId'>): Promise<Review[]> {
    const rows = await this.unitOfWork.query<Row>(
      `${REVIEWS} WHERE decision IS NULL AND ($2::timestamptz IS NULL OR (deadline, order_id) > ($2, $3::uuid))
        ORDER BY deadline, order_id LIMIT $1`,
      [limit + 1, after?.deadline ?? null, after ? uuidOf(after.orderId) : null],
    );
    return rows.map(reviewOf);
  }

  async decide({ orderId, decision, decidedAt, decidedBy, comment }: Review): Promise<void> {
    await this.unitOfWork.query(
      `UPDATE trading.risk_review SET decision = $2, decided_at = $3, decided_by = $4, comment = $5 WHERE order_id = $1`,
      [uuidOf(orderId), decision, decidedAt, decidedBy, comment],
    );
  }

  async close(cancelled: readonly { id: Id<'ord'>; at: Date }[]): Promise<void> {
    await this.unitOfWork.query(
      `UPDATE trading.risk_review AS r SET decision = 'closed', decided_at = c.at
         FROM unnest($1::uuid[], $2::timestamptz[]) AS c(id, at)
        WHERE r.order_id = c.id AND r.decision IS NULL`,
      [cancelled.map(({ id }) => uuidOf(id)), cancelled.map(({ at }) => at)],
    );
  }
}
