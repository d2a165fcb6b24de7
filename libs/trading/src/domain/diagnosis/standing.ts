import type { OrderStatus } from '../orders/order';
import type { OperationKind } from '../payments/payment-operations';
import type { PaymentStatus } from '../payments/payment';

/** What an order can wait for. */
export const WAITS = [
  'buyer-payment',
  'hold-expiry',
  'risk-review',
  'payment-operation',
  'parked-event',
  'subscription',
  'waybill-number',
  'waybill-cancellation',
  'carrier-pickup',
  'carrier-delivery',
  'message',
] as const;

export interface Wait {
  what: (typeof WAITS)[number];
  since: Date;
  /** When the platform turns to it next by itself; null when it does not. */
  next: Date | null;
  detail: string;
  /** What ends the wait. */
  unblock: string;
}

export interface Diagnosis {
  /** False when only a person can end what holds the order up. */
  moving: boolean;
  waitsFor: Wait[];
}

/** A wait, and whether it holds the order up until a person acts. */
export type Found = Wait & { needsPerson: boolean };

/** A payment operation without its end. Its state is that of a network effect. */
export interface OpenOperation {
  id: string;
  kind: OperationKind;
  gateway: string;
  state: string;
  attempts: number;
  requestedAt: Date;
  dueAt: Date | null;
  lastError: string | null;
}

/** A waybill as Logistics tells. */
export interface OpenWaybill {
  waybillId: string;
  carrier: string;
  number: string | null;
  status: string;
  createdAt: string;
  dispatchedAt: string | null;
  nextPollAt: string | null;
  /** Those that did not succeed. */
  calls: { kind: 'book' | 'cancel'; state: string; attempts: number; dueAt: string | null; lastError: string | null }[];
}

/** All that is known of an order when somebody asks why it does not move. */
export interface Standing {
  status: OrderStatus;
  paymentStatus: PaymentStatus;
  placedAt: Date;
  holdExpiresAt: Date;
  /** The risk review that is not decided; `policies`: those that ask for it, `rsk_…`. */
  review: {
    orderId: string;
    since: Date;
    deadline: Date;
    byDefault: 'approved' | 'rejected';
    policies: string[];
  } | null;
  operations: OpenOperation[];
  /** Events that a subscription set aside: `retrying` or `parked`. */
  parked: {
    subscription: string;
    eventId: string;
    type: string;
    aggregateId: string;
    status: string;
    attempts: number;
    lastError: string | null;
    since: Date;
    dueAt: Date | null;
  }[];
  /** Events that a subscription has not come to. */
  undelivered: { subscription: string; events: number; since: Date }[];
  waybills: readonly OpenWaybill[];
  /** Messages that are not sent: `pending`, `failed` or `stuck`. */
  messages: readonly {
    deliveryId: string;
    template: string;
    channel: string;
    status: string;
    attempts: number;
    dueAt: string | null;
    lastError: string | null;
    createdAt: string;
  }[];
}

export const RUNBOOK = '"Network effects without an outcome" in docs/operations.md';
