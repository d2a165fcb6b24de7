import { Injectable } from '@nestjs/common';
import { idOf, uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import type { WaybillStanding } from '../../contract';
import type { OrderId } from '../../domain/waybill';
import { WaybillStandings } from '../../features/answer-waybill-standing';

interface StandingRow {
  orderId: string;
  id: string;
  carrier: string;
  number: string | null;
  status: string;
  createdAt: Date;
  dispatchedAt: Date | null;
  nextPollAt: Date | null;
}

interface CallRow {
  waybillId: string;
  kind: 'book' | 'cancel';
  state: string;
  attempts: number;
  dueAt: Date | null;
  lastError: string | null;
}

@Injectable()
export class WaybillStandingRows extends WaybillStandings {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async ofOrders(orderIds: readonly OrderId[]): Promise<ReadonlyMap<string, readonly WaybillStanding[]>> {
    const waybills = await this.unitOfWork.query<StandingRow & Record<string, unknown>>(
      `SELECT order_id AS "orderId", id, carrier, number, status, created_at AS "createdAt",
              dispatched_at AS "dispatchedAt", next_poll_at AS "nextPollAt"
         FROM logistics.waybill WHERE order_id = ANY($1::uuid[]) ORDER BY id`,
      [orderIds.map(uuidOf)],
    );
    const calls = await this.unitOfWork.query<CallRow & Record<string, unknown>>(
      `SELECT waybill_id AS "waybillId", kind, state, attempts, due_at AS "dueAt", last_error AS "lastError"
         FROM logistics.carrier_call WHERE waybill_id = ANY($1::uuid[]) AND state <> 'succeeded' ORDER BY waybill_id, kind`,
      [waybills.map(({ id }) => id)],
    );
    const standings = new Map<string, WaybillStanding[]>();
    for (const waybill of waybills) {
      const orderId = idOf('ord', waybill.orderId);
      const standing = standingOf(
        waybill,
        calls.filter(({ waybillId }) => waybillId === waybill.id),
      );
      standings.set(orderId, [...(standings.get(orderId) ?? []), standing]);
    }
    return standings;
  }
}

function standingOf(waybill: StandingRow, calls: CallRow[]): WaybillStanding {
  const { id, carrier, number, status, createdAt, dispatchedAt, nextPollAt } = waybill;
  return {
    waybillId: idOf('wbl', id),
    carrier,
    number,
    status,
    createdAt: createdAt.toISOString(),
    dispatchedAt: dispatchedAt?.toISOString() ?? null,
    nextPollAt: nextPollAt?.toISOString() ?? null,
    calls: calls.map(({ kind, state, attempts, dueAt, lastError }) => {
      return { kind, state, attempts, dueAt: dueAt?.toISOString() ?? null, lastError };
    }),
  };
}
