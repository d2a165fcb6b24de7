import { ContractEvent, ContractQuery } from '@tradewind/shared-kernel';

/** What became of messages. Ids only; every event belongs to the business process of its order. */

interface OfDelivery {
  /** `ntf_…` */
  deliveryId: string;
  /** `ord_…` */
  orderId: string;
  /** `order-paid` */
  template: string;
  /** `email` */
  channel: string;
}

abstract class DeliveryEvent<Data extends OfDelivery> extends ContractEvent<Data> {
  get aggregateId(): string {
    return this.data.deliveryId;
  }
  override get correlationId(): string {
    return this.data.orderId;
  }
}

/** The channel has taken the message. Whether a person read it is not known. */
export class MessageSent extends DeliveryEvent<OfDelivery> {
  static override readonly type = 'notification.message-sent.v1';
}

/** The channel refused the message for good. */
export class MessageFailed extends DeliveryEvent<
  OfDelivery & {
    /** `smtp-550`: a code without personal data. */
    reason: string;
  }
> {
  static override readonly type = 'notification.message-failed.v1';
}

/** Messages about orders that are not sent, by order. Ids and codes only. */
export class UnsentMessagesOfOrders extends ContractQuery<ReadonlyMap<string, readonly UnsentMessage[]>> {
  constructor(readonly orderIds: readonly string[]) {
    super();
  }
}

export interface UnsentMessage extends OfDelivery {
  /** `pending`: it is sent, or tried again, by itself; `failed`: refused for good; `stuck`: a person has to look. */
  status: 'pending' | 'failed' | 'stuck';
  attempts: number;
  /** When it is tried next; null when it never is. */
  dueAt: string | null;
  /** `smtp-451`: a code without personal data. */
  lastError: string | null;
  createdAt: string;
}
