import { type DynamicModule, Module } from '@nestjs/common';
import { Clock } from '@tradewind/shared-kernel';
import type { Persistence } from '@tradewind/shared-kernel/persistence';
import { DevMailbox } from './adapters/channels/dev-mailbox';
import { SmtpChannel } from './adapters/channels/smtp-channel';
import { DevMailboxController } from './adapters/http/dev-mailbox.controller';
import { NotificationsController } from './adapters/http/notifications.controller';
import { DeliverySchema } from './adapters/persistence/delivery.schema';
import { CreateNotification1767225600400 } from './adapters/persistence/migrations';
import { PostgresDeliveries } from './adapters/persistence/postgres-deliveries';
import { LiquidTemplates } from './adapters/templates/liquid-templates';
import { AnswerUnsentMessages } from './features/answer-unsent-messages';
import { Channel } from './features/channel';
import { Deliveries } from './features/deliveries';
import { MessageTemplates } from './features/message-templates';
import { PlanMessages } from './features/plan-messages';
import { SendMessages } from './features/send-messages';
import { NotificationSettings } from './settings';

export const notificationPersistence: Persistence = {
  entities: [DeliverySchema],
  migrations: [CreateNotification1767225600400],
};

@Module({})
export class NotificationModule {
  static register(settings: NotificationSettings): DynamicModule {
    const overSmtp = {
      controllers: [NotificationsController],
      providers: [{ provide: Channel, useValue: new SmtpChannel(settings) }],
    };
    const intoMailbox = {
      controllers: [NotificationsController, DevMailboxController],
      providers: [
        {
          provide: DevMailbox,
          useFactory: (clock: Clock) => new DevMailbox(settings.mailboxDir, clock),
          inject: [Clock],
        },
        { provide: Channel, useExisting: DevMailbox },
      ],
    };
    const { controllers, providers } = settings.smtpUrl ? overSmtp : intoMailbox;
    return {
      module: NotificationModule,
      controllers,
      providers: [
        ...providers,
        { provide: NotificationSettings, useValue: settings },
        { provide: Deliveries, useClass: PostgresDeliveries },
        { provide: MessageTemplates, useClass: LiquidTemplates },
        AnswerUnsentMessages,
        PlanMessages,
        SendMessages,
      ],
    };
  }
}
