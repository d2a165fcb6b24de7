import { randomUUID } from 'node:crypto';
import { CommandBus } from '@nestjs/cqrs';
import { Test } from '@nestjs/testing';
import { type Id, idOf, Money } from '@tradewind/shared-kernel';
import { HttpModule, httpPersistence, type IdempotentRequest } from '@tradewind/shared-kernel/http';
import { MessagingModule, MessagingOptions, messagingPersistence } from '@tradewind/shared-kernel/messaging';
import { DatabaseModule, UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { createTestDatabase } from '@tradewind/shared-kernel/testing';
import { Catalogue } from '../src/domain/stock/catalogue';
import { CheckOut } from '../src/features/checkout/check-out';
import { TradingModule, tradingPersistence, TradingSettings } from '../src/index';

export type TradingWorld = Awaited<ReturnType<typeof openTrading>>;

export const aRequest = (): IdempotentRequest => {
  const key = randomUUID();
  return { scope: 'test', key, fingerprint: key, keepHours: 24 };
};

/** Trading on a database of its own, without its background workers: a test does by hand, and at once, what they do. */
export async function openTrading(settings: Partial<TradingSettings> = {}) {
  const parts = [messagingPersistence, httpPersistence, tradingPersistence];
  const database = await createTestDatabase(parts);
  const connection = { url: database.url, poolSize: 16 };
  const app = await Test.createTestingModule({
    imports: [
      DatabaseModule.register(connection, parts),
      MessagingModule.register(new MessagingOptions(connection)),
      HttpModule,
      TradingModule.register(new TradingSettings(settings)),
    ],
  }).compile();
  await app.init();
  const unitOfWork = app.get(UnitOfWork);
  const commands = app.get(CommandBus);

  return {
    app,
    unitOfWork,
    aSku: async (onHand: number, sku = `TEST-${randomUUID().slice(0, 8)}`): Promise<string> => {
      const item = {
        sku,
        name: 'Tea',
        category: null,
        price: Money.of(500, 'CNY'),
        onHand: BigInt(onHand),
        lowAt: null,
      };
      await app.get(Catalogue).put(item);
      return sku;
    },
    /** Places an order and says which it is, with its payment. */
    checkOut: async (
      ...lines: [sku: string, quantity: number][]
    ): Promise<{ order: Id<'ord'>; payment: Id<'pay'> }> => {
      const address = { name: 'A', phone: '1', country: 'CN', province: 'P', city: 'C', line1: 'L' };
      const answer = await commands.execute(
        new CheckOut(
          {
            lines: lines.map(([sku, quantity]) => ({ sku, quantity })),
            buyerId: null,
            paymentMethod: 'sandbox',
            carrier: null,
            region: null,
            country: 'CN',
            coupons: [],
            channel: null,
            quoteHash: null,
            capture: 'automatic',
          },
          { shippingAddress: address, email: null, locale: 'en' },
          aRequest(),
        ),
      );
      const { order, payment } = JSON.parse(answer.json) as { order: { id: Id<'ord'> }; payment: { id: Id<'pay'> } };
      return { order: order.id, payment: payment.id };
    },
    stockOf: async (sku: string) => {
      const [row] = await unitOfWork.query<{ onHand: bigint; reserved: bigint }>(
        'SELECT on_hand AS "onHand", reserved FROM trading.stock_item WHERE sku = $1',
        [sku],
      );
      return { onHand: Number(row?.onHand), reserved: Number(row?.reserved) };
    },
    /** SKUs of which the ledger says something else than the counts. */
    unexplained: () =>
      unitOfWork.query(
        `SELECT s.sku, s.on_hand, s.reserved, m.on_hand AS ledger_on_hand, m.reserved AS ledger_reserved
           FROM trading.stock_item s
           LEFT JOIN (SELECT sku, sum(delta_on_hand) AS on_hand, sum(delta_reserved) AS reserved
                        FROM trading.stock_movement GROUP BY sku) AS m USING (sku)
          WHERE (s.on_hand, s.reserved) IS DISTINCT FROM (coalesce(m.on_hand, 0), coalesce(m.reserved, 0))`,
      ),
    /** What the ledger tells of an order, oldest first, as `kind quantity`. */
    movementsOf: async (order: Id<'ord'>): Promise<string[]> => {
      const rows = await unitOfWork.query<{ id: string; kind: string; quantity: bigint; order_id: string }>(
        'SELECT order_id, kind, quantity FROM trading.stock_movement WHERE order_id IS NOT NULL ORDER BY id',
      );
      return rows.filter((row) => idOf('ord', row.order_id) === order).map((row) => `${row.kind} ${row.quantity}`);
    },
    close: async () => {
      await app.close();
      await database.drop();
    },
  };
}
