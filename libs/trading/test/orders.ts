import { type ContractEvent, idOf, type Id, Money } from '@tradewind/shared-kernel';
import type { FulfilmentMode } from '../src/domain/orders/goods';
import { Order } from '../src/domain/orders/order';
import { priceBasket, type PricingTerms } from '../src/domain/pricing/price-basket';
import { Payment } from '../src/domain/payments/payment';

export const NOW = new Date('2026-01-31T08:30:00Z');
export const PRICE = Money.of(12_990, 'CNY');

const uuid = (n: number) => `00000000-0000-7000-8000-${n.toString().padStart(12, '0')}`;
export const orderId = (n = 1): Id<'ord'> => idOf('ord', uuid(n));
export const paymentId = (n = 1): Id<'pay'> => idOf('pay', uuid(n));
export const fulfilmentId = (n = 1): Id<'ful'> => idOf('ful', uuid(n));
export const returnId = (n = 1): Id<'ret'> => idOf('ret', uuid(n));
export const refundId = (n = 1): Id<'ref'> => idOf('ref', uuid(n));

export const paid = { outcome: 'paid', amount: PRICE, gatewayReference: 'ch_1' } as const;
export const declined = { ...paid, outcome: 'declined' } as const;
export const waybill = { waybillId: 'wbl_1', carrier: 'SF', number: 'SF1', fulfilmentId: null };

/** Three units of tea that come to 100.00, and four pots to 0.07, and shipping: neither price divides by its count. */
export function aBigOrder(fulfilment: FulfilmentMode = 'automatic'): Order {
  const cny = (amount: number) => Money.of(amount, 'CNY');
  const order = Order.place(
    {
      id: orderId(),
      lines: [
        {
          lineNo: 1,
          sku: 'TEA',
          quantity: 3,
          unitPrice: cny(3_334),
          discount: cny(2),
          tax: cny(0),
          total: cny(10_000),
        },
        { lineNo: 2, sku: 'POT', quantity: 4, unitPrice: cny(2), discount: cny(1), tax: cny(0), total: cny(7) },
      ],
      discounts: [],
      subtotal: cny(10_010),
      discount: cny(3),
      shipping: cny(500),
      tax: cny(0),
      taxIncluded: false,
      total: cny(10_507),
      buyerId: null,
      carrier: null,
      region: null,
      placedAt: NOW,
      holdExpiresAt: NOW,
    },
    Payment.awaited(paymentId(), 'sandbox', cny(10_507)),
    fulfilment,
  );
  order.takeEvents();
  return order;
}

/** Where nothing is configured. */
export const NO_TERMS: PricingTerms = {
  taxRate: null,
  shippingRate: null,
  promotions: [],
  context: { buyer: null, coupons: [], now: NOW, channel: null, region: null, available: () => 0n },
};

export function aCreatedOrder(): Order {
  const { lines, amounts } = priceBasket([{ sku: 'TEA', category: null, quantity: 1, unitPrice: PRICE }], NO_TERMS);
  const order = Order.place(
    {
      id: orderId(),
      lines,
      discounts: [],
      ...amounts,
      buyerId: null,
      carrier: null,
      region: null,
      placedAt: NOW,
      holdExpiresAt: NOW,
    },
    Payment.awaited(paymentId(), 'sandbox', PRICE),
  );
  order.takeEvents();
  return order;
}

const after = (order: Order, move: (order: Order) => unknown): Order => {
  move(order);
  order.takeEvents();
  order.takeStockMoves();
  return order;
};
export const aPaidBigOrder = (fulfilment: FulfilmentMode = 'automatic') =>
  after(aBigOrder(fulfilment), (order) => order.recordPayment({ ...paid, amount: order.state.total }, NOW));
export const aPaidOrder = () => after(aCreatedOrder(), (order) => order.recordPayment(paid, NOW));
export const aShippedOrder = () => after(aPaidOrder(), (order) => order.ship(waybill, NOW));
export const aDeliveredOrder = () => after(aShippedOrder(), (order) => order.deliver(waybill, NOW));
export const aCancelledOrder = () => after(aCreatedOrder(), (order) => order.cancel('changed mind', NOW));

type EventClass = new (data: never) => ContractEvent;

/** given(an order).when(a move).then(event, fields) | .thenRefused(code) | .thenNothing() */
export function given(order: Order) {
  return {
    when(move: (order: Order) => unknown) {
      return {
        then(type: EventClass, fields: object = {}): Order {
          move(order);
          const event = order.takeEvents().find((candidate) => candidate instanceof type);
          expect(event).toBeInstanceOf(type);
          expect(event?.data).toMatchObject(fields);
          return order;
        },
        thenNothing(): Order {
          move(order);
          expect(order.takeEvents()).toEqual([]);
          return order;
        },
        thenRefused(code: string, members: object = {}): void {
          expect(() => move(order)).toThrow(
            expect.objectContaining({ code, members: expect.objectContaining(members) }),
          );
          expect(order.takeEvents()).toEqual([]);
        },
      };
    },
  };
}
