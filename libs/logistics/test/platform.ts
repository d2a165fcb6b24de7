import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventBus, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { Aggregate, type ContractEvent } from '@tradewind/shared-kernel';
import { HttpModule, httpPersistence, observeRequests, parseBodies } from '@tradewind/shared-kernel/http';
import {
  type LoggedEvent,
  EventLog,
  MessagingModule,
  MessagingOptions,
  messagingPersistence,
  Workers,
} from '@tradewind/shared-kernel/messaging';
import { DatabaseModule, UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { createTestDatabase, eventually, type TestDatabase } from '@tradewind/shared-kernel/testing';
import { OrderCancelled, OrderPaid, type ShippingDetails, ShippingDetailsOfOrders } from '@tradewind/trading/contract';
import type { TrackedWaybillAnswer, WaybillAnswer } from '../src/adapters/http/answers';
import { LogisticsModule, logisticsPersistence, type LogisticsSettings } from '../src/index';
import { FakeCarrierServer } from './fake-carrier-server';

export const RECIPIENT = {
  name: '李雷',
  phone: '13800000000',
  country: 'CN',
  province: '广东',
  city: '深圳',
  line1: '科技园',
};

@QueryHandler(ShippingDetailsOfOrders)
@Injectable()
class ShippingDetailsStub implements IQueryHandler<ShippingDetailsOfOrders, ReadonlyMap<string, ShippingDetails>> {
  async execute({ orderIds }: ShippingDetailsOfOrders): Promise<ReadonlyMap<string, ShippingDetails>> {
    return new Map(orderIds.map((id) => [id, { recipient: RECIPIENT, lines: [{ sku: 'SKU-1', quantity: 2 }] }]));
  }
}

/** Stands in for Trading: raises an order's events with their versions. */
class OrderStub extends Aggregate {
  static at(version: number): OrderStub {
    return new OrderStub(version);
  }
  tell(event: ContractEvent): this {
    this.raise(event);
    return this;
  }
}

/** Everything Logistics needs around it, with a carrier that a test commands. */
export class Platform {
  readonly carrier = new FakeCarrierServer();
  app: NestFastifyApplication;
  #database: TestDatabase;

  async start(settings: Partial<LogisticsSettings> = {}): Promise<this> {
    const parts = [messagingPersistence, httpPersistence, logisticsPersistence];
    const baseUrl = await this.carrier.start();
    this.#database = await createTestDatabase(parts);
    const database = { url: this.#database.url, poolSize: 8 };
    const logistics = LogisticsModule.register({
      carriers: { SF: { baseUrl, callbackSecret: 'sf-secret' }, ZTO: { baseUrl, callbackKey: 'zto-key' } },
      defaultCarrier: 'SF',
      allowUnsignedCallbacks: true,
      poll: { firstMs: 3_600_000, mostMs: 7_200_000, everyMs: 20 },
      callTimeoutMs: 400,
      bookingAskAfterMs: Array.from({ length: 20 }, () => 40),
      ...settings,
    });
    @Module({
      imports: [
        DatabaseModule.register(database, parts),
        MessagingModule.register(new MessagingOptions(database, { pollMs: { busy: 20, idle: 100 } })),
        HttpModule,
        logistics,
      ],
      providers: [ShippingDetailsStub],
    })
    class Root {}
    const adapter = new FastifyAdapter();
    this.app = await NestFactory.create<NestFastifyApplication>(Root, adapter, {
      logger: false,
      abortOnError: false,
      bodyParser: false,
    });
    parseBodies(adapter.getInstance());
    observeRequests(adapter.getInstance());
    await this.app.init();
    await adapter.getInstance().ready();
    await this.app.get(Workers).start();
    return this;
  }

  async stop(): Promise<void> {
    this.carrier.release();
    await this.app.get(Workers).stop();
    await this.app.close();
    await this.carrier.stop();
    await this.#database.drop();
  }

  pay(orderId: string, carrier: string | null = null, version = 1): Promise<void> {
    const amount = { amount: 12990, currency: 'CNY' };
    return this.publish(version, new OrderPaid({ orderId, paymentId: 'pay_1', amount, carrier }));
  }

  cancel(orderId: string, from: 'created' | 'paid' = 'paid'): Promise<void> {
    return this.publish(2, new OrderCancelled({ orderId, reason: 'changed mind', from }));
  }

  async publish(version: number, event: ContractEvent): Promise<void> {
    const events = OrderStub.at(version - 1)
      .tell(event)
      .takeEvents();
    await this.app.get(UnitOfWork).run(async () => void this.app.get(EventBus).publishAll(events));
  }

  async booked(orderId: string): Promise<WaybillAnswer & { number: string }> {
    return eventually(async () => {
      const waybill = await this.waybill(orderId);
      return waybill?.number ? Object.assign(waybill, { number: waybill.number }) : undefined;
    });
  }

  async waybill(orderId: string): Promise<WaybillAnswer | undefined> {
    const answer = await this.app.inject({ url: `/v1/orders/${orderId}/waybills` });
    return (JSON.parse(answer.body) as { data: WaybillAnswer[] }).data[0];
  }

  async tracked(number: string): Promise<TrackedWaybillAnswer> {
    const answer = await this.app.inject({ url: `/v1/waybills/${number}` });
    return JSON.parse(answer.body) as TrackedWaybillAnswer;
  }

  post(url: string, body: string | object, headers: Record<string, string> = {}) {
    const payload = typeof body === 'string' ? body : JSON.stringify(body);
    return this.app.inject({
      method: 'POST',
      url,
      payload,
      headers: { 'content-type': 'application/json', ...headers },
    });
  }

  /** Reports scans of SF through its callback. */
  report(number: string, ...routes: { opCode: string; hour: number; [field: string]: unknown }[]) {
    return this.post('/v1/carriers/SF/callbacks/sf-secret', sfRoutes(number, ...routes));
  }

  query<R extends Record<string, unknown>>(text: string, values: unknown[] = []): Promise<R[]> {
    return this.app.get(UnitOfWork).query<R>(text, values);
  }

  /** Every event so far was heard by every subscription. */
  async allHeard(): Promise<void> {
    const behind = `SELECT 1 AS behind FROM messaging.subscription_cursor c JOIN messaging.lane l USING (lane)
                     WHERE l.head > c.position`;
    await eventually(async () => (await this.query(behind)).length === 0);
  }

  /** What Logistics told about an order, by event name. */
  async told(orderId: string): Promise<string[]> {
    const history = await this.history(orderId);
    return history.map((event) => event.type).filter((type) => type.startsWith('logistics.waybill'));
  }

  history(orderId: string): Promise<LoggedEvent[]> {
    return this.app.get(EventLog).history(orderId);
  }
}

export function sfRoutes(number: string, ...routes: { opCode: string; hour: number; [field: string]: unknown }[]) {
  return {
    Body: {
      WaybillRoute: routes.map(({ hour, ...route }, index) => ({
        id: `${Date.now()}${index}`,
        mailno: number,
        orderid: '',
        acceptTime: `2026-11-23 ${String(hour).padStart(2, '0')}:00:00`,
        acceptAddress: '深圳市',
        remark: '快件状态更新',
        ...route,
      })),
    },
  };
}
