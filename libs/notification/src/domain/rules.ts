export type TemplateName = 'order-paid' | 'order-shipped' | 'order-delivered' | 'order-cancelled' | 'refund-settled';
export type Audience = 'buyer';
export type ChannelName = 'email';

/** The data of an event, as its contract describes it. */
export type Facts = Readonly<Record<string, unknown>>;

/** When this happens, tell these people that, over this channel. */
export interface Rule {
  /** Part of the key that makes a message unique: it never changes once released. */
  name: string;
  /** Name of the contract event. */
  event: string;
  /** Values that the event's data must hold; all events when left out. */
  where?: Readonly<Record<string, string>>;
  audience: Audience;
  template: TemplateName;
  channel: ChannelName;
}

export const RULES: readonly Rule[] = [
  {
    name: 'tell-buyer-order-paid',
    event: 'trading.order-paid.v1',
    audience: 'buyer',
    template: 'order-paid',
    channel: 'email',
  },
  {
    name: 'tell-buyer-order-shipped',
    event: 'trading.order-shipped.v1',
    audience: 'buyer',
    template: 'order-shipped',
    channel: 'email',
  },
  {
    name: 'tell-buyer-order-delivered',
    event: 'trading.order-delivered.v1',
    audience: 'buyer',
    template: 'order-delivered',
    channel: 'email',
  },
  {
    name: 'tell-buyer-order-cancelled',
    event: 'trading.order-cancelled.v1',
    audience: 'buyer',
    template: 'order-cancelled',
    channel: 'email',
  },
  {
    name: 'tell-buyer-refund-settled',
    event: 'trading.refund-settled.v1',
    where: { status: 'success' },
    audience: 'buyer',
    template: 'refund-settled',
    channel: 'email',
  },
];

export function rulesFor(event: string, facts: Facts): Rule[] {
  return RULES.filter(
    (rule) =>
      rule.event === event && Object.entries(rule.where ?? {}).every(([field, value]) => facts[field] === value),
  );
}
