import { randomUUID } from 'node:crypto';
import { eventually } from '@tradewind/shared-kernel/testing';
import { startFakeStripe } from './fake-stripe';
import { type Json, startWorld, type World } from './world';

type FakeStripe = Awaited<ReturnType<typeof startFakeStripe>>;

let stripe: FakeStripe;
let world: World;
beforeAll(async () => {
  stripe = await startFakeStripe();
  world = await startWorld({ ASK_PAYMENT_SECONDS: '1', ...stripe.env });
  stripe.reportsTo(world.url);
});
afterAll(async () => {
  await world.stop();
  await stripe.close();
});

const post = (path: string, body: object = {}, key: string = randomUUID()) =>
  world.call('POST', path, body, { 'idempotency-key': key });
const payment = async (id: string) => (await world.call('GET', `/v1/payments/${id}`)).body;
const until = (orderId: string, is: Json) =>
  eventually(async () => {
    const order = await world.order(orderId);
    return Object.entries(is).every(([key, value]) => order[key] === value) && order;
  }, 30_000);
const refund = (order: Json, more: object = {}) =>
  post('/v1/refunds', { orderId: order.id, reason: 'damaged', ...more });

/** What every gateway does, whatever its protocol: each has the buyer decide and breaks down in its own way. */
describe.each([
  {
    method: 'sandbox',
    decide: ({ payment: { redirectUrl } }: Json, outcome: string) => world.call('POST', redirectUrl, { outcome }),
    failsAfter: (_what: string) => world.faults({ target: `gateway.${_what}`, kind: 'timeout-after-success', ms: 20 }),
    breaksBefore: (_what: string) => world.faults({ target: `gateway.${_what}`, kind: 'error' }),
    refuses: (_what: string) => world.faults({ target: `gateway.${_what}`, kind: 'fail' }),
  },
  {
    method: 'stripe',
    decide: ({ payment: { clientSecret } }: Json, outcome: string) =>
      stripe.decide(clientSecret, outcome as 'paid' | 'declined'),
    failsAfter: async () => void stripe.faults.push('hang-after'),
    breaksBefore: async () => void stripe.faults.push('error-before'),
    refuses: async () => void stripe.faults.push('refuse'),
  },
])('the gateway $method', ({ method, decide, failsAfter, breaksBefore, refuses }) => {
  const checkout = async (more: object = {}): Promise<Json> =>
    (await world.checkout({ paymentMethod: method, ...more })).body;
  const bought = async (more: object = {}): Promise<Json> => {
    const body = await checkout(more);
    await decide(body, 'paid');
    await until(body.order.id, more && 'capture' in more ? { paymentStatus: 'authorized' } : { status: 'paid' });
    return body;
  };

  it('charges what the buyer agrees to, and gives it back, in parts', async () => {
    const { order } = await bought();
    const part = { amount: { amount: 100, currency: 'CNY' } };
    expect((await refund(order, part)).body).toMatchObject({ status: 'success', amount: part.amount });
    expect((await refund(order)).body.status).toBe('success');
    expect((await world.order(order.id)).paymentStatus).toBe('refunded');
  });

  it('tells of a decline, after which the buyer may pay', async () => {
    const body = await checkout();
    await decide(body, 'declined');
    await until(body.order.id, { status: 'created', paymentStatus: 'failed' });
  });

  it('authorises, and captures all, or less for good', async () => {
    const all = await bought({ capture: 'manual' });
    expect((await post(`/v1/payments/${all.payment.id}/captures`)).body.status).toBe('success');
    await until(all.order.id, { status: 'paid' });
    const less = await bought({ capture: 'manual' });
    const part = { amount: { amount: 100, currency: 'CNY' }, final: true };
    expect((await post(`/v1/payments/${less.payment.id}/captures`, part)).body.status).toBe('success');
    await until(less.order.id, { status: 'paid' });
    expect((await refund(less.order)).body.amount).toEqual(part.amount);
  });

  it('lets go of an authorisation', async () => {
    const {
      order,
      payment: { id },
    } = await bought({ capture: 'manual' });
    expect((await post(`/v1/payments/${id}/void`)).body.status).toBe('success');
    await until(order.id, { status: 'cancelled', paymentStatus: 'none' });
  });

  it('gives money back once, though its answer was lost', async () => {
    const { order } = await bought();
    await failsAfter('refund');
    const { body } = await refund(order);
    await until(order.id, { paymentStatus: 'refunded' });
    expect((await world.call('GET', `/v1/refunds/${body.id}`)).body.status).toBe('success');
  });

  it('is called again when it broke down before it did anything', async () => {
    const { order } = await bought();
    await breaksBefore('refund');
    await refund(order);
    await until(order.id, { paymentStatus: 'refunded' });
  });

  it('refuses for good, and may be asked again with a new key', async () => {
    const { order } = await bought();
    await refuses('refund');
    expect((await refund(order)).body.status).toBe('failed');
    expect((await refund(order)).body.status).toBe('success');
  });
});

describe('Stripe', () => {
  it('is told of a charge first; the client secret comes with the answer and is stored nowhere', async () => {
    const key = randomUUID();
    const first = await world.checkout({ paymentMethod: 'stripe' }, key);
    expect(first.body.payment.clientSecret).toMatch(/_secret_/);
    expect((await world.checkout({ paymentMethod: 'stripe' }, key)).body).toEqual(first.body);
    const facts = await payment(first.body.payment.id);
    expect(facts.clientSecret).toBe(first.body.payment.clientSecret);
    const kept = await world.unitOfWork.query<{ found: boolean }>(
      `SELECT EXISTS (SELECT FROM http.idempotency_key WHERE body LIKE '%_secret_%')
           OR EXISTS (SELECT FROM trading.payment_operation o WHERE o::text LIKE '%_secret_%') AS found`,
    );
    expect(kept).toEqual([{ found: false }]);
  });

  it('makes one PaymentIntent of one charge, though its answer was lost', async () => {
    stripe.faults.push('hang-after');
    const {
      payment: { id },
    } = (await world.checkout({ paymentMethod: 'stripe' })).body;
    const { clientSecret } = await eventually(async () => {
      const facts = await payment(id);
      return facts.clientSecret && facts;
    }, 30_000);
    expect([...stripe.payments.values()].filter(({ metadata }) => metadata.payment === id)).toMatchObject([
      { client_secret: clientSecret },
    ]);
  });

  it('tells the order when it will not take the charge at all', async () => {
    stripe.faults.push('refuse');
    const { order } = (await world.checkout({ paymentMethod: 'stripe' })).body;
    await until(order.id, { paymentStatus: 'failed' });
  });

  it('is believed only with a signature of an active secret, and told so', async () => {
    const {
      payment: { clientSecret },
    } = (await world.checkout({ paymentMethod: 'stripe' })).body;
    const intent = [...stripe.payments.values()].find((one) => one.client_secret === clientSecret);
    const forged = { ...intent, status: 'succeeded', amount_received: intent.amount };
    expect(await stripe.webhook('payment_intent.succeeded', forged, 'whsec_guessed')).toBe(401);
    expect(await stripe.webhook('customer.created', { id: 'cus_1', object: 'customer' })).toBe(200);
    expect(await stripe.webhook('payment_intent.succeeded', { ...forged, amount_received: 1 })).toBe(200);
    await eventually(async () => {
      const { body } = await world.call('GET', '/v1/payments/callbacks?outcome=mismatch');
      return body.data.some((one: Json) => one.gateway === 'stripe');
    });
  });
});
