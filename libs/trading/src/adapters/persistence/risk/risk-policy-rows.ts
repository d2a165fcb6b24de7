import { Injectable } from '@nestjs/common';
import { type Id, idOf, uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { refusal } from '../../../domain/refusals';
import { type PolicyVersion, RiskPolicyTable } from '../../../domain/risk/risk-rows';

type Row = Omit<PolicyVersion, 'id'> & { id: string };

const POLICIES = `SELECT v.policy_id AS id, v.version, v.name, v.kind, v.parameters, v.mode, v.time_limit_ms AS "timeLimitMs",
    v.on_failure AS "onFailure", v.enabled, v.created_at AS "createdAt"
  FROM trading.risk_policy p JOIN trading.risk_policy_version v ON v.policy_id = p.id AND v.version = p.version
 WHERE p.removed_at IS NULL`;

const policyOf = (row: Row): PolicyVersion => ({ ...row, id: idOf('rsk', row.id) });

@Injectable()
export class RiskPolicyRows extends RiskPolicyTable {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async stamp(): Promise<bigint> {
    const [row] = await this.unitOfWork.query<{ stamp: bigint }>('SELECT stamp FROM trading.risk_installation');
    return row?.stamp ?? 0n;
  }

  async salt(): Promise<Uint8Array> {
    const [row] = await this.unitOfWork.query<{ salt: Buffer }>('SELECT salt FROM trading.risk_installation');
    if (!row) throw new Error('trading.risk_installation is empty');
    return row.salt;
  }

  async enabled(): Promise<PolicyVersion[]> {
    return (await this.unitOfWork.query<Row>(`${POLICIES} AND v.enabled ORDER BY p.id`)).map(policyOf);
  }

  add(policy: Omit<PolicyVersion, 'version'>): Promise<PolicyVersion> {
    return this.unitOfWork.run(async () => {
      await this.unitOfWork.query('INSERT INTO trading.risk_policy (id, version) VALUES ($1, 1)', [uuidOf(policy.id)]);
      return this.#addVersion({ ...policy, version: 1 });
    });
  }

  replace(policy: Omit<PolicyVersion, 'version'>): Promise<PolicyVersion> {
    return this.unitOfWork.run(async () => {
      const [row] = await this.unitOfWork.query<{ version: number }>(
        'UPDATE trading.risk_policy SET version = version + 1 WHERE id = $1 AND removed_at IS NULL RETURNING version',
        [uuidOf(policy.id)],
      );
      if (!row) throw unknown(policy.id);
      return this.#addVersion({ ...policy, version: row.version });
    });
  }

  async remove(id: Id<'rsk'>): Promise<void> {
    await this.unitOfWork.run(async () => {
      const rows = await this.unitOfWork.query(
        'UPDATE trading.risk_policy SET removed_at = now() WHERE id = $1 AND removed_at IS NULL RETURNING id',
        [uuidOf(id)],
      );
      if (rows.length === 0) throw unknown(id);
      await this.#tell();
    });
  }

  async find(id: Id<'rsk'>): Promise<PolicyVersion> {
    const [row] = await this.unitOfWork.query<Row>(`${POLICIES} AND p.id = $1`, [uuidOf(id)]);
    if (!row) throw unknown(id);
    return policyOf(row);
  }

  async list(limit: number, before?: Id<'rsk'>): Promise<PolicyVersion[]> {
    const rows = await this.unitOfWork.query<Row>(
      `${POLICIES} AND ($2::uuid IS NULL OR p.id < $2) ORDER BY p.id DESC LIMIT $1`,
      [limit + 1, before ? uuidOf(before) : null],
    );
    return rows.map(policyOf);
  }

  async #addVersion(policy: PolicyVersion): Promise<PolicyVersion> {
    await this.unitOfWork.query(
      `INSERT INTO trading.risk_policy_version
              (policy_id, version, name, kind, parameters, mode, time_limit_ms, on_failure, enabled, created_at)
       VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10)`,
      [
        uuidOf(policy.id),
        policy.version,
        policy.name,
        policy.kind,
        JSON.stringify(policy.parameters),
        policy.mode,
        policy.timeLimitMs,
        policy.onFailure,
        policy.enabled,
        policy.createdAt,
      ],
    );
    await this.#tell();
    return policy;
  }

  /** Last in its transaction: whoever sees the new stamp sees the change. */
  async #tell(): Promise<void> {
    await this.unitOfWork.query('UPDATE trading.risk_installation SET stamp = stamp + 1');
  }
}

const unknown = (id: Id<'rsk'>) => refusal('unknown-risk-policy', `no policy ${id}`);
