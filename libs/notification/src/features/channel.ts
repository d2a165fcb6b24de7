import type { EffectOutcome } from '@tradewind/shared-kernel/effects';
import type { Recipient } from '../domain/recipient';

export interface Message {
  /** `ntf_…`, the same for every attempt: the channel makes a repeat recognisable, or harmless, by it. */
  id: string;
  to: Recipient;
  subject: string;
  text: string;
  html: string;
}

/**
 * Something that brings messages to people. Never throws what another side said, and gives reasons as codes such as
 * `smtp-550`: providers repeat the recipient in their texts.
 */
export abstract class Channel {
  abstract send(message: Message, signal: AbortSignal): Promise<EffectOutcome<void>>;
}
