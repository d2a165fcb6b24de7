import { Injectable } from '@nestjs/common';
import { Clock, uuidOf } from '@tradewind/shared-kernel';
import { Counter, metrics } from '@tradewind/shared-kernel/observability';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import type { TrackedScan } from '../../domain/scan';
import { type NewScan, TrackingRecords } from '../../features/tracking-records';
import type { CarrierNumber } from '../../features/waybills';

const unmappedScans = new Counter({
  name: 'unmapped_scans_total',
  help: 'Scans whose code no status mapping knows, by carrier.',
  labelNames: ['carrier'],
  registers: [metrics],
});

/** PostgreSQL has room for some thousands of locks, for all its clients together. */
const MOST_LOCKS = 256;

@Injectable()
export class TrackingTables extends TrackingRecords {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {
    super();
  }

  /** Few numbers are locked one by one, beside others who do so; many by one lock that keeps everybody out. */
  async lock(numbers: readonly CarrierNumber[]): Promise<void> {
    if (numbers.length > MOST_LOCKS) {
      await this.unitOfWork.query(`SELECT pg_advisory_xact_lock(hashtextextended('logistics.numbers', 0))`);
      return;
    }
    await this.unitOfWork.query(
      `SELECT pg_advisory_xact_lock_shared(hashtextextended('logistics.numbers', 0))
       UNION ALL
       SELECT pg_advisory_xact_lock(key) FROM (
         SELECT DISTINCT hashtextextended('logistics.number ' || carrier || ' ' || number, 0) AS key
           FROM unnest($1::text[], $2::text[]) AS n(carrier, number) ORDER BY key) AS ascending`,
      columnsOf(numbers),
    );
  }

  async add(scans: readonly NewScan[]): Promise<NewScan[]> {
    const added = await this.unitOfWork.query<{ carrier: string; number: string; fingerprint: string }>(
      `INSERT INTO logistics.scan (carrier, number, fingerprint, at, zone_assumed, namespace, code, codes, text, location,
                                   status, sub_status, effect, mapping_version, message_id)
       SELECT carrier, number, fingerprint, at, zone_assumed, namespace, code, codes::jsonb, text, location,
              status, sub_status, effect, mapping_version, message_id
         FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::boolean[], $6::text[], $7::text[],
                     $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::int[], $15::uuid[])
           AS s(carrier, number, fingerprint, at, zone_assumed, namespace, code, codes, text, location,
                status, sub_status, effect, mapping_version, message_id)
       ON CONFLICT (number, carrier, fingerprint) DO NOTHING RETURNING carrier, number, fingerprint`,
      [
        scans.map((scan) => scan.carrier),
        scans.map((scan) => scan.number),
        scans.map((scan) => scan.fingerprint),
        scans.map((scan) => scan.at),
        scans.map((scan) => scan.zoneAssumed),
        scans.map((scan) => scan.namespace),
        scans.map((scan) => scan.code),
        scans.map((scan) => JSON.stringify(scan.codes)),
        scans.map((scan) => scan.text),
        scans.map((scan) => scan.location),
        scans.map((scan) => scan.status),
        scans.map((scan) => scan.subStatus),
        scans.map((scan) => scan.effect),
        scans.map((scan) => scan.mappingVersion),
        scans.map((scan) => uuidOf(scan.messageId)),
      ],
    );
    // Of several alike in one batch the first is the one that was inserted.
    const firstOf = new Map(scans.toReversed().map((scan) => [keyOf(scan), scan]));
    return added.flatMap((row) => firstOf.get(keyOf(row)) ?? []);
  }

  async of(numbers: readonly CarrierNumber[]): Promise<TrackedScan[]> {
    return this.unitOfWork.query<TrackedScan>(
      `SELECT carrier, number, fingerprint, at, zone_assumed AS "zoneAssumed", namespace, code, codes, text, location,
              status, sub_status AS "subStatus", effect, mapping_version AS "mappingVersion"
         FROM logistics.scan JOIN unnest($1::text[], $2::text[]) AS n(carrier, number) USING (carrier, number)`,
      columnsOf(numbers),
    );
  }

  async hasNews({ carrier, number }: CarrierNumber, fingerprints: readonly string[]): Promise<boolean> {
    const known = await this.unitOfWork.query<{ fingerprint: string }>(
      `SELECT fingerprint FROM logistics.scan WHERE carrier = $1 AND number = $2 AND fingerprint = ANY($3::text[])`,
      [carrier, number, fingerprints],
    );
    return known.length < new Set(fingerprints).size;
  }

  async countUnmapped(scans: readonly NewScan[]): Promise<void> {
    if (scans.length === 0) return;
    await this.unitOfWork.query(
      `INSERT INTO logistics.unmapped_code AS u (carrier, namespace, code, count, first_seen_at, last_seen_at)
       SELECT carrier, namespace, code, count(*), $4, $4
         FROM unnest($1::text[], $2::text[], $3::text[]) AS s(carrier, namespace, code) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
       ON CONFLICT (carrier, namespace, code) DO UPDATE
          SET count = u.count + excluded.count, last_seen_at = excluded.last_seen_at`,
      [
        scans.map((scan) => scan.carrier),
        scans.map((scan) => scan.namespace),
        scans.map((scan) => scan.code),
        this.clock.now(),
      ],
    );
    this.unitOfWork.afterCommit(() => {
      for (const { carrier } of scans) unmappedScans.inc({ carrier });
    });
  }
}

const columnsOf = (numbers: readonly CarrierNumber[]) => [
  numbers.map(({ carrier }) => carrier),
  numbers.map(({ number }) => number),
];

const keyOf = (scan: { carrier: string; number: string; fingerprint: string }): string =>
  `${scan.carrier} ${scan.number} ${scan.fingerprint}`;
