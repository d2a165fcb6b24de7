import { ContractEvent, ContractQuery, type MoneyJson } from '@tradewind/shared-kernel';

/**
 * What Trading tells others. Released types never change: a new shape is a new version beside the old one.
 * All amounts are integer minor units with an ISO 4217 currency; all times RFC 3339 UTC.
 */

interface OfOrder {
  /** `ord_…` */
  orderId: string;
}

interface OfFulfilment extends OfOrder {
  /** `ful_…` */
  fulfilmentId: string;
}

interface OfReturn extends OfOrder {
  /** `ret_…` */
  returnId: string;
}

/** So many units of a line. */
interface UnitsOfLine {
  lineNo: number;
  sku: string;
  quantity: number;
}

abstract class OrderEvent<Data extends OfOrder> extends ContractEvent<Data> {
  get aggregateId(): string {
    return this.data.orderId;
  }
}

/** A buyer has checked out: the stock is held and a payment is awaited. */
export class OrderPlaced extends OrderEvent<
  OfOrder & {
    buyerId: string | null;
    paymentId: string;
    /** `total` is `unitPrice` times `quantity`, less `discount`, and plus `tax` where prices exclude it. */
    lines: {
      lineNo: number;
      sku: string;
      quantity: number;
      unitPrice: MoneyJson;
      discount: MoneyJson;
      tax: MoneyJson;
      total: MoneyJson;
    }[];
    /** Of all lines, before discounts. */
    subtotal: MoneyJson;
    discount: MoneyJson;
    /** What is charged for shipping. */
    shipping: MoneyJson;
    /** Of all lines and of shipping. */
    tax: MoneyJson;
    /** Whether prices contain the tax. */
    taxIncluded: boolean;
    /** `subtotal` less `discount`, plus `shipping`, and plus `tax` where prices exclude it. */
    total: MoneyJson;
    /** Until when the units are held for this order. */
    holdExpiresAt: string;
  }
> {
  static override readonly type = 'trading.order-placed.v1';
}

/** The units of an unpaid order are held longer than at first: a person looks at it. */
export class StockHoldExtended extends OrderEvent<OfOrder & { holdExpiresAt: string }> {
  static override readonly type = 'trading.stock-hold-extended.v1';
}

/** The whole amount was captured; the order may be shipped. */
export class OrderPaid extends OrderEvent<
  OfOrder & {
    paymentId: string;
    amount: MoneyJson;
    /** The carrier the buyer chose; null leaves the choice to Logistics. */
    carrier: string | null;
    /** `manual`: nothing is shipped before a fulfilment is requested; `automatic` when absent. */
    fulfilment?: 'automatic' | 'manual';
  }
> {
  static override readonly type = 'trading.order-paid.v1';
}

/** The buyer's payment was declined; the order stays open for another outcome until its hold expires. */
export class PaymentDeclined extends OrderEvent<OfOrder & { paymentId: string }> {
  static override readonly type = 'trading.payment-declined.v1';
}

/** The time to pay is over: the units are free, and the order is cancelled unless its gateway says that it was paid. */
export class StockHoldExpired extends OrderEvent<OfOrder> {
  static override readonly type = 'trading.stock-hold-expired.v1';
}

/** The order was paid after its units had become free, and they could be held for it again. */
export class StockHeldAgain extends OrderEvent<OfOrder & { holdExpiresAt: string }> {
  static override readonly type = 'trading.stock-held-again.v1';
}

/** The buyer's payment is authorised and not captured; the units are held for the captures. */
export class PaymentAuthorized extends OrderEvent<
  OfOrder & { paymentId: string; amount: MoneyJson; holdExpiresAt: string }
> {
  static override readonly type = 'trading.payment-authorized.v1';
}

/** One operation on an order's payment: `cap_…`, `voi_…`, `ref_…`, or the payment's own `pay_…`. */
type OfOperation = OfOrder & { paymentId: string; operationId: string; amount: MoneyJson };

/** An amount is set aside to be captured; the gateway has not answered yet. `final`: what is left will be let go. */
export class CaptureRequested extends OrderEvent<OfOperation & { final: boolean }> {
  static override readonly type = 'trading.capture-requested.v1';
}

/** The gateway captured the amount, or definitely did not. */
export class CaptureSettled extends OrderEvent<OfOperation & { status: 'success' | 'failed' }> {
  static override readonly type = 'trading.capture-settled.v1';
}

