import type { Id } from '@tradewind/shared-kernel';
import type { Locale } from './locale';
import type { Recipient, SkipReason } from './recipient';
import type { Audience, ChannelName, Facts, TemplateName } from './rules';

/**
 * The kernel's states of a network effect, and `skipped`: there was nobody to send it to.
 * A delivery that a person has to look at is `stuck`.
 */
export const DELIVERY_STATES = [
  'requested',
  'sent',
  'pending',
  'unknown',
  'succeeded',
  'failed',
  'stuck',
  'skipped',
] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** What callers see: how an attempt stands is our affair until it is settled. */
export const DELIVERY_STATUSES = ['pending', 'sent', 'failed', 'skipped', 'stuck'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

const STATUS_OF: Record<DeliveryState, DeliveryStatus> = {
  requested: 'pending',
  sent: 'pending',
  pending: 'pending',
  unknown: 'pending',
  succeeded: 'sent',
  failed: 'failed',
  stuck: 'stuck',
  skipped: 'skipped',
};

export const statusOf = (state: DeliveryState): DeliveryStatus => STATUS_OF[state];

/** A message that is to be sent once: what it says is decided when it is sent, from these facts. */
export interface Intent {
  id: Id<'ntf'>;
  orderId: string;
  /** `evt_…` and contract name of what happened. */
  eventId: string;
  event: string;
  /** Name of the rule. With event and audience the key of the message. */
  rule: string;
  audience: Audience;
  template: TemplateName;
  channel: ChannelName;
  locale: Locale;
  facts: Facts;
  to: { recipient: Recipient } | { skipped: SkipReason };
  /** Of the request that began it all. */
  requestId: string | null;
  trace: string | null;
  createdAt: Date;
}
