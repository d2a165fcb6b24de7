import { Injectable } from '@nestjs/common';
import { type Id, uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import type { OpenOperation } from '../../../domain/diagnosis/standing';
import { operationId } from '../../../domain/payments/payment-operations';
import { UnfinishedBusiness } from '../../../features/diagnosis/diagnose-order';

@Injectable()
export class UnfinishedBusinessRows extends UnfinishedBusiness {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  /** By way of the payment: its capture, void and refund rows are indexed by it, its authorisation has its id. */
  async operationsOf(orderId: Id<'ord'>): Promise<OpenOperation[]> {
    const rows = await this.unitOfWork.query<OpenOperation & Record<string, unknown>>(
      `SELECT o.id, o.kind, o.gateway, o.state, o.attempts, o.requested_at AS "requestedAt", o.due_at AS "dueAt",
              o.last_error AS "lastError"
         FROM trading.payment p
         JOIN LATERAL (
           SELECT * FROM trading.payment_operation WHERE id = p.id
           UNION ALL
           SELECT * FROM trading.payment_operation WHERE payment_id = p.id AND kind <> 'authorize') o ON true
        WHERE p.order_id = $1 AND o.state NOT IN ('succeeded', 'failed') ORDER BY o.requested_at, o.id`,
      [uuidOf(orderId)],
    );
    return rows.map((row) => ({ ...row, id: operationId(row.kind, row.id) }));
  }
}
