import { type ContractEvent, idOf, type Id, Money } from '@tradewind/shared-kernel';
import { Order } from '../src/domain/orders/order';
import { NO_TERMS, priceBasket } from '../src/domain/pricing/price-basket';
import { Payment } from '../src/domain/payments/payment';

export const NOW = new Date('2026-01-31T08:30:00Z');
export const PRICE = Money.of(12_990, 'CNY');

const uuid = (n: number) => `00000000-0000-7000-8000-${n.toString().padStart(12, '0')}`;
export const orderId = (n = 1): Id<'ord'> => idOf('ord', uuid(n));
export const paymentId = (n = 1): Id<'pay'> => idOf('pay', uuid(n));
export const refundId = (n = 1): Id<'ref'> => idOf('ref', uuid(n));

export const paid = { outcome: 'paid', amount: PRICE, gatewayReference: 'ch_1' } as const;
export const declined = { ...paid, outcome: 'declined' } as const;
export const waybill = { waybillId: 'wbl_1', carrier: 'SF', number: 'SF1' };

export function aCreatedOrder(): Order {
  const order = Order.place(
    {
      id: orderId(),
      ...priceBasket([{ sku: 'TEA', quantity: 1, unitPrice: PRICE }], NO_TERMS),
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
export const aPaidOrder = () => after(aCreatedOrder(), (order) => order.recordPayment(paid, NOW));
export const aShippedOrder = () => after(aPaidOrder(), (order) => order.ship(waybill, NOW));
export const aDeliveredOrder = () => after(aShippedOrder(), (order) => order.deliver('wbl_1', NOW));
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
