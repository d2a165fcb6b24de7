import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { type Id, isId } from '@tradewind/shared-kernel';
import { ContactsOfOrders, type OrderContact, type ShippingDetails, ShippingDetailsOfOrders } from '../../contract';

/** What peers may ask of an order: the personal data that events must not carry. */
export abstract class OrderContacts {
  abstract shippingDetails(ids: readonly Id<'ord'>[]): Promise<ReadonlyMap<string, ShippingDetails>>;
  abstract contacts(ids: readonly Id<'ord'>[]): Promise<ReadonlyMap<string, OrderContact>>;
}

@QueryHandler(ShippingDetailsOfOrders)
export class AnswerShippingDetails implements IQueryHandler<
  ShippingDetailsOfOrders,
  ReadonlyMap<string, ShippingDetails>
> {
  constructor(private readonly contacts: OrderContacts) {}

  async execute({ orderIds }: ShippingDetailsOfOrders): Promise<ReadonlyMap<string, ShippingDetails>> {
    return this.contacts.shippingDetails(orderIds.filter((id) => isId('ord', id)));
  }
}

@QueryHandler(ContactsOfOrders)
export class AnswerContacts implements IQueryHandler<ContactsOfOrders, ReadonlyMap<string, OrderContact>> {
  constructor(private readonly contacts: OrderContacts) {}

  async execute({ orderIds }: ContactsOfOrders): Promise<ReadonlyMap<string, OrderContact>> {
    return this.contacts.contacts(orderIds.filter((id) => isId('ord', id)));
  }
}
