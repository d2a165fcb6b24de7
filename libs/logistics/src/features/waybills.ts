import type { RequestContext } from '@tradewind/shared-kernel/observability';
import type { OrderId, Waybill, WaybillId } from '../domain/waybill';

/** A number as one carrier gave it: two carriers may give the same. */
export interface CarrierNumber {
  carrier: string;
  number: string;
}

/** The waybills. Whoever changes one holds its row lock and saves it in the same unit of work. */
export abstract class Waybills {
  /** False when the order has a waybill already; that one stays as it is. */
  abstract add(waybill: Waybill): Promise<boolean>;
  abstract find(id: WaybillId): Promise<Waybill | undefined>;
  abstract findByNumber(number: CarrierNumber): Promise<Waybill | undefined>;
  abstract lock(id: WaybillId): Promise<Waybill | undefined>;
  abstract lockOfOrder(orderId: OrderId): Promise<Waybill | undefined>;
  /** Locks in one order for everybody. */
  abstract lockByNumbers(numbers: readonly CarrierNumber[]): Promise<Waybill[]>;
  /** Writes the waybills and publishes their events; `causeOf` names what caused a waybill's events, if not the caller. */
  abstract save(waybills: readonly Waybill[], causeOf?: (waybill: Waybill) => RequestContext): Promise<void>;
}
