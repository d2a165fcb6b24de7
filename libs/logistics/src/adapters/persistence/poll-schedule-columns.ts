import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { PollSchedule } from '../../features/poll-schedule';
import type { CarrierNumber } from '../../features/waybills';
import { LogisticsSettings } from '../../settings';

/** The schedule stands in two columns of the waybill, which its version does not guard; its repository restarts it. */
@Injectable()
export class PollScheduleColumns extends PollSchedule {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly settings: LogisticsSettings,
  ) {
    super();
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
