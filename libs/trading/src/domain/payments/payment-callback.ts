import { Aggregate, type Id } from '@tradewind/shared-kernel';
import { PaymentCallbackReceived } from '../../contract';

/** A gateway's message that was verified and stored before anything was made of it. */
export class PaymentCallback extends Aggregate {
  private constructor(
    readonly id: Id<'pcb'>,
    readonly gateway: string,
  ) {
    super(0);
  }

  static receive(id: Id<'pcb'>, gateway: string, orderId: Id<'ord'> | null): PaymentCallback {
    const callback = new PaymentCallback(id, gateway);
    callback.raise(new PaymentCallbackReceived({ callbackId: id, gateway, orderId }));
    return callback;
  }
}

export interface StoredCallback {
  id: Id<'pcb'>;
  gateway: string;
  /** The gateway's own id of the message: the same message is stored once. */
  eventId: string;
  body: Uint8Array;
  receivedAt: Date;
}

/** What was made of a message: a verdict on its payment, `orphan`, `ignored`, … */
export interface AppliedCallback {
  id: Id<'pcb'>;
  outcome: string;
}

/** What may have been made of a message. Everything but the first row is set aside and changes nothing. */
export const CALLBACK_OUTCOMES = [
  ...['paid', 'authorized', 'declined', 'voided', 'late', 'repeated'],
  ...['capture-succeeded', 'capture-failed', 'void-succeeded', 'void-failed', 'refund-succeeded', 'refund-failed'],
  ...['mismatch', 'orphan', 'ignored'],
] as const;

export interface ListedCallback extends StoredCallback {
  appliedAt: Date | null;
  outcome: string | null;
}

export abstract class PaymentCallbacks {
  /** Returns the ids of those that were not stored before. */
  abstract add(callbacks: readonly StoredCallback[]): Promise<ReadonlySet<Id<'pcb'>>>;
  abstract find(ids: readonly Id<'pcb'>[]): Promise<ReadonlyMap<Id<'pcb'>, StoredCallback>>;
  /** Newest first; `after` is the last one seen. */
  abstract list(outcome: string | undefined, limit: number, after?: Id<'pcb'>): Promise<ListedCallback[]>;
  abstract markApplied(callbacks: readonly AppliedCallback[], at: Date): Promise<void>;
}
