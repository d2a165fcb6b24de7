import { Injectable } from '@nestjs/common';
import { firstUuidOf, type Id, idOf, isId, uuidOf } from '@tradewind/shared-kernel';
import { decodeCursor, encodeCursor } from '@tradewind/shared-kernel/http';
import { GroupRead, UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { LRUCache } from 'lru-cache';
import type { OrderContact, ShippingDetails } from '../../../contract';
import type { OrderStatus } from '../../../domain/orders/order';
import { OrderContacts } from '../../../features/orders/answer-peers';
import { orderView } from '../../../features/orders/order-view';
import { loadOrders } from './order-loading';

export interface OrderQuestion {
  status?: OrderStatus;
  buyerId?: Id<'buy'>;
  sku?: string;
  from?: Date;
  to?: Date;
  limit: number;
  cursor?: string;
}

/** An order as the API shows it. */
export interface OrderText {
  version: number;
  json: string;
}

/** Texts kept in memory, characters: about a thousand for an order of one line. */
const MOST_KEPT = 16_000_000;
/** An order is minted moments before the time it carries. */
const MINTED_WITHIN_MS = 60_000;

const isOrderId = (text: string): boolean => isId('ord', text);

/**
 * Reads that need no lock. What the API shows of an order changes with its version and never without: its text is made once
 * for each version, and a read asks the database which version stands now.
 */
@Injectable()
export class OrderReads extends OrderContacts {
  /** By UUID, as rows have it: a page names twenty orders, and most of their texts are kept. */
  readonly #orders = new GroupRead<string, OrderText>((uuids) => this.#standing(uuids));
  readonly #kept = new LRUCache<string, OrderText>({
    maxSize: MOST_KEPT,
    sizeCalculation: ({ json }) => json.length,
  });

  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  find(id: Id<'ord'>): Promise<OrderText | undefined> {
    return this.#orders.find(uuidOf(id));
  }

  /** One page as JSON text, newest first and by key: as quick on the last page as on the first. */
  async list(question: OrderQuestion): Promise<string> {
    const { text, values } = selectPage(question);
    const rows = await this.unitOfWork.query<Standing>(text, values);
    const shown = rows.slice(0, question.limit);
    const texts = await this.#textsOf(shown);
    const data = shown.flatMap(({ id }) => texts.get(id)?.json ?? []);
    const last = shown.at(-1);
    const nextCursor = rows.length > shown.length && last ? encodeCursor([idOf('ord', last.id)]) : null;
    return `{"data":[${data.join(',')}],"nextCursor":${JSON.stringify(nextCursor)}}`;
  }

  async shippingDetails(ids: readonly Id<'ord'>[]): Promise<ReadonlyMap<string, ShippingDetails>> {
    const rows = await this.unitOfWork.query<ShippingDetails & { id: string }>(
      `SELECT o.id, o.shipping_address AS recipient,
              (SELECT json_agg(json_build_object('sku', l.sku, 'quantity', l.quantity - l.cancelled) ORDER BY l.line_no)
                 FROM trading.order_line l WHERE l.order_id = o.id AND l.quantity > l.cancelled) AS lines
         FROM trading.orders o WHERE o.id = ANY($1::uuid[])`,
      [ids.map(uuidOf)],
    );
    return new Map(rows.map(({ id, ...details }) => [idOf('ord', id), details]));
  }

  async contacts(ids: readonly Id<'ord'>[]): Promise<ReadonlyMap<string, OrderContact>> {
    const rows = await this.unitOfWork.query<OrderContact & { id: string }>(
      `SELECT id, shipping_address->>'name' AS name, email, locale FROM trading.orders WHERE id = ANY($1::uuid[])`,
      [ids.map(uuidOf)],
    );
    return new Map(rows.map(({ id, ...contact }) => [idOf('ord', id), contact]));
  }

  async #standing(uuids: string[]): Promise<Map<string, OrderText>> {
    const rows = await this.unitOfWork.query<Standing>(
      'SELECT id, version FROM trading.orders WHERE id = ANY($1::uuid[])',
      [uuids],
    );
    return this.#textsOf(rows);
  }

  async #textsOf(standing: Standing[]): Promise<Map<string, OrderText>> {
    const texts = new Map<string, OrderText>();
    const missing: Id<'ord'>[] = [];
    for (const { id, version } of standing) {
      const kept = this.#kept.get(id);
      if (kept?.version === version) texts.set(id, kept);
      else missing.push(idOf('ord', id));
    }
    for (const order of await loadOrders(this.unitOfWork, missing, 'read')) {
      const text = { version: order.version, json: JSON.stringify(orderView(order)) };
      this.#kept.set(uuidOf(order.id), text);
      texts.set(uuidOf(order.id), text);
    }
    return texts;
  }
}

interface Standing extends Record<string, unknown> {
  /** UUID. */
  id: string;
  version: number;
}

/** One row more than the page. Identifiers grow with time, so that their own index gives the newest first. */
function selectPage({ status, buyerId, sku, from, to, limit, cursor }: OrderQuestion): {
  text: string;
  values: unknown[];
} {
  const values: unknown[] = [limit + 1];
  const value = (given: unknown) => `$${values.push(given)}`;
  const orders: string[] = [];
  const within: string[] = [];
  if (status) orders.push(`o.status = ${value(status)}`);
  if (buyerId) orders.push(`o.buyer_id = ${value(uuidOf(buyerId))}`);
  if (from) {
    orders.push(`o.placed_at >= ${value(from)}`);
    within.push(`>= ${value(firstUuidOf(from.getTime() - MINTED_WITHIN_MS))}`);
  }
  if (to) {
    orders.push(`o.placed_at < ${value(to)}`);
    within.push(`< ${value(firstUuidOf(to.getTime() + MINTED_WITHIN_MS))}`);
  }
  if (cursor) within.push(`< ${value(uuidOf(decodeCursor(cursor, [isOrderId])[0] as string))}`);
  const bounds = (column: string) => within.map((bound) => `${column} ${bound}`);
  const select = (source: string) =>
    `SELECT o.id, o.version FROM ${source} ${orders.length > 0 ? `WHERE ${orders.join(' AND ')}` : ''}
      ORDER BY o.id DESC LIMIT $1`;
  if (!sku) {
    orders.push(...bounds('o.id'));
    return { text: select('trading.orders o'), values };
  }
  // From the SKU's own index, in its order: a rare one is found as quickly as a common one.
  const lines = [`sku = ${value(sku)}`, ...bounds('order_id')];
  const ofSku = `(SELECT DISTINCT order_id FROM trading.order_line WHERE ${lines.join(' AND ')} ORDER BY order_id DESC OFFSET 0) l`;
  return { text: select(`${ofSku} JOIN trading.orders o ON o.id = l.order_id`), values };
}
