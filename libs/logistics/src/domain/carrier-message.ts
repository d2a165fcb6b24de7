import { Aggregate, type Id } from '@tradewind/shared-kernel';
import { CarrierMessageReceived } from '../contract';

/** What a carrier sent, before anything was read into it. */
export interface ReceivedMessage {
  readonly id: Id<'cmg'>;
  readonly carrier: string;
  /** Pushed by the carrier, or fetched by us. */
  readonly source: 'callback' | 'poll';
  readonly receivedAt: Date;
  readonly contentType: string;
  readonly raw: Uint8Array;
}

/** The bytes of one message, kept as they came. */
export class CarrierMessage extends Aggregate {
  /** What its receipt tells; the only event of a message, so a batch that runs again can publish it again. */
  readonly received: CarrierMessageReceived;

  private constructor(readonly content: ReceivedMessage) {
    super(0);
    this.received = new CarrierMessageReceived({ messageId: content.id, carrier: content.carrier });
    this.raise(this.received);
  }

  static of(content: ReceivedMessage): CarrierMessage {
    return new CarrierMessage(content);
  }
}
