import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import type { WaybillId } from '../../domain/waybill';
import { type CarrierCallKind, CarrierCalls } from '../../features/carrier-calls';

@Injectable()
export class CarrierCallTable extends CarrierCalls {
  #onRequested: () => void = () => undefined;

  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  /** Called after each commit that made a row. */
  onRequested(listener: () => void): void {
    this.#onRequested = listener;
  }

  async request(waybillIds: readonly WaybillId[], kind: CarrierCallKind): Promise<void> {
    if (waybillIds.length === 0) return;
    await this.unitOfWork.query(
      `INSERT INTO logistics.carrier_call (id, waybill_id, kind) SELECT id, waybill_id, $3 FROM unnest($1::uuid[], $2::uuid[])
         AS c(id, waybill_id) ORDER BY waybill_id ON CONFLICT ON CONSTRAINT carrier_call_once DO NOTHING`,
      [waybillIds.map(() => randomUUID()), waybillIds.map(uuidOf), kind],
    );
    this.unitOfWork.afterCommit(() => this.#onRequested());
  }

  /** A claimed call is `sent`: only one that nobody has claimed is still `requested`. */
  async withdrawBooking(waybillId: WaybillId, reason: string): Promise<boolean> {
    const withdrawn = await this.unitOfWork.query(
      `UPDATE logistics.carrier_call SET state = 'failed', due_at = NULL, last_error = $2
        WHERE waybill_id = $1 AND kind = 'book' AND state = 'requested' RETURNING id`,
      [uuidOf(waybillId), reason],
    );
    return withdrawn.length === 1;
  }
}
