import type { RequestContext } from '@tradewind/shared-kernel/observability';
import type { FulfilmentId, OrderId, Waybill, WaybillId } from '../domain/waybill';

/** A number as one carrier gave it: two carriers may give the same. */
export interface CarrierNumber {
  carrier: string;
  number: string;
}

/** The waybills. Whoever changes one holds its row lock and saves it in the same unit of work. */
export abstract class Waybills {
  /** Returns those whose orders or fulfilments had none yet; an earlier waybill stays as it is. */
  abstract add(waybills: readonly Waybill[]): Promise<Waybill[]>;
  abstract find(ids: readonly WaybillId[]): Promise<ReadonlyMap<WaybillId, Waybill>>;
  abstract findByNumber(number: CarrierNumber): Promise<Waybill | undefined>;
  /** This and the next three lock in one order for everybody. */
  abstract lock(ids: readonly WaybillId[]): Promise<ReadonlyMap<WaybillId, Waybill>>;
  /** The one that carries the whole order. */
  abstract lockOfOrder(orderId: OrderId): Promise<Waybill | undefined>;
  abstract lockOfFulfilments(ids: readonly FulfilmentId[]): Promise<Waybill[]>;
  abstract lockByNumbers(numbers: readonly CarrierNumber[]): Promise<Waybill[]>;
  /**
   * Writes the waybills, lets the waits before their carriers are asked begin anew, as there was news, and publishes their
   * events; `causeOf` names what caused a waybill's events, if not the caller.
   */
  abstract save(waybills: readonly Waybill[], causeOf?: (waybill: Waybill) => RequestContext): Promise<void>;
}
