import { randomUUID } from 'node:crypto';
import type { Callback, Operation, Payment, Refund } from './books';
import type { Channel, Spoiled } from './post';
import type { Settings } from './settings';
import { signCallback } from './signing';

const GARBAGE = '{"id":"evt_garbage","type":';

export function paymentReport(payment: Payment): Callback {
  return report(`payment.${payment.status}`, payment, payment.reference, [payment.orderId]);
}

export function operationReport(operation: Operation): Callback {
  const { kind, status, payment, idempotencyKey } = operation;
  return report(`${kind}.${status}`, operation, payment, [payment, idempotencyKey]);
}

export function refundReport(refund: Refund): Callback {
  return report(`refund.${refund.status}`, refund, refund.payment, [refund.payment, refund.idempotencyKey]);
}

/** The gateway's callback: JSON, signed over its raw bytes; any 2xx acknowledges it. */
export function gatewayChannel({ platformUrl, gatewaySecret }: Settings): Channel {
  return {
    letter: (content: string, spoiled?: Spoiled) => {
      const body = spoiled === 'garbage' ? GARBAGE : content;
      const secret = spoiled === 'bad-signature' ? `not ${gatewaySecret}` : gatewaySecret;
      return {
        url: `${platformUrl}/v1/payments/callbacks/sandbox`,
        headers: { 'content-type': 'application/json', 'sandbox-signature': signCallback(body, secret, new Date()) },
        body,
      };
    },
    acknowledges: () => true,
  };
}

function report(type: string, fact: Payment | Operation | Refund, subject: string, alsoAbout: string[]): Callback {
  const id = `evt_${randomUUID()}`;
  const { reference, gatewayReference, amount, currency } = fact;
  const occurredAt = new Date().toISOString();
  const content = JSON.stringify({ id, type, reference, gatewayReference, amount, currency, occurredAt });
  return { id, channel: 'gateway', subject, about: [reference, gatewayReference, ...alsoAbout], content };
}
