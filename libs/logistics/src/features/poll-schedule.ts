import type { CarrierNumber } from './waybills';

/** When the carrier is asked about which waybill. It begins anew whenever the waybill is saved and ends with the journey. */
export abstract class PollSchedule {
  /** Takes due waybills; their next turn is set at once, later each time, so a process that dies here costs one turn. */
  abstract claim(limit: number): Promise<CarrierNumber[]>;
}
