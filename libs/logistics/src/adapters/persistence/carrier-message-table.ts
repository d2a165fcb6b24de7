import { Injectable, Logger } from '@nestjs/common';
import { Clock, type Id, idOf, uuidOf } from '@tradewind/shared-kernel';
import { Counter, metrics } from '@tradewind/shared-kernel/observability';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import type { CarrierMessage, ReceivedMessage } from '../../domain/carrier-message';
import { type AppliedSummary, CarrierMessages } from '../../features/carrier-messages';

interface MessageRow {
  id: string;
  carrier: string;
  source: ReceivedMessage['source'];
  receivedAt: Date;
  contentType: string;
  raw: Buffer;
}

const unreadableScans = new Counter({
  name: 'unreadable_scans_total',
  help: "Entries of carriers' messages without a readable number, time or code, by carrier.",
  labelNames: ['carrier'],
  registers: [metrics],
});

@Injectable()
export class CarrierMessageTable extends CarrierMessages {
  readonly #logger = new Logger('Logistics');

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {
    super();
  }

  async add(messages: readonly CarrierMessage[]): Promise<CarrierMessage[]> {
    const contents = messages.map((message) => message.content);
    const added = await this.unitOfWork.query<{ id: string }>(
      `INSERT INTO logistics.carrier_message (id, carrier, source, received_at, content_type, raw)
       SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::bytea[])
       ON CONFLICT (id) DO NOTHING RETURNING id`,
      [
        contents.map(({ id }) => uuidOf(id)),
        contents.map(({ carrier }) => carrier),
        contents.map(({ source }) => source),
        contents.map(({ receivedAt }) => receivedAt),
        contents.map(({ contentType }) => contentType),
        contents.map(({ raw }) => raw),
      ],
    );
    const ids = new Set<Id<'cmg'>>(added.map(({ id }) => idOf('cmg', id)));
    return messages.filter((message) => ids.has(message.content.id));
  }

  async unapplied(ids: readonly string[]): Promise<ReceivedMessage[]> {
    const rows = await this.unitOfWork.query<MessageRow>(
      `SELECT id, carrier, source, received_at AS "receivedAt", content_type AS "contentType", raw
         FROM logistics.carrier_message WHERE id = ANY($1::uuid[]) AND applied_at IS NULL ORDER BY received_at, id`,
      [ids.map(uuidOf)],
    );
    return rows.map((row) => ({ ...row, id: idOf('cmg', row.id) }));
  }

  async applied(summaries: readonly AppliedSummary[]): Promise<void> {
    const applied = await this.unitOfWork.query<{ id: string; carrier: string; unreadable: number }>(
      `UPDATE logistics.carrier_message AS m
          SET applied_at = $6, scans = s.scans, orphans = s.orphans, unmapped = s.unmapped, unreadable = s.unreadable
         FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::int[]) AS s(id, scans, orphans, unmapped, unreadable)
        WHERE m.id = s.id RETURNING m.id, m.carrier, m.unreadable`,
      [
        summaries.map(({ messageId }) => uuidOf(messageId)),
        summaries.map(({ scans }) => scans),
        summaries.map(({ orphans }) => orphans),
        summaries.map(({ unmapped }) => unmapped),
        summaries.map(({ unreadable }) => unreadable),
        this.clock.now(),
      ],
    );
    this.unitOfWork.afterCommit(() => {
      for (const { id, carrier, unreadable } of applied.filter((message) => message.unreadable > 0)) {
        unreadableScans.inc({ carrier }, unreadable);
        this.#logger.warn({ msg: 'a message has unreadable scans', messageId: idOf('cmg', id), carrier, unreadable });
      }
    });
  }
}
