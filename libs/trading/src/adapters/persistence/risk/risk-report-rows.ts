import { Injectable } from '@nestjs/common';
import { firstUuidOf, type Id, idOf, uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { type ComparedVerdicts, type PolicyLatency, RiskReports, type Span } from '../../../domain/risk/reports';

const MOST_EXAMPLES = 5;

/** What a policy in shadow said, beside what was enforced ... */
const BESIDE_OUTCOME = `SELECT s.checkout_id, s.order_id, s.verdict AS shadow, s.outcome AS enforced
    FROM trading.risk_evaluation s
   WHERE s.policy_id = $1 AND s.checkout_id >= $2 AND s.checkout_id < $3 AND s.mode = 'shadow'`;
/** ... or beside what another policy said of the same checkout. */
const BESIDE_POLICY = `SELECT s.checkout_id, s.order_id, s.verdict AS shadow, e.verdict AS enforced
    FROM trading.risk_evaluation s
    JOIN trading.risk_evaluation e ON e.policy_id = $4 AND e.checkout_id = s.checkout_id
   WHERE s.policy_id = $1 AND s.checkout_id >= $2 AND s.checkout_id < $3 AND s.mode = 'shadow'`;

@Injectable()
export class RiskReportRows extends RiskReports {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async compare(policyId: Id<'rsk'>, span: Span, against?: Id<'rsk'>): Promise<ComparedVerdicts[]> {
    const compared = against ? BESIDE_POLICY : BESIDE_OUTCOME;
    const values = [uuidOf(policyId), ...boundsOf(span), ...(against ? [uuidOf(against)] : [])];
    const cells = await this.unitOfWork.query<Omit<ComparedVerdicts, 'examples'> & { checkouts: bigint }>(
      `SELECT enforced, shadow, count(*) AS checkouts FROM (${compared}) AS c GROUP BY enforced, shadow ORDER BY enforced, shadow`,
      values,
    );
    return Promise.all(
      cells.map(async ({ enforced, shadow, checkouts }) => ({
        enforced,
        shadow,
        checkouts: Number(checkouts),
        examples: enforced === shadow ? [] : await this.#examples(compared, values, enforced, shadow),
      })),
    );
  }

  async latencies(span: Span): Promise<PolicyLatency[]> {
    const rows = await this.unitOfWork.query<
      Omit<PolicyLatency, 'policyId' | 'p50' | 'p90' | 'p99'> & { id: string; percentiles: [number, number, number] }
    >(
      `SELECT e.policy_id AS id, e.policy_version AS version, e.mode, count(*)::int AS evaluations,
              percentile_disc(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY e.latency_us) AS percentiles,
              max(e.latency_us) AS longest, count(*) FILTER (WHERE e.failure = 'timeout')::int AS timeouts,
              count(*) FILTER (WHERE e.failure = 'error')::int AS errors
         FROM trading.risk_policy p JOIN trading.risk_evaluation e ON e.policy_id = p.id
        WHERE e.checkout_id >= $1 AND e.checkout_id < $2
        GROUP BY e.policy_id, e.policy_version, e.mode ORDER BY e.policy_id, e.policy_version, e.mode`,
      boundsOf(span),
    );
    return rows.map(({ id, percentiles: [p50, p90, p99], ...row }) => ({
      policyId: idOf('rsk', id),
      ...row,
      p50,
      p90,
      p99,
    }));
  }

  async #examples(compared: string, values: unknown[], enforced: string, shadow: string): Promise<Id<'ord'>[]> {
    const rows = await this.unitOfWork.query<{ order_id: string }>(
      `SELECT order_id FROM (${compared}) AS c
        WHERE order_id IS NOT NULL AND enforced = $${values.length + 1} AND shadow = $${values.length + 2}
        ORDER BY checkout_id DESC LIMIT ${MOST_EXAMPLES}`,
      [...values, enforced, shadow],
    );
    return rows.map((row) => idOf('ord', row.order_id));
  }
}

/** Evaluations are found by the time that their checkout's identifier carries. */
const boundsOf = ({ from, to }: Span): string[] => [from, to].map((time) => firstUuidOf(time.getTime()));
