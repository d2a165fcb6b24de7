import { EventsHandler, QueryBus } from '@nestjs/cqrs';
import { Clock, type Delivered, Ids } from '@tradewind/shared-kernel';
import { Subscription } from '@tradewind/shared-kernel/messaging';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import {
  ContactOfOrder,
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

  async handle(event: Delivered<Heard>): Promise<void> {
    const facts = { ...event.data };
    const rules = rulesFor(event.type, facts);
    if (rules.length === 0) return;
    const { orderId } = event.data;
    const contact = await this.queryBus.execute<ContactOfOrder, ContactOfOrder['answer']>(new ContactOfOrder(orderId));
    const reached = recipientOf(contact);
    for (const { name, audience, template, channel } of rules) {
      await this.deliveries.add({
        id: this.ids.next('ntf'),
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
        createdAt: this.clock.now(),
      });
    }
    this.unitOfWork.afterCommit(() => this.sendMessages.wake());
  }
}
