import { Injectable, Logger } from '@nestjs/common';
import { EventBus } from '@nestjs/cqrs';
import { Clock, idOf } from '@tradewind/shared-kernel';
import {
  type EffectOutcome,
  type EffectRow,
  EffectTable,
  EffectWorker,
  type NetworkEffect,
  type SettledAttempt,
} from '@tradewind/shared-kernel/effects';
import { Workers } from '@tradewind/shared-kernel/messaging';
import { currentContext, runInContext } from '@tradewind/shared-kernel/observability';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { MessageFailed, MessageSent } from '../contract';
import type { Locale } from '../domain/locale';
import type { ChannelName, Facts, TemplateName } from '../domain/rules';
import { NotificationSettings } from '../settings';
import { Channel, type Message } from './channel';
import { Deliveries } from './deliveries';
import { MessageTemplates } from './message-templates';

/** A claimed row of `notification.delivery`, as PostgreSQL gives it: ids are UUIDs. */
export interface DeliveryRow extends EffectRow {
  order_id: string;
  event_id: string;
  template: TemplateName;
  channel: ChannelName;
  locale: Locale;
  facts: Facts;
  recipient_name: string;
  recipient_email: string;
  request_id: string | null;
  trace: string | null;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Works off the intents: words each message as it is sent, hands it to the channel and tells the outcome. */
@Injectable()
export class SendMessages implements NetworkEffect<DeliveryRow, void> {
  readonly name = 'notification.send';
  readonly askAfterMs = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 60 * MINUTE, 60 * MINUTE];
  readonly #logger = new Logger('Notification');
  readonly #worker: EffectWorker<DeliveryRow, void>;

  constructor(
    private readonly channel: Channel,
    private readonly templates: MessageTemplates,
    private readonly deliveries: Deliveries,
    private readonly eventBus: EventBus,
    private readonly clock: Clock,
    unitOfWork: UnitOfWork,
    settings: NotificationSettings,
    workers: Workers,
  ) {
    this.#worker = new EffectWorker(this, new EffectTable(unitOfWork, 'notification.delivery'), {
      timeoutMs: settings.sendTimeoutMs,
    });
    workers.add(this.#worker);
  }

  /** Looks for intents now; call it after the commit that made one. */
  wake(): void {
    this.#worker.wake();
  }

  async call(row: DeliveryRow, signal: AbortSignal): Promise<EffectOutcome<void>> {
    const message = this.#worded(row);
    if (!message) return { kind: 'not-done', reason: 'template-error' };
    return this.channel.send(message, signal);
  }

  /**
   * Mail servers cannot be asked what became of a message. It is sent again under the same id: a mail twice, which mail
   * programs recognise by its Message-ID, does less harm than a buyer who never hears.
   */
  async ask(row: DeliveryRow, signal: AbortSignal): Promise<EffectOutcome<void>> {
    return this.call(row, signal);
  }

  async settle(attempts: readonly SettledAttempt<DeliveryRow, void>[]): Promise<void> {
    const sent = attempts.filter(({ outcome }) => outcome.kind === 'succeeded');
    await this.deliveries.markSent(
      sent.map(({ row }) => idOf('ntf', row.id)),
      this.clock.now(),
    );
    for (const { row, outcome } of attempts) {
      const told = {
        deliveryId: idOf('ntf', row.id),
        orderId: idOf('ord', row.order_id),
        template: row.template,
        channel: row.channel,
      };
      const event =
        outcome.kind === 'succeeded' ? new MessageSent(told) : new MessageFailed({ ...told, reason: outcome.reason });
      event.aggregateVersion = 1; // a delivery is settled once and has no other event
      const cause = { causationId: idOf('evt', row.event_id), requestId: row.request_id, trace: row.trace };
      runInContext({ ...currentContext(), ...cause }, () => this.eventBus.publish(event));
    }
  }

  /** Undefined when the template and the facts do not fit: nothing was sent, and a corrected template may still send it. */
  #worded(row: DeliveryRow): Message | undefined {
    const id = idOf('ntf', row.id);
    try {
      const wording = this.templates.render(row.template, row.locale, row.facts, row.recipient_name);
      return { id, to: { name: row.recipient_name, email: row.recipient_email }, ...wording };
    } catch (error) {
      this.#logger.error({ msg: 'a message could not be worded', id, template: row.template, err: error });
      return undefined;
    }
  }
}
