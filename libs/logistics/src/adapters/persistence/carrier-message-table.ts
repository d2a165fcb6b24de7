import { Injectable } from '@nestjs/common';
import { Clock, type Id, idOf, uuidOf } from '@tradewind/shared-kernel';
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

@Injectable()
export class CarrierMessageTable extends CarrierMessages {
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
    await this.unitOfWork.query(
      `UPDATE logistics.carrier_message AS m
          SET applied_at = $5, scans = s.scans, orphans = s.orphans, unmapped = s.unmapped
         FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[]) AS s(id, scans, orphans, unmapped) WHERE m.id = s.id`,
      [
        summaries.map(({ messageId }) => uuidOf(messageId)),
        summaries.map(({ scans }) => scans),
        summaries.map(({ orphans }) => orphans),
        summaries.map(({ unmapped }) => unmapped),
        this.clock.now(),
      ],
    );
  }
}
