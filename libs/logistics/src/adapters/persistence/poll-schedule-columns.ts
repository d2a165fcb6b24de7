import { Injectable } from '@nestjs/common';
import { uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import type { WaybillId } from '../../domain/waybill';
import { isFinal, WAYBILL_STATUSES } from '../../domain/waybill-status';
import { PollSchedule } from '../../features/poll-schedule';
import type { CarrierNumber } from '../../features/waybills';
import { LogisticsSettings } from '../../settings';

const FINAL = WAYBILL_STATUSES.filter(isFinal);

/** The schedule stands in two columns of the waybill, which its version does not guard. */
@Injectable()
export class PollScheduleColumns extends PollSchedule {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly settings: LogisticsSettings,
  ) {
    super();
  }

  async restart(waybillIds: readonly WaybillId[]): Promise<void> {
    const { firstMs, mostMs } = this.settings.poll;
    await this.unitOfWork.query(
      `UPDATE logistics.waybill SET poll_wait_ms = $2::bigint, next_poll_at = CASE
          WHEN number IS NULL OR status = ANY($4::text[]) THEN NULL
          WHEN status = 'DELIVERED' THEN now() + $3::bigint * interval '1 millisecond'
          ELSE now() + $2::bigint * interval '1 millisecond' END
        WHERE id = ANY($1::uuid[])`,
      [waybillIds.map(uuidOf), firstMs, mostMs, FINAL],
    );
  }

  async claim(limit: number): Promise<CarrierNumber[]> {
    return this.unitOfWork.query<{ carrier: string; number: string }>(
      `WITH due AS (
         SELECT id, least(poll_wait_ms * 2, $2::bigint) AS wait FROM logistics.waybill
          WHERE next_poll_at <= now() ORDER BY next_poll_at LIMIT $1 FOR UPDATE SKIP LOCKED)
       UPDATE logistics.waybill AS w SET poll_wait_ms = due.wait,
              next_poll_at = CASE w.status WHEN 'DELIVERED' THEN NULL ELSE now() + due.wait * interval '1 millisecond' END
         FROM due WHERE w.id = due.id RETURNING w.carrier, w.number`,
      [limit, this.settings.poll.mostMs],
    );
  }
}
