import type { WaybillId } from '../domain/waybill';
import type { CarrierNumber } from './waybills';

/** When the carrier is asked about which waybill. */
export abstract class PollSchedule {
  /** There was news, or a number was learnt: the waits begin anew. Ends with the journey. */
  abstract restart(waybillIds: readonly WaybillId[]): Promise<void>;
  /** Takes due waybills; their next turn is set at once, later each time, so a process that dies here costs one turn. */
  abstract claim(limit: number): Promise<CarrierNumber[]>;
}