/** The gateway is asked to let go of what is authorised and not captured. */
export class VoidRequested extends OrderEvent<OfOperation> {
  static override readonly type = 'trading.void-requested.v1';
}

/** The authorisation is gone, or the gateway definitely did not let go of it. Without an operation it ran out there. */
export class PaymentVoided extends OrderEvent<
  Omit<OfOperation, 'operationId'> & { operationId: string | null; status: 'success' | 'failed' }
> {
  static override readonly type = 'trading.payment-voided.v1';
}

/** A gateway has not told what became of an operation, however often it was asked: a person has to look. */
export class PaymentOperationStuck extends OrderEvent<OfOperation & { kind: string; reason: string | null }> {
  static override readonly type = 'trading.payment-operation-stuck.v1';
}

/** The order will not be fulfilled; its units are free again. */
export class OrderCancelled extends OrderEvent<
  OfOrder & {
    reason: string;
    /** What the order was before; `paid` means that a refund follows. */
    from: 'created' | 'paid';
    /** `manual`: its fulfilments are cancelled by events of their own; `automatic` when absent. */
    fulfilment?: 'automatic' | 'manual';
  }
> {
  static override readonly type = 'trading.order-cancelled.v1';
}

/** Units of some lines will not be shipped; they are free again. What was paid for them is given back. */
export class OrderLinesCancelled extends OrderEvent<OfOrder & { reason: string; lines: UnitsOfLine[] }> {
  static override readonly type = 'trading.order-lines-cancelled.v1';
}

/** These units of the order are to be shipped together. */
export class FulfilmentRequested extends OrderEvent<
  OfFulfilment & {
    /** The carrier wished for; null leaves the choice to Logistics. */
    carrier: string | null;
    lines: UnitsOfLine[];
  }
> {
  static override readonly type = 'trading.fulfilment-requested.v1';
}

/** A fulfilment that had not left the house will not be made: units of it were cancelled. */
export class FulfilmentCancelled extends OrderEvent<OfFulfilment> {
  static override readonly type = 'trading.fulfilment-cancelled.v1';
}

/** The parcel of one fulfilment is with the carrier. */
export class FulfilmentShipped extends OrderEvent<
  OfFulfilment & { waybillId: string; carrier: string; number: string }
> {
  static override readonly type = 'trading.fulfilment-shipped.v1';
}

/** The parcel of one fulfilment arrived. */
export class FulfilmentDelivered extends OrderEvent<OfFulfilment & { waybillId: string; deliveredAt: string }> {
  static override readonly type = 'trading.fulfilment-delivered.v1';
}

/** Every unit that was not cancelled is with a carrier; the waybill is that of the last parcel. */
export class OrderShipped extends OrderEvent<OfOrder & { waybillId: string; carrier: string; number: string }> {
  static override readonly type = 'trading.order-shipped.v1';
}

/** Everything that was shipped has arrived; the waybill is that of the last parcel. */
export class OrderDelivered extends OrderEvent<OfOrder & { waybillId: string; deliveredAt: string }> {
  static override readonly type = 'trading.order-delivered.v1';
}

/** The carrier brought a parcel back to us, whether it had arrived before or not. */
export class ParcelReturned extends OrderEvent<
  OfOrder & {
    waybillId: string;
    /** Null when the parcel held the whole order. */
    fulfilmentId: string | null;
    /** The return that the units below are; null when returns of the buyer name all of them. */
    returnId: string | null;
    lines: UnitsOfLine[];
  }
> {
  static override readonly type = 'trading.parcel-returned.v1';
}

/** The buyer announced that units come back. */
export class ReturnRequested extends OrderEvent<OfReturn & { reason: string; lines: UnitsOfLine[] }> {
  static override readonly type = 'trading.return-requested.v1';
}

/** The announced units are here. */
export class ReturnReceived extends OrderEvent<OfReturn> {
  static override readonly type = 'trading.return-received.v1';
}

/** Someone looked at the returned units; a refund of those accepted follows, unless their price was given back before. */
export class ReturnDecided extends OrderEvent<
  OfReturn & { lines: (UnitsOfLine & { outcome: 'accepted' | 'rejected'; restock: boolean })[] }
> {
  static override readonly type = 'trading.return-decided.v1';
}

/** What becomes of money for an order that was cancelled: it goes back, or waits for people to decide. */
export type LateHandling = 'given-back' | 'left-to-people';

/** Money arrived for an order that had been cancelled before; nothing is revived. */
export class PaymentArrivedLate extends OrderEvent<
  OfOrder & { paymentId: string; amount: MoneyJson; handling: LateHandling }
