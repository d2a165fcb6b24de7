import { createHmac, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json } from './world';

export const STRIPE_SECRETS = ['whsec_new', 'whsec_old'];
const KEY = 'sk_test_fake';

/** As much of Stripe's API as the gateway uses, over real HTTP, with idempotency keys, webhooks and faults. */
export async function startFakeStripe() {
  const payments = new Map<string, Json>();
  const refunds: Json[] = [];
  const answers = new Map<string, { status: number; body: Json }>();
  const faults: ('error-after' | 'error-before' | 'hang-after' | 'refuse')[] = [];
  let platformUrl = '';

  const webhook = async (type: string, object: Json, secret = STRIPE_SECRETS[1] as string): Promise<number> => {
    const event = { id: `evt_${randomUUID()}`, object: 'event', api_version: '2026-10-28', type, data: { object } };
    const body = JSON.stringify(event);
    const at = Math.floor(Date.now() / 1000);
    const v1 = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
    const headers = { 'content-type': 'application/json', 'stripe-signature': `t=${at},v1=${'0'.repeat(64)},v1=${v1}` };
    return (await fetch(`${platformUrl}/v1/payments/callbacks/stripe`, { method: 'POST', headers, body })).status;
  };

  const invalid = (code: string) => ({ status: 400, body: { error: { type: 'invalid_request_error', code } } });
  const act = (method: string, path: string, form: Json): { status: number; body: Json } => {
    const [, id = '', verb] = /^\/v1\/payment_intents(?:\/(\w+))?(?:\/(\w+))?$/.exec(path) ?? [];
    if (method === 'GET' && path === '/v1/refunds') {
      const data = refunds.filter((refund) => refund.payment_intent === form.payment_intent);
      return { status: 200, body: { object: 'list', data, has_more: false } };
    }
    if (path === '/v1/refunds') {
      const payment = payments.get(form.payment_intent);
      const given = refunds.filter((one) => one.payment_intent === payment.id && one.status === 'succeeded');
      const left = payment.amount_received - given.reduce((sum, { amount }) => sum + amount, 0);
      if (Number(form.amount) > left) return invalid('charge_already_refunded');
      const refund = { id: `re_${randomUUID().slice(0, 8)}`, object: 'refund', status: 'succeeded' };
      refunds.push({ ...refund, payment_intent: payment.id, amount: Number(form.amount), metadata: form.metadata });
      return { status: 200, body: refunds.at(-1) };
    }
    if (!id) {
      const name = `pi_${randomUUID().slice(0, 8)}`;
      payments.set(name, {
        id: name,
        object: 'payment_intent',
        amount: Number(form.amount),
        amount_received: 0,
        currency: form.currency,
        capture_method: form.capture_method,
        client_secret: `${name}_secret_1`,
        last_payment_error: null,
        latest_charge: null,
        metadata: form.metadata,
        status: 'requires_payment_method',
      });
      return { status: 200, body: payments.get(name) };
    }
    const payment = payments.get(id);
    if (!payment) return { status: 404, body: { error: { type: 'invalid_request_error', code: 'resource_missing' } } };
    if (method === 'GET') return { status: 200, body: payment };
    if (payment.status !== 'requires_capture') return invalid('payment_intent_unexpected_state');
    if (verb === 'cancel') payment.status = 'canceled';
    else {
      const amount = Number(form.amount_to_capture);
      if (amount > payment.amount) return invalid('amount_too_large');
      Object.assign(payment.metadata, form.metadata);
      Object.assign(payment, { status: 'succeeded', amount_received: amount });
    }
    return { status: 200, body: payment };
  };

  const server = createServer((request, response) => void answer(request, response));
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '', 'http://stripe');
    const form = nested(new URLSearchParams(chunks.length > 0 ? Buffer.concat(chunks).toString() : url.search));
    const send = ({ status, body }: { status: number; body: Json }, replayed = false) => {
      response.writeHead(status, {
        'content-type': 'application/json',
        ...(replayed && { 'idempotent-replayed': 'true' }),
      });
      response.end(JSON.stringify(body));
    };
    if (request.headers.authorization !== `Bearer ${KEY}`) {
      return send({ status: 401, body: { error: { type: 'invalid_request_error' } } });
    }
    if (request.method === 'GET') return send(act('GET', url.pathname, form));
    const key = String(request.headers['idempotency-key']);
    const earlier = answers.get(key);
    if (earlier) return send(earlier, true);
    const fault = faults.shift();
    const broken = { status: 500, body: { error: { type: 'api_error' } } };
    const told =
      fault === 'error-before'
        ? broken
        : fault === 'refuse'
          ? { status: 402, body: { error: { type: 'card_error', code: 'card_declined' } } }
          : act(request.method ?? '', url.pathname, form);
    const reply = fault === 'error-after' ? broken : told;
    answers.set(key, reply);
    if (fault === 'hang-after') response.destroy();
    else send(reply);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    payments,
    refunds,
    faults,
    webhook,
    env: { STRIPE_URL: url, STRIPE_SECRET_KEY: KEY, STRIPE_WEBHOOK_SECRETS: STRIPE_SECRETS.join(',') },
    reportsTo: (to: string) => void (platformUrl = to),
    /** As the buyer in Stripe's own form: by the client secret. */
    decide: async (clientSecret: string, outcome: 'paid' | 'declined'): Promise<number> => {
      const payment = [...payments.values()].find((one) => one.client_secret === clientSecret);
      if (outcome === 'declined') payment.last_payment_error = { code: 'card_declined' };
      else if (payment.capture_method === 'manual') payment.status = 'requires_capture';
      else Object.assign(payment, { status: 'succeeded', amount_received: payment.amount });
      if (outcome === 'declined') return webhook('payment_intent.payment_failed', payment);
      const isHeld = payment.status === 'requires_capture';
      return webhook(`payment_intent.${isHeld ? 'amount_capturable_updated' : 'succeeded'}`, payment);
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** `metadata[payment]=…` as an object in an object. */
function nested(params: URLSearchParams): Json {
  const form: Json = { metadata: {} };
  for (const [name, value] of params) {
    const [, outer, inner] = /^(\w+)\[(\w+)\]$/.exec(name) ?? [];
    if (outer && inner) (form[outer] ??= {})[inner] = value;
    else form[name] = value;
  }
  return form;
}
