import { ContractEvent, ContractQuery } from '@tradewind/shared-kernel';

/**
 * What Logistics tells others. Released types never change: a new shape is a new version beside the old one.
 * Every event of a waybill belongs to the business process of its order.
 */

interface OfWaybill {
  /** `wbl_…` */
  waybillId: string;
  /** `ord_…` */
  orderId: string;
  /** `SF`, `ZTO` */
  carrier: string;
  /** `ful_…` of the units that it carries; null or absent when it carries the whole order. */
  fulfilmentId?: string | null;
}

abstract class WaybillEvent<Data extends OfWaybill> extends ContractEvent<Data> {
  get aggregateId(): string {
    return this.data.waybillId;
  }
  override get correlationId(): string {
    return this.data.orderId;
  }
}

/** The carrier accepted the consignment and gave it a number. */
export class WaybillCreated extends WaybillEvent<OfWaybill & { number: string }> {
  static override readonly type = 'logistics.waybill-created.v1';
}

/** The first fact that shows the parcel in the carrier's hands. */
export class WaybillDispatched extends WaybillEvent<OfWaybill & { number: string; dispatchedAt: string }> {
  static override readonly type = 'logistics.waybill-dispatched.v1';
}

/** The parcel arrived. */
export class WaybillDelivered extends WaybillEvent<OfWaybill & { number: string; deliveredAt: string }> {
  static override readonly type = 'logistics.waybill-delivered.v1';
}

/** The carrier reports trouble: an exception or a failed delivery. The parcel may still arrive. */
export class WaybillException extends WaybillEvent<
  OfWaybill & { number: string; status: string; subStatus: string | null; at: string }
> {
  static override readonly type = 'logistics.waybill-exception.v1';
}

/** The parcel is back with the sender. */
export class WaybillReturned extends WaybillEvent<OfWaybill & { number: string; returnedAt: string }> {
  static override readonly type = 'logistics.waybill-returned.v1';
}

/** The consignment will not travel: its order or fulfilment was cancelled, or the carrier voided it. */
export class WaybillCancelled extends WaybillEvent<OfWaybill & { number: string | null }> {
  static override readonly type = 'logistics.waybill-cancelled.v1';
}

/** A carrier's message, pushed or polled, was stored; Logistics applies it next. */
export class CarrierMessageReceived extends ContractEvent<{ messageId: string; carrier: string }> {
  static override readonly type = 'logistics.carrier-message-received.v1';
  get aggregateId(): string {
    return this.data.messageId;
  }
}

/** How the waybills of orders stand, by order; orders without one are missing. */
export class WaybillStandingOfOrders extends ContractQuery<ReadonlyMap<string, readonly WaybillStanding[]>> {
  constructor(readonly orderIds: readonly string[]) {
    super();
  }
}

export interface WaybillStanding {
  /** `wbl_…` */
  waybillId: string;
  carrier: string;
  /** Null until the carrier gave one. */
  number: string | null;
  /** Of the waybill: `CREATED`, `IN_TRANSIT`, … */
  status: string;
  createdAt: string;
  dispatchedAt: string | null;
  /** When the carrier is asked next. */
  nextPollAt: string | null;
  /** Calls to the carrier that did not succeed yet. */
  calls: {
    kind: 'book' | 'cancel';
    /** Of the network effect: `requested`, `sent`, `pending`, `unknown`, `failed`, `stuck`. */
    state: string;
    attempts: number;
    /** When it is made, or asked about, next; null when it never is. */
    dueAt: string | null;
    lastError: string | null;
  }[];
}
