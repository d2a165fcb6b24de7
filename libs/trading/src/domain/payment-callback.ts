import { Aggregate, type Id } from '@tradewind/shared-kernel';
import { PaymentCallbackReceived } from '../contract';

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

export abstract class PaymentCallbacks {
  /** False when this message was stored before. */
  abstract add(callback: StoredCallback): Promise<boolean>;
  abstract find(id: Id<'pcb'>): Promise<StoredCallback>;
  abstract markApplied(id: Id<'pcb'>, outcome: string, at: Date): Promise<void>;
}
