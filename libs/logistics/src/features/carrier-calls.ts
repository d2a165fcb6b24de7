import type { EffectRow } from '@tradewind/shared-kernel/effects';
import type { WaybillId } from '../domain/waybill';

export type CarrierCallKind = 'book' | 'cancel';

/** One call to be made for a waybill, as a row of the effects table. */
export interface CarrierCallRow extends EffectRow {
  /** UUID. */
  waybill_id: string;
  kind: CarrierCallKind;
}

/** The calls to carriers that are rows first. */
export abstract class CarrierCalls {
  /** Asks for a call for each of the waybills, once for each kind; they are made after the commit. */
  abstract request(waybillIds: readonly WaybillId[], kind: CarrierCallKind): Promise<void>;
  /** Takes a booking back that certainly had no effect; false when it may have been made, or was. */
  abstract withdrawBooking(waybillId: WaybillId, reason: string): Promise<boolean>;
}
