import { EventsHandler, QueryBus } from '@nestjs/cqrs';
import { Clock, type Delivered, Ids, laneOf } from '@tradewind/shared-kernel';
import { Subscription } from '@tradewind/shared-kernel/messaging';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import {
  ContactsOfOrders,
  OrderCancelled,
  OrderDelivered,
  OrderPaid,
  OrderShipped,
  RefundSettled,
} from '@tradewind/trading/contract';
import { chooseLocale } from '../domain/locale';
import { recipientOf } from '../domain/recipient';
import { rulesFor } from '../domain/rules';
import { Deliveries } from './deliveries';
import { SendMessages } from './send-messages';

/** Every event that a rule names. */
export const HEARD = [OrderPaid, OrderShipped, OrderDelivered, OrderCancelled, RefundSettled] as const;
type Heard = InstanceType<(typeof HEARD)[number]>;

/** Turns what happened into intents; sending them is a network effect and comes later. */
@EventsHandler(...HEARD)
@Subscription('notification.plan-messages')
export class PlanMessages {
  constructor(
    private readonly deliveries: Deliveries,
    private readonly sendMessages: SendMessages,
    private readonly unitOfWork: UnitOfWork,
    private readonly queryBus: QueryBus,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  async handleBatch(events: Delivered<Heard>[]): Promise<void> {
    const told = events
      .map((event) => ({ event, facts: { ...event.data }, rules: rulesFor(event.type, { ...event.data }) }))
      .filter(({ rules }) => rules.length > 0);
    if (told.length === 0) return;
    const contacts = await this.queryBus.execute<ContactsOfOrders, ContactsOfOrders['answer']>(
      new ContactsOfOrders([...new Set(told.map(({ event }) => event.data.orderId))]),
    );
    const createdAt = this.clock.now();
    const intents = told.flatMap(({ event, facts, rules }) => {
      const { orderId } = event.data;
      const contact = contacts.get(orderId) ?? null;
      const reached = recipientOf(contact);
      return rules.map(({ name, audience, template, channel }) => ({
        id: this.ids.next('ntf', laneOf(orderId)),
        orderId,
        eventId: event.meta.id,
        event: event.type,
        rule: name,
        audience,
        template,
        channel,
        locale: chooseLocale(contact?.locale ?? ''),
        facts,
        to: reached.kind === 'recipient' ? { recipient: reached.recipient } : { skipped: reached.reason },
        requestId: event.meta.requestId,
        trace: event.meta.trace,
        createdAt,
      }));
    });
    await this.deliveries.add(intents);
    this.unitOfWork.afterCommit(() => this.sendMessages.wake());
  }
}
