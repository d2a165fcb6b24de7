import type { MoneyJson } from '@tradewind/shared-kernel';
import type { GoodsLine } from '../../domain/orders/goods-lines';
import type { Order } from '../../domain/orders/order';
import type { OrderDiscount } from '../../domain/orders/order-lifecycle';
import { type AmountsJson, amountsJson, type LineJson, lineJson } from '../../domain/pricing/pricing-json';

/** The counts say what became of the line's units; `refunded` counts those whose price was given back by the line. */
interface OrderLineView extends LineJson {
  cancelled: number;
  shipped: number;
  delivered: number;
  returned: number;
  refunded: number;
}

type OrderDiscountView = Omit<OrderDiscount, 'amount'> & { amount: MoneyJson };

/** An order as the API shows it. Holds no personal data. */
export interface OrderView extends AmountsJson {
  id: string;
  version: number;
  status: string;
  paymentStatus: string;
  fulfilmentStatus: string;
  review: 'pending' | null;
  fulfilment: string;
  lines: OrderLineView[];
  discounts: OrderDiscountView[];
  paymentId: string;
  buyerId: string | null;
  carrier: string | null;
  region: string | null;
  placedAt: string;
  holdExpiresAt: string;
  paidAt: string | null;
  shippedAt: string | null;
  deliveredAt: string | null;
  cancelledAt: string | null;
  cancelReason: string | null;
}

export function orderView(order: Order): OrderView {
  const { state } = order;
  const { subtotal, discount, shipping, tax, taxIncluded, total } = amountsJson(state);
  return {
    id: state.id,
    version: order.version,
    status: state.status,
    paymentStatus: order.paymentStatus,
    fulfilmentStatus: order.fulfilmentStatus,
    review: state.review,
    fulfilment: order.goods.state.fulfilment,
    lines: order.goods.state.lines.map(lineView),
    discounts: state.discounts.map((discount) => ({ ...discount, amount: discount.amount.toJSON() })),
    subtotal,
    discount,
    shipping,
    tax,
    taxIncluded,
    total,
    paymentId: order.payment.state.id,
    buyerId: state.buyerId,
    carrier: state.carrier,
    region: state.region,
    placedAt: state.placedAt.toISOString(),
    holdExpiresAt: state.holdExpiresAt.toISOString(),
    paidAt: iso(state.paidAt),
    shippedAt: iso(state.shippedAt),
    deliveredAt: iso(state.deliveredAt),
    cancelledAt: iso(state.cancelledAt),
    cancelReason: state.cancelReason,
  };
}

function lineView(line: GoodsLine): OrderLineView {
  const { lineNo, sku, quantity, unitPrice, discount, tax, total } = lineJson(line);
  const { cancelled, shipped, delivered, returned, refunded } = line;
  return {
    lineNo,
    sku,
    quantity,
    unitPrice,
    discount,
    tax,
    total,
    cancelled,
    shipped,
    delivered,
    returned,
    refunded,
  };
}

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;