> {
  static override readonly type = 'trading.payment-arrived-late.v1';
}

/** Risk policies want a person to look at the order: it may be paid, and does not ship before it is approved. */
export class OrderReviewOpened extends OrderEvent<
  OfOrder & {
    /** When the default decides if nobody has; its units are held until then. */
    deadline: string;
  }
> {
  static override readonly type = 'trading.order-review-opened.v1';
}

/** The order was looked at and goes on. */
export class OrderReviewApproved extends OrderEvent<OfOrder & { by: 'reviewer' | 'deadline' }> {
  static override readonly type = 'trading.order-review-approved.v1';
}

/** The order was looked at and is not taken: it is cancelled, and what was paid goes back. */
export class OrderReviewRejected extends OrderEvent<OfOrder & { by: 'reviewer' | 'deadline' }> {
  static override readonly type = 'trading.order-review-rejected.v1';
}

/** The amount was captured while the order waits for its review: the order is paid when it is approved. */
export class PaymentParked extends OrderEvent<OfOrder & { paymentId: string; amount: MoneyJson }> {
  static override readonly type = 'trading.payment-parked.v1';
}

/** An amount is set aside to be given back; the gateway has not answered yet. */
export class RefundRequested extends OrderEvent<
  OfOrder & { refundId: string; paymentId: string; amount: MoneyJson; reason: string }
> {
  static override readonly type = 'trading.refund-requested.v1';
}

/** The gateway gave the money back, or definitely did not. */
export class RefundSettled extends OrderEvent<
  OfOrder & {
    refundId: string;
    paymentId: string;
    amount: MoneyJson;
    status: 'success' | 'failed';
    /** What the whole order came to. */ orderTotal?: MoneyJson;
  }
> {
  static override readonly type = 'trading.refund-settled.v1';
}

interface OfSku {
  sku: string;
  /** Units that can be sold now. */
  available: number;
  /** So many available units, or fewer, are few. */
  lowAt: number;
}

abstract class StockEvent<Data extends OfSku> extends ContractEvent<Data> {
  get aggregateId(): string {
    return this.data.sku;
  }
}

/** Few units of a SKU are left to sell: once when they become few, not again while they are. */
export class StockLow extends StockEvent<OfSku> {
  static override readonly type = 'trading.stock-low.v1';
}

/** No unit of a SKU is left to sell. */
export class StockOut extends StockEvent<OfSku> {
  static override readonly type = 'trading.stock-out.v1';
}

/** Units of a SKU can be sold again after there were none, or more than few after there were few. */
export class StockBack extends StockEvent<
  OfSku & {
    /** Still few. */
    isLow: boolean;
  }
> {
  static override readonly type = 'trading.stock-back.v1';
}

/** A payment gateway's verified message was stored; Trading applies it next. */
export class PaymentCallbackReceived extends ContractEvent<{
  /** `pcb_…` */
  callbackId: string;
  gateway: string;
  /** The order whose payment the message names; null when it names none of ours. */
  orderId: string | null;
}> {
  static override readonly type = 'trading.payment-callback-received.v1';
  get aggregateId(): string {
    return this.data.callbackId;
  }
  override get correlationId(): string {
    return this.data.orderId ?? this.data.callbackId;
  }
}

/** Where orders go and what is in them, by order; those that nobody knows are missing. Personal data: do not store or log it. */
export class ShippingDetailsOfOrders extends ContractQuery<ReadonlyMap<string, ShippingDetails>> {
  constructor(readonly orderIds: readonly string[]) {
    super();
  }
}

export interface ShippingDetails {
  recipient: ShippingAddress;
  /** What was not cancelled; null when all of it was. */
  lines: { sku: string; quantity: number }[] | null;
}

export interface ShippingAddress {
  name: string;
  phone: string;
  /** ISO 3166-1 alpha-2. */
  country: string;
  province: string;
  city: string;
  district?: string;
  line1: string;
  postcode?: string;
}

/** How to reach the buyers of orders, in which language, by order; those that nobody knows are missing. Personal data. */
export class ContactsOfOrders extends ContractQuery<ReadonlyMap<string, OrderContact>> {
  constructor(readonly orderIds: readonly string[]) {
    super();
  }
}

export interface OrderContact {
  name: string;
  email: string | null;
  /** BCP 47, as the buyer gave it at checkout: `zh-CN`, `en`. */
  locale: string;
}
