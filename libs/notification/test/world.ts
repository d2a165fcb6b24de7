import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import type { LoggerService } from '@nestjs/common';
import { EventBus, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Aggregate, type ContractEvent, SystemIds } from '@tradewind/shared-kernel';
import { HttpModule, httpPersistence } from '@tradewind/shared-kernel/http';
import { MessagingModule, MessagingOptions, messagingPersistence, Workers } from '@tradewind/shared-kernel/messaging';
import { DatabaseModule, UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { createTestDatabase } from '@tradewind/shared-kernel/testing';
import { ContactsOfOrders, type OrderContact, OrderPaid } from '@tradewind/trading/contract';
import { NOTIFICATION_DEFAULTS, NotificationModule, notificationPersistence } from '../src';
import { DevMailbox } from '../src/adapters/channels/dev-mailbox';

export const ZHANG: OrderContact = { name: 'Zhang San', email: 'zhang.san@example.com', locale: 'zh-CN' };

const ids = new SystemIds();

/** Trading, as far as this context sees it: it knows contacts. */
@QueryHandler(ContactsOfOrders)
export class ContactsStandIn implements IQueryHandler<ContactsOfOrders, ReadonlyMap<string, OrderContact>> {
  readonly known = new Map<string, OrderContact>();

  async execute(): Promise<ReadonlyMap<string, OrderContact>> {
    return this.known;
  }
}

/** An order whose history the test writes. */
export class OrderStandIn extends Aggregate {
  constructor(readonly id: string = ids.next('ord')) {
    super(0);
  }

  happened(...events: ContractEvent[]): this {
    for (const event of events) this.raise(event);
    return this;
  }

  paid(amount = 12990): this {
    const paymentId = ids.next('pay');
    return this.happened(
      new OrderPaid({ orderId: this.id, paymentId, amount: { amount, currency: 'CNY' }, carrier: null }),
    );
  }
}

export interface DeliveryLine {
  id: string;
  state: string;
  template: string;
  attempts: number;
  last_error: string | null;
}

export type World = Awaited<ReturnType<typeof openWorld>>;

/** The context on a database of its own, with workers that have not started yet. */
export async function openWorld(settings: { smtpUrl?: string; sendTimeoutMs?: number } = {}) {
  const parts = [messagingPersistence, httpPersistence, notificationPersistence];
  const database = await createTestDatabase(parts);
  const mailboxDir = await mkdtemp(path.join(tmpdir(), 'tradewind-mailbox-'));
  const connection = { url: database.url, poolSize: 8 };
  const testing = await Test.createTestingModule({
    imports: [
      DatabaseModule.register(connection, parts),
      MessagingModule.register(new MessagingOptions(connection, { pollMs: { busy: 20, idle: 50 } })),
      HttpModule,
      NotificationModule.register({ ...NOTIFICATION_DEFAULTS, mailboxDir, ...settings }),
    ],
    providers: [ContactsStandIn],
  }).compile();
  const app = testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
  const logged: string[] = [];
  app.useLogger(recorder(logged));
  await app.init();
  await app.getHttpAdapter().getInstance().ready();

  const unitOfWork = app.get(UnitOfWork);
  const events = app.get(EventBus);
  return {
    app,
    unitOfWork,
    /** Every log line as JSON. */
    logged,
    mailbox: settings.smtpUrl ? undefined : app.get(DevMailbox),
    contacts: app.get(ContactsStandIn).known,
    start: () => app.get(Workers).start(),
    publish: (order: OrderStandIn) => unitOfWork.run(async () => void events.publishAll(order.takeEvents())),
    deliveries: () =>
      unitOfWork.query<DeliveryLine>(
        'SELECT id, state, template, attempts, last_error FROM notification.delivery ORDER BY id',
      ),
    /** Everything committed so far has been handled. */
    planned: async () => {
      const [behind] = await unitOfWork.query(
        `SELECT FROM messaging.subscription_cursor c JOIN messaging.lane l USING (lane) WHERE l.head > c.position`,
      );
      return !behind;
    },
    close: async () => {
      await app.get(Workers).stop();
      await app.close();
      await database.drop();
      await rm(mailboxDir, { recursive: true, force: true });
    },
  };
}

function recorder(lines: string[]): LoggerService {
  const record = (message: unknown): void => {
    lines.push(JSON.stringify(message, (_key, value: unknown) => (value instanceof Error ? inspect(value) : value)));
  };
  return { log: record, warn: record, error: record, debug: record, verbose: record, fatal: record };
}
