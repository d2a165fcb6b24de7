import { Injectable } from '@nestjs/common';
import { type Id, Money, uuidOf } from '@tradewind/shared-kernel';
import { jsonSequence, UnitOfWork } from '@tradewind/shared-kernel/persistence';
import type { ShelfItem } from '../../../domain/checkout/checkout';
import type { Order } from '../../../domain/orders/order';
import { CheckoutStore, type PlacedOrder } from '../../../domain/checkout/checkout-store';
import type { StockLevel } from '../../../domain/stock/stock-level';
import { movementsOf, type StockMovement } from '../../../domain/stock/stock-movement';
import { StockRows } from '../stock/stock-rows';

const READ_SHELF = `SELECT s.sku, k.category, k.price, k.currency, s.on_hand, s.reserved, s.low_at AS "lowAt", s.version
   FROM trading.stock_item s JOIN trading.sku k USING (sku) WHERE s.sku = ANY($1::text[])`;

/** Set-based SQL: the number of statements does not depend on the number of orders. */
@Injectable()
export class CheckoutRows extends CheckoutStore {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly stock: StockRows,
  ) {
    super();
  }

  lockShelf(skus: string[]): Promise<ShelfItem[]> {
    return this.#shelf(`${READ_SHELF} ORDER BY s.sku FOR UPDATE OF s`, skus);
  }

  readShelf(skus: string[]): Promise<ShelfItem[]> {
    return this.#shelf(READ_SHELF, skus);
  }

  lockBuyers(ids: readonly Id<'buy'>[]): Promise<unknown> {
    // Not their rows: buyers need not be registered.
    return this.unitOfWork.query(
      `SELECT pg_advisory_xact_lock(key)
         FROM (SELECT DISTINCT hashtextextended('checkout of ' || id, 0) AS key FROM unnest($1::text[]) AS id
                ORDER BY key OFFSET 0) AS buyer`,
      [ids],
    );
  }

  async #shelf(statement: string, skus: string[]): Promise<ShelfItem[]> {
    const rows = await this.unitOfWork.query<{
      sku: string;
      category: string | null;
      price: bigint;
      currency: string;
      on_hand: bigint;
      reserved: bigint;
      lowAt: bigint | null;
      version: number;
    }>(statement, [skus]);
    return rows.map((row) => ({
      sku: row.sku,
      category: row.category,
      price: Money.of(row.price, row.currency),
      onHand: row.on_hand,
      reserved: row.reserved,
      level: this.stock.levelOf(row),
    }));
  }

  write(placed: PlacedOrder[], reserved: ReadonlyMap<string, bigint>, crossed: StockLevel[]): Promise<unknown> {
    return Promise.all([
      this.#reserve(reserved),
      crossed.length > 0 && this.stock.saveVersions(crossed),
      this.#orders(placed),
      this.#lines(placed),
      this.#claims(placed.flatMap(({ order }) => movementsOf(order.id, order.takeStockMoves()))),
      this.#payments(placed),
      this.#paidAtOnce(placed.flatMap(({ order }) => (order.payment.isOpen ? [] : [order]))),
    ]);
  }

  #reserve(reserved: ReadonlyMap<string, bigint>): Promise<unknown> {
    return this.unitOfWork.query(
      `UPDATE trading.stock_item s SET reserved = s.reserved + t.units
         FROM unnest($1::text[], $2::bigint[]) AS t(sku, units) WHERE s.sku = t.sku`,
      [[...reserved.keys()], [...reserved.values()]],
    );
  }

  #orders(placed: PlacedOrder[]): Promise<unknown> {
    const states = placed.map(({ order }) => order.state);
    return this.unitOfWork.query(
      `INSERT INTO trading.orders (id, version, status, buyer_id, currency, subtotal, discount, shipping, tax, tax_included,
                                   total, carrier, region, fulfilment, locale, email, shipping_address, placed_at,
                                   hold_expires_at, discounts)
       SELECT id, version, 'created', buyer_id, currency, subtotal, discount, shipping, tax, tax_included, total, carrier, region,
              fulfilment, locale, email, address::jsonb, placed_at, expires_at, discounts::jsonb
         FROM unnest($1::uuid[], $2::int[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
                     $8::bigint[], $9::boolean[], $10::bigint[], $11::text[], $12::text[], $13::text[], $14::text[],
                     $15::timestamptz[], $16::timestamptz[], string_to_array($17, chr(30)), $18::text[], $19::text[])
           AS o(id, version, buyer_id, currency, subtotal, discount, shipping, tax, tax_included, total, carrier, region, locale,
                email, placed_at, expires_at, address, fulfilment, discounts)`,
      [
        states.map((state) => uuidOf(state.id)),
        placed.map(({ order }) => order.version),
        states.map((state) => state.buyerId && uuidOf(state.buyerId)),
        states.map((state) => state.total.currency),
        states.map((state) => state.subtotal.amount),
        states.map((state) => state.discount.amount),
        states.map((state) => state.shipping.amount),
        states.map((state) => state.tax.amount),
        states.map((state) => state.taxIncluded),
        states.map((state) => state.total.amount),
        states.map((state) => state.carrier),
        states.map((state) => state.region),
        placed.map(({ locale }) => locale),
        placed.map(({ email }) => email),
        states.map((state) => state.placedAt),
        states.map((state) => state.holdExpiresAt),
        jsonSequence(placed.map(({ shippingAddress }) => JSON.stringify(shippingAddress))),
        placed.map(({ order }) => order.goods.state.fulfilment),
        states.map(({ discounts }) => (discounts.length > 0 ? JSON.stringify(discounts) : null)),
      ],
    );
  }

  /** The lines, and in the ledger what they hold. */
  #lines(placed: PlacedOrder[]): Promise<unknown> {
    const lines = placed.flatMap(({ order }) => order.state.lines);
    return this.unitOfWork.query(
      `WITH line AS (
         SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::int[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
           AS l(order_id, line_no, sku, quantity, unit_price, discount, tax, total)),
       hold AS (
         INSERT INTO trading.stock_movement (sku, kind, quantity, order_id)
         SELECT sku, 'hold', sum(quantity), order_id FROM line GROUP BY order_id, sku)
       INSERT INTO trading.order_line (order_id, line_no, sku, quantity, unit_price, discount, tax, total)
       SELECT order_id, line_no, sku, quantity, unit_price, discount, tax, total FROM line`,
      [
        placed.flatMap(({ order }) => Array<string>(order.state.lines.length).fill(uuidOf(order.id))),
        lines.map((line) => line.lineNo),
        lines.map((line) => line.sku),
        lines.map((line) => line.quantity),
        lines.map((line) => line.unitPrice.amount),
        lines.map((line) => line.discount.amount),
        lines.map((line) => line.tax.amount),
        lines.map((line) => line.total.amount),
      ],
    );
  }

  /** An order that is paid at once claims what it holds. */
  #claims(claims: StockMovement[]): Promise<unknown> {
    return claims.length > 0 ? this.stock.record(claims) : Promise.resolve();
  }

  /** The payment, and under its id the operation that has it authorised. */
  #payments(placed: PlacedOrder[]): Promise<unknown> {
    return this.unitOfWork.query(
      `WITH row AS (
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[], $7::text[],
                              $8::text[], $9::int[])
           AS p(id, order_id, gateway, currency, amount, placed_at, capture, state, due_in_ms)),
       payment AS (
         INSERT INTO trading.payment (id, order_id, gateway, currency, amount, capture)
         SELECT id, order_id, gateway, currency, amount, capture FROM row)
       INSERT INTO trading.payment_operation (id, payment_id, order_id, gateway, kind, amount, currency, requested_at, state, due_at)
       SELECT row.id, row.id, row.order_id, row.gateway, 'authorize', row.amount, row.currency, row.placed_at, row.state,
              now() + row.due_in_ms * interval '1 millisecond'
         FROM row`,
      [
        placed.map(({ order }) => uuidOf(order.payment.state.id)),
        placed.map(({ order }) => uuidOf(order.id)),
        placed.map(({ order }) => order.payment.state.gateway),
        placed.map(({ order }) => order.payment.state.amount.currency),
        placed.map(({ order }) => order.payment.state.amount.amount),
        placed.map(({ order }) => order.state.placedAt),
        placed.map(({ order }) => order.payment.state.capture),
        placed.map(({ authorization }) => authorization.state),
        placed.map(({ authorization }) => authorization.dueInMs),
      ],
    );
  }

  /** What a local gateway paid in this transaction. An order that waits for a reviewer is not paid for by it yet. */
  #paidAtOnce(orders: readonly Order[]): Promise<unknown> {
    if (orders.length === 0) return Promise.resolve();
    return this.unitOfWork.query(
      `WITH paid AS (SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::text[]) AS p(id, paid_at, reference)),
       moved AS (
         UPDATE trading.orders o SET status = 'paid', paid_at = paid.paid_at FROM paid
          WHERE o.id = paid.id AND paid.paid_at IS NOT NULL),
       operation AS (
         UPDATE trading.payment_operation o SET gateway_ref = paid.reference FROM paid, trading.payment p
          WHERE p.order_id = paid.id AND o.id = p.id)
       UPDATE trading.payment p SET authorized = p.amount, captured = p.amount, gateway_reference = paid.reference
         FROM paid WHERE p.order_id = paid.id`,
      [
        orders.map((order) => uuidOf(order.id)),
        orders.map((order) => order.state.paidAt),
        orders.map((order) => order.payment.state.gatewayReference),
      ],
    );
  }
}
