import { createHash } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import type { MappingRow, StatusMapping } from '../../domain/status-mapping';
import { StatusMappings } from '../../features/status-mappings';
import { MAPPING_FILES } from '../carriers/mapping-files';

/**
 * Keeps every version of every mapping file. A version is known by its content: a process that starts with rows seen
 * before works with that version, so an older and a newer release may run beside each other.
 */
@Injectable()
export class StatusMappingTable extends StatusMappings implements OnModuleInit {
  readonly #mappings = new Map<string, StatusMapping>();

  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  of(carrier: string): StatusMapping {
    const mapping = this.#mappings.get(carrier);
    if (!mapping) throw new Error(`carrier ${carrier} has no status mapping`);
    return mapping;
  }

  async onModuleInit(): Promise<void> {
    for (const [carrier, rows] of Object.entries(MAPPING_FILES)) {
      this.#mappings.set(carrier, { carrier, version: await this.load(carrier, rows), rows });
    }
  }

  /** Stores the rows unless they are stored already; returns their version. Processes that start together take turns. */
  async load(carrier: string, rows: readonly MappingRow[]): Promise<number> {
    const hash = createHash('sha256').update(JSON.stringify(rows)).digest('hex');
    return this.unitOfWork.run(async () => {
      await this.unitOfWork.query(
        `SELECT pg_advisory_xact_lock(hashtextextended('logistics.status_mapping ' || $1, 0))`,
        [carrier],
      );
      const [known] = await this.unitOfWork.query<{ version: number }>(
        'SELECT version FROM logistics.status_mapping_version WHERE carrier = $1 AND content_hash = $2',
        [carrier, hash],
      );
      return known?.version ?? (await this.#store(carrier, hash, rows));
    });
  }

  async #store(carrier: string, hash: string, rows: readonly MappingRow[]): Promise<number> {
    const [added] = await this.unitOfWork.query<{ version: number }>(
      `INSERT INTO logistics.status_mapping_version (carrier, version, content_hash)
       SELECT $1, coalesce(max(version), 0) + 1, $2 FROM logistics.status_mapping_version WHERE carrier = $1
       RETURNING version`,
      [carrier, hash],
    );
    const version = added?.version ?? 0;
    await this.unitOfWork.query(
      `INSERT INTO logistics.status_mapping
              (carrier, version, row_no, namespace, code, qualifier, meaning, status, sub_status, effect, confidence, source)
       SELECT $1, $2, row_no, namespace, code, qualifier, meaning, status, "subStatus", effect, confidence, source
         FROM ROWS FROM (jsonb_to_recordset($3::jsonb) AS (namespace text, code text, qualifier jsonb, meaning text,
              status text, "subStatus" text, effect text, confidence text, source text)) WITH ORDINALITY
              AS r(namespace, code, qualifier, meaning, status, "subStatus", effect, confidence, source, row_no)`,
      [carrier, version, JSON.stringify(rows)],
    );
    return version;
  }
}
