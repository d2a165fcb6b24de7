import { Injectable } from '@nestjs/common';
import { firstUuidOf, uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { type JournalEntry, RiskJournal } from '../../../domain/risk/risk-rows';

@Injectable()
export class RiskJournalRows extends RiskJournal {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  add(entries: readonly JournalEntry[], at: Date): Promise<unknown> {
    const rows = entries.flatMap(({ evaluations, ...entry }) =>
      evaluations.map((evaluation) => ({ ...entry, ...evaluation })),
    );
    return this.unitOfWork.query(
      `INSERT INTO trading.risk_evaluation (policy_id, policy_version, mode, checkout_id, order_id, inputs_hash, outcome,
                                            verdict, reason, failure, latency_us, evaluated_at)
       SELECT e.*, $12 FROM unnest($1::uuid[], $2::int[], $3::text[], $4::uuid[], $5::uuid[], $6::bytea[], $7::text[],
                                   $8::text[], $9::text[], $10::text[], $11::int[]) AS e
       ON CONFLICT DO NOTHING`,
      [
        rows.map((row) => uuidOf(row.policyId)),
        rows.map((row) => row.version),
        rows.map((row) => row.mode),
        rows.map((row) => uuidOf(row.checkoutId)),
        rows.map((row) => row.orderId && uuidOf(row.orderId)),
        rows.map((row) => Buffer.from(row.inputsHash, 'hex')),
        rows.map((row) => row.outcome),
        rows.map((row) => row.verdict.kind),
        rows.map((row) => (row.verdict.kind === 'approve' ? null : row.verdict.reason)),
        rows.map((row) => row.failure),
        rows.map((row) => row.latencyUs),
        at,
      ],
    );
  }

  /** Policy by policy, along the primary key: evaluations have no index by time of their own. */
  async forget(before: Date, limit: number): Promise<number> {
    const end = firstUuidOf(before.getTime());
    const rows = await this.unitOfWork.query(
      `DELETE FROM trading.risk_evaluation WHERE (policy_id, checkout_id) IN (
         SELECT e.policy_id, e.checkout_id
           FROM trading.risk_policy p,
                LATERAL (SELECT policy_id, checkout_id FROM trading.risk_evaluation
                          WHERE policy_id = p.id AND checkout_id < $1 ORDER BY checkout_id LIMIT $2) AS e
          LIMIT $2)
       RETURNING policy_id`,
      [end, limit],
    );
    return rows.length;
  }
}
