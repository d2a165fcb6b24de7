import { amountColumn, idColumn } from '@tradewind/shared-kernel/persistence';
import { type Id, Money } from '@tradewind/shared-kernel';
import { EntitySchema } from 'typeorm';
import type { ShippingAddress } from '../../contract';
import { Order, type OrderStatus } from '../../domain/order';
import { Payment } from '../../domain/payment';

export interface OrderRow {
  id: Id<'ord'>;
  version: number;
  status: OrderStatus;
  buyerId: Id<'buy'> | null;
  currency: string;
  total: bigint;
  carrier: string | null;
  region: string | null;
  locale: string;
  email: string | null;
  shippingAddress: ShippingAddress;
  placedAt: Date;
  holdExpiresAt: Date;
  paidAt: Date | null;
  shippedAt: Date | null;
  deliveredAt: Date | null;
  cancelledAt: Date | null;
  cancelReason: string | null;
}

export interface OrderLineRow {
  orderId: Id<'ord'>;
  lineNo: number;
  sku: string;
  quantity: number;
  unitPrice: bigint;
  total: bigint;
}

export interface PaymentRow {
  id: Id<'pay'>;
  orderId: Id<'ord'>;
  gateway: string;
  currency: string;
  amount: bigint;
  authorized: bigint;
  captured: bigint;
  refundPending: bigint;
  refunded: bigint;
  declined: boolean;
  gatewayReference: string | null;
}

const moment = (name: string, nullable = true) => ({ type: 'timestamptz' as const, name, nullable });

export const OrderRows = new EntitySchema<OrderRow>({
  name: 'Order',
  tableName: 'orders',
  schema: 'trading',
  columns: {
    id: idColumn('ord', { primary: true }),
    version: { type: 'int' },
    status: { type: 'text' },
    buyerId: idColumn('buy', { name: 'buyer_id', nullable: true }),
    currency: { type: 'char', length: 3 },
    total: amountColumn(),
    carrier: { type: 'text', nullable: true },
    region: { type: 'text', nullable: true },
    locale: { type: 'text' },
    // Personal data: read by name only, for the peers that may ask.
    email: { type: 'text', nullable: true, select: false },
    shippingAddress: { type: 'jsonb', name: 'shipping_address', select: false },
    placedAt: moment('placed_at', false),
    holdExpiresAt: moment('hold_expires_at', false),
    paidAt: moment('paid_at'),
    shippedAt: moment('shipped_at'),
    deliveredAt: moment('delivered_at'),
    cancelledAt: moment('cancelled_at'),
    cancelReason: { type: 'text', name: 'cancel_reason', nullable: true },
  },
});

export const OrderLineRows = new EntitySchema<OrderLineRow>({
  name: 'OrderLine',
  tableName: 'order_line',
  schema: 'trading',
  columns: {
    orderId: idColumn('ord', { name: 'order_id', primary: true }),
    lineNo: { type: 'int', name: 'line_no', primary: true },
    sku: { type: 'text' },
    quantity: { type: 'int' },
    unitPrice: amountColumn({ name: 'unit_price' }),
    total: amountColumn(),
  },
});

export const PaymentRows = new EntitySchema<PaymentRow>({
  name: 'Payment',
  tableName: 'payment',
  schema: 'trading',
  columns: {
    id: idColumn('pay', { primary: true }),
    orderId: idColumn('ord', { name: 'order_id' }),
    gateway: { type: 'text' },
    currency: { type: 'char', length: 3 },
    amount: amountColumn(),
    authorized: amountColumn(),
    captured: amountColumn(),
    refundPending: amountColumn({ name: 'refund_pending' }),
    refunded: amountColumn(),
    declined: { type: 'boolean' },
    gatewayReference: { type: 'text', name: 'gateway_reference', nullable: true },
  },
});

/** What an order is restored from: its row without the buyer's personal data. */
type OrderFacts = Omit<OrderRow, 'locale' | 'email' | 'shippingAddress'> & { locale?: string };

export function restoreOrder(
  row: OrderFacts,
  lines: Omit<OrderLineRow, 'orderId'>[],
  payment: Omit<PaymentRow, 'orderId' | 'currency'>,
): Order {
  const money = (amount: bigint) => Money.of(amount, row.currency);
  const { version, currency: _currency, total, locale: _locale, ...state } = row;
  return Order.restore(
    {
      ...state,
      total: money(total),
      lines: lines
        .toSorted((a, b) => a.lineNo - b.lineNo)
        .map(({ lineNo, sku, quantity, ...line }) => ({
          lineNo,
          sku,
          quantity,
          unitPrice: money(line.unitPrice),
          total: money(line.total),
        })),
    },
    new Payment({
      id: payment.id,
      gateway: payment.gateway,
      amount: money(payment.amount),
      authorized: money(payment.authorized),
      captured: money(payment.captured),
      refundPending: money(payment.refundPending),
      refunded: money(payment.refunded),
      gatewayReference: payment.gatewayReference,
      declined: payment.declined,
    }),
    version,
  );
}
