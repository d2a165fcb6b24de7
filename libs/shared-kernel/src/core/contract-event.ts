/** What the event log knows about an event besides its data. */
export interface EventMeta {
  /** `evt_…`, minted once and carried everywhere. */
  id: string;
  /** 1, 2, 3 … within the aggregate, without holes. */
  aggregateVersion: number;
  occurredAt: Date;
  /** The business process: every event of one order's journey carries that order's id. */
  correlationId: string;
  /** The event whose handling caused this one; null when a request or a timer did. */
  causationId: string | null;
  requestId: string | null;
  actor: string;
  /** W3C `traceparent` of that request. */
  trace: string | null;
}

/**
 * A durable event with a stable, versioned name. `data` holds ids and facts, never personal data, and is JSON.
 *
 *     export class OrderPaid extends ContractEvent<{ orderId: string }> {
 *       static override readonly type = 'trading.order-paid.v1';
 *       get aggregateId() { return this.data.orderId; }
 *     }
 */
export abstract class ContractEvent<Data extends object = object> {
  static readonly type: string;

  /** Position in the aggregate's history, given by the aggregate that raised the event. */
  aggregateVersion = 0;
  /** Present on an event that comes from the log. */
  meta?: EventMeta;

  constructor(readonly data: Data) {}

  abstract get aggregateId(): string;

  get correlationId(): string {
    return this.aggregateId;
  }

  get type(): string {
    return (this.constructor as ContractEventClass).type;
  }
}

export interface ContractEventClass<Event extends ContractEvent = ContractEvent> {
  readonly type: string;
  readonly name: string;
  // Rehydration passes what was stored under this very type name.
  new (data: never): Event;
}

/** An event as a subscriber receives it. */
export type Delivered<Event extends ContractEvent> = Event & { readonly meta: EventMeta };
