import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { type Id, isId } from '@tradewind/shared-kernel';
import { ContactOfOrder, type OrderContact, type ShippingDetails, ShippingDetailsOfOrder } from '../contract';

/** What peers may ask of an order: the personal data that events must not carry. */
export abstract class OrderContacts {
  abstract shippingDetails(id: Id<'ord'>): Promise<ShippingDetails | null>;
  abstract contact(id: Id<'ord'>): Promise<OrderContact | null>;
}

@QueryHandler(ShippingDetailsOfOrder)
export class AnswerShippingDetails implements IQueryHandler<ShippingDetailsOfOrder, ShippingDetails | null> {
  constructor(private readonly contacts: OrderContacts) {}

  async execute({ orderId }: ShippingDetailsOfOrder): Promise<ShippingDetails | null> {
    return isId('ord', orderId) ? this.contacts.shippingDetails(orderId) : null;
  }
}

@QueryHandler(ContactOfOrder)
export class AnswerContact implements IQueryHandler<ContactOfOrder, OrderContact | null> {
  constructor(private readonly contacts: OrderContacts) {}

  async execute({ orderId }: ContactOfOrder): Promise<OrderContact | null> {
    return isId('ord', orderId) ? this.contacts.contact(orderId) : null;
  }
}
