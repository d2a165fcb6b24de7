import { type Id, idOf, Money, type MoneyJson, uuidOf } from '@tradewind/shared-kernel';
import type { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { type Fulfilment, type FulfilmentMode, Goods } from '../../../domain/orders/goods';
import type { LineFacts } from '../../../domain/orders/goods-lines';
import { Order, type OrderLine, type OrderStatus } from '../../../domain/orders/order';
import type { OrderDiscount } from '../../../domain/orders/order-lifecycle';
import { Payment } from '../../../domain/payments/payment';
import type { CaptureMode } from '../../../domain/payments/payment-gateway';

/** Until the unit of work ends, or not at all; `locked if free` passes by what others have locked. */
export type Loading = 'locked' | 'locked if free' | 'read';

/** Those of these orders that exist, each as it stands in one snapshot. */
export async function loadOrders(unitOfWork: UnitOfWork, ids: readonly Id<'ord'>[], how: Loading): Promise<Order[]> {
  if (ids.length === 0) return [];
  const uuids = [[...new Set(ids)].map(uuidOf)];
  const [rows, lines] = await Promise.all([
    unitOfWork.query<OrderRow>(SELECT_ORDERS[how], uuids),
    unitOfWork.query<LineRow>(READ_LINES, uuids),
  ]);
  const manual = rows.filter(({ fulfilment }) => fulfilment === 'manual').map(({ id }) => id);
  const fulfilments = await fulfilmentsOf(unitOfWork, manual);
  // Two statements without a lock may see an order before and after a change: what is read must be of one version.
  const linesAt = new Map(lines.map(({ order, version }) => [order, version]));
  if (rows.some(({ id, version }) => linesAt.get(id) !== version)) return loadOrders(unitOfWork, ids, how);
  const linesOf = new Map<string, LineRow[]>(rows.map(({ id }) => [id, []]));
  for (const line of lines) linesOf.get(line.order)?.push(line);
  return rows.map((row) => orderOf(row, linesOf.get(row.id) ?? [], fulfilments.get(row.id) ?? []));
}

/** An order with its payment; ids are UUIDs. */
interface OrderRow extends Record<string, unknown> {
  id: string;
  version: number;
  status: OrderStatus;
  buyerId: string | null;
  currency: string;
  subtotal: bigint;
  discount: bigint;
  shipping: bigint;
  tax: bigint;
  taxIncluded: boolean;
  total: bigint;
  discounts: (Omit<OrderDiscount, 'amount'> & { amount: MoneyJson })[] | null;
  carrier: string | null;
  region: string | null;
  placedAt: Date;
  holdExpiresAt: Date;
  holdReleasedAt: Date | null;
  review: 'pending' | null;
  paidAt: Date | null;
  shippedAt: Date | null;
  deliveredAt: Date | null;
  cancelledAt: Date | null;
  cancelReason: string | null;
  fulfilment: FulfilmentMode;
  paymentId: string;
  gateway: string;
  amount: bigint;
  capture: CaptureMode;
  authorized: bigint;
  capturePending: bigint;
  captured: bigint;
  refundPending: bigint;
  refunded: bigint;
  declined: boolean;
  voided: boolean;
  voidPending: boolean;
  gatewayReference: string | null;
}

interface LineRow extends Record<string, unknown>, Omit<LineFacts, 'refundedAmount'> {
  order: string;
  /** Of its order. */
  version: number;
  lineNo: number;
  sku: string;
  quantity: number;
  unitPrice: bigint;
  discount: bigint;
  tax: bigint;
  total: bigint;
  refundedAmount: bigint;
}

/** Without the buyer's personal data, which is read by name only, for the peers that may ask. */
const READ_ORDERS = `SELECT o.id, o.version, o.status, o.buyer_id AS "buyerId", o.currency, o.subtotal, o.discount,
    o.shipping, o.tax, o.tax_included AS "taxIncluded", o.total, o.discounts, o.carrier, o.region, o.placed_at AS "placedAt",
    o.hold_expires_at AS "holdExpiresAt", o.hold_released_at AS "holdReleasedAt", o.review, o.paid_at AS "paidAt", o.shipped_at AS "shippedAt",
    o.delivered_at AS "deliveredAt", o.cancelled_at AS "cancelledAt", o.cancel_reason AS "cancelReason", o.fulfilment,
    p.id AS "paymentId", p.gateway, p.capture, p.amount, p.authorized, p.capture_pending AS "capturePending", p.captured,
    p.refund_pending AS "refundPending", p.refunded, p.declined, p.voided, p.void_pending AS "voidPending",
    p.gateway_reference AS "gatewayReference"
  FROM trading.orders o JOIN trading.payment p ON p.order_id = o.id WHERE o.id = ANY($1::uuid[])`;

const LOCK_ORDERS = `${READ_ORDERS} ORDER BY o.id FOR UPDATE`;

const SELECT_ORDERS: Record<Loading, string> = {
  read: READ_ORDERS,
  locked: LOCK_ORDERS,
  'locked if free': `${LOCK_ORDERS} SKIP LOCKED`,
};

const READ_LINES = `SELECT l.order_id AS "order", o.version, l.line_no AS "lineNo", l.sku, l.quantity,
    l.unit_price AS "unitPrice", l.discount, l.tax, l.total, l.cancelled, l.shipped, l.delivered, l.announced, l.returned,
    l.undelivered, l.refunded, l.refunded_amount AS "refundedAmount"
  FROM trading.order_line l JOIN trading.orders o ON o.id = l.order_id
  WHERE l.order_id = ANY($1::uuid[]) ORDER BY l.order_id, l.line_no`;

function orderOf(row: OrderRow, lines: LineRow[], fulfilments: Fulfilment[]): Order {
  const money = (amount: bigint) => Money.of(amount, row.currency);
  const payment = new Payment({
    id: idOf('pay', row.paymentId),
    gateway: row.gateway,
    capture: row.capture,
    amount: money(row.amount),
    authorized: money(row.authorized),
    capturePending: money(row.capturePending),
    captured: money(row.captured),
    refundPending: money(row.refundPending),
    refunded: money(row.refunded),
    gatewayReference: row.gatewayReference,
    declined: row.declined,
    voided: row.voided,
    voidPending: row.voidPending,
  });
  const agreedLines = lines.map(({ lineNo, sku, quantity, unitPrice, discount, tax, total }) => ({
    lineNo,
    sku,
    quantity,
    unitPrice: money(unitPrice),
    discount: money(discount),
    tax: money(tax),
    total: money(total),
  }));
  const goods = new Goods({
    fulfilment: row.fulfilment,
    lines: lines.map((line, index) => ({ ...(agreedLines[index] as OrderLine), ...factsOf(line) })),
    fulfilments,
  });
  const state = {
    id: idOf('ord', row.id),
    status: row.status,
    lines: agreedLines,
    subtotal: money(row.subtotal),
    discount: money(row.discount),
    shipping: money(row.shipping),
    tax: money(row.tax),
    taxIncluded: row.taxIncluded,
    total: money(row.total),
    discounts: (row.discounts ?? []).map((of) => ({ ...of, amount: Money.fromJSON(of.amount) })),
    buyerId: row.buyerId === null ? null : idOf('buy', row.buyerId),
    carrier: row.carrier,
    region: row.region,
    placedAt: row.placedAt,
    holdExpiresAt: row.holdExpiresAt,
    holdReleasedAt: row.holdReleasedAt,
    review: row.review,
    paidAt: row.paidAt,
    shippedAt: row.shippedAt,
    deliveredAt: row.deliveredAt,
    cancelledAt: row.cancelledAt,
    cancelReason: row.cancelReason,
  };
  return Order.restore(state, payment, goods, row.version);

  function factsOf(line: LineRow): LineFacts {
    const { cancelled, shipped, delivered, announced, returned, undelivered, refunded, refundedAmount } = line;
    const counts = { cancelled, shipped, delivered, announced, returned, undelivered, refunded };
    return { ...counts, refundedAmount: money(refundedAmount) };
  }
}

interface FulfilmentRow extends Record<string, unknown>, Omit<Fulfilment, 'id'> {
  /** UUID. */
  id: string;
  order: string;
}

/** By the order's UUID, oldest first. */
async function fulfilmentsOf(unitOfWork: UnitOfWork, orders: string[]): Promise<Map<string, Fulfilment[]>> {
  const found = new Map<string, Fulfilment[]>(orders.map((id) => [id, []]));
  if (orders.length === 0) return found;
  const rows = await unitOfWork.query<FulfilmentRow>(
    `SELECT id, order_id AS "order", status, carrier, lines, waybill, requested_at AS "requestedAt", changed_at AS "changedAt"
       FROM trading.fulfilment WHERE order_id = ANY($1::uuid[]) ORDER BY order_id, id`,
    [orders],
  );
  for (const { id, order, ...facts } of rows) found.get(order)?.push({ ...facts, id: idOf('ful', id) });
  return found;
}
