import type { UnsentMessage } from '../contract';
import type { DeliveryState, Intent } from '../domain/delivery';

/** A delivery as it is looked at. `recipientEmail` is not masked yet. */
export interface DeliveryRecord {
  id: string;
  event: string;
  template: string;
  locale: string;
  channel: string;
  recipientEmail: string | null;
  state: DeliveryState;
  attempts: number;
  lastError: string | null;
  createdAt: Date;
  sentAt: Date | null;
}

/** The table of deliveries. */
export abstract class Deliveries {
  /** Keeps the intents, except those whose event, rule and audience have one already. */
  abstract add(intents: readonly Intent[]): Promise<void>;
  abstract markSent(ids: readonly string[], at: Date): Promise<void>;
  /** Newest first; `before` is the last one seen. */
  abstract ofOrder(orderId: string, limit: number, before?: string): Promise<DeliveryRecord[]>;
  /** Oldest first; what was skipped, as there was nobody to tell, is not among them. */
  abstract unsentOf(orderIds: readonly string[]): Promise<UnsentMessage[]>;
}
