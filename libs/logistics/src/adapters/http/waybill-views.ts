import { Injectable } from '@nestjs/common';
import { idOf, uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { WAYBILL_RANK, WAYBILL_STATUSES, type WaybillStatus } from '../../domain/waybill-status';
import type { BookingState, ScanAnswer, TrackedWaybillAnswer, WaybillAnswer } from './answers';

interface WaybillView {
  id: string;
  orderId: string;
  fulfilmentId: string | null;
  carrier: string;
  number: string | null;
  status: WaybillStatus;
  subStatus: string | null;
  createdAt: Date;
  callState: string | null;
  lastError: string | null;
}

const WAYBILL = `
  SELECT w.id, w.order_id AS "orderId", w.fulfilment_id AS "fulfilmentId", w.carrier, w.number, w.status, w.sub_status AS "subStatus",
         w.created_at AS "createdAt", c.state AS "callState", c.last_error AS "lastError"
    FROM logistics.waybill w LEFT JOIN logistics.carrier_call c ON c.waybill_id = w.id AND c.kind = 'book'`;

/** Scans of one second are shown in the order in which they are folded. */
const AS_RANKED = WAYBILL_STATUSES.toSorted((a, b) => WAYBILL_RANK[a] - WAYBILL_RANK[b]);

/** What the HTTP face shows, read straight from the tables. */
@Injectable()
export class WaybillViews {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async ofOrder(orderId: string): Promise<WaybillAnswer[]> {
    const rows = await this.unitOfWork.query<WaybillView>(`${WAYBILL} WHERE w.order_id = $1 ORDER BY w.id`, [
      uuidOf(orderId),
    ]);
    return rows.map(answered);
  }

  /** Two carriers may give the same number: the newer waybill is the one that is looked for. */
  async byNumber(number: string): Promise<TrackedWaybillAnswer | undefined> {
    const [row] = await this.unitOfWork.query<WaybillView>(
      `${WAYBILL} WHERE w.number = $1 ORDER BY w.id DESC LIMIT 1`,
      [number],
    );
    return row && Object.assign(answered(row), { events: await this.#events(row.carrier, number) });
  }

  async #events(carrier: string, number: string): Promise<ScanAnswer[]> {
    const scans = await this.unitOfWork.query<Omit<ScanAnswer, 'at'> & { at: Date }>(
      `SELECT at, zone_assumed AS "zoneAssumed", code, status, sub_status AS "subStatus", text, location,
              mapping_version AS "mappingVersion"
         FROM logistics.scan WHERE carrier = $1 AND number = $2 
        ORDER BY at, array_position($3::text[], status::text), code, fingerprint`,
      [carrier, number, AS_RANKED],
    );
    return scans.map((scan) => ({ ...scan, at: scan.at.toISOString() }));
  }
}

/** A consignment has one parcel so far, which has its number and goes where it goes. */
function answered({ callState, lastError, createdAt, ...waybill }: WaybillView): WaybillAnswer {
  const { number, status } = waybill;
  return {
    ...waybill,
    id: idOf('wbl', waybill.id),
    orderId: idOf('ord', waybill.orderId),
    fulfilmentId: waybill.fulfilmentId && idOf('ful', waybill.fulfilmentId),
    parcels: [{ number, status }],
    bookingState: bookingState(callState, waybill),
    bookingError: number === null ? lastError : null,
    createdAt: createdAt.toISOString(),
  };
}

function bookingState(
  callState: string | null,
  { number, status }: Pick<WaybillView, 'number' | 'status'>,
): BookingState {
  if (number !== null) return 'booked';
  if (callState === 'stuck') return 'stuck';
  if (callState === 'failed' || callState === null) return status === 'CANCELLED' ? 'withdrawn' : 'failed';
  return 'waiting';
}
