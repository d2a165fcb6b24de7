import { randomUUID } from 'node:crypto';
import { eventually } from '@tradewind/shared-kernel/testing';
import { type Json, startWorld, type World } from './world';

const ROUNDS = 200;
const AT_ONCE = 20;
const PAUSES_MS = [0, 0, 1, 3, 10];

/** Whatever two parties do to one payment at the same time, money and stock add up, on both sides of the gateway. */
describe('races about a payment', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ ASK_PAYMENT_SECONDS: '1' });
  });
  afterAll(() => world.stop());

  const pick = <T>(...choices: T[]): T => choices[Math.floor(Math.random() * choices.length)] as T;
  const pause = () => new Promise((resolve) => setTimeout(resolve, pick(...PAUSES_MS)));
  const atOnce = (...acts: (() => Promise<unknown>)[]) => Promise.all(acts.map(async (act) => (await pause(), act())));
  const pay = ({ payment }: Json) => world.call('POST', payment.redirectUrl, { outcome: 'paid' });
  const comeBack = ({ payment }: Json) => world.call('GET', `/v1/payments/return/sandbox?reference=${payment.id}`);
  const post = (path: string, body: object, key: string = randomUUID()) =>
    world.call('POST', path, body, { 'idempotency-key': key });
  const cancel = ({ order }: Json) => post(`/v1/orders/${order.id}/cancel`, { reason: 'changed my mind' });

  /** Buys for every round, plays them some at a time, and returns what was bought. */
  const rounds = async (play: (bought: Json) => Promise<unknown>, basket: object = {}): Promise<Json[]> => {
    const all: Json[] = [];
    for (let round = 0; round < ROUNDS; round += AT_ONCE) {
      const bought = await Promise.all(
        Array.from({ length: AT_ONCE }, async () => (await world.checkout(basket)).body),
      );
      await Promise.all(bought.map(play));
      all.push(...bought);
    }
    return all;
  };
  const facts = async (bought: Json[]) => {
    const ids = bought.map(({ order }) => order.id);
    const orders = await Promise.all(ids.map((id) => world.order(id)));
    return orders.map((order, index) => ({ order, payment: bought[index].payment }));
  };
  /** Our books, the gateway's books and the shelf tell the same; an order was paid at most once. */
  const expectToAddUp = async (bought: Json[], sku: string) => {
    const { body } = await world.call('GET', `${world.sandboxUrl}/gateway/ledger`, undefined, {
      authorization: 'Bearer sandbox-gateway-secret',
    });
    const there = new Map<string, Json>(body.payments.map((payment: Json) => [payment.reference, payment]));
    for (const { payment, order } of bought) {
      const ours = (await world.call('GET', `/v1/payments/${payment.id}`)).body;
      const theirs = there.get(payment.id) ?? { captured: 0, refunded: 0 };
      expect([ours.captured.amount, ours.refunded.amount]).toEqual([theirs.captured, theirs.refunded]);
      const { data } = (await world.call('GET', `/v1/orders/${order.id}/timeline`)).body;
      const paid = data.filter((entry: Json) => entry.type === 'trading.order-paid.v1');
      expect(paid.length).toBeLessThanOrEqual(1);
    }
    const held = (await facts(bought)).filter(({ order }) => order.status !== 'cancelled').length;
    const shelf = (await world.call('GET', `/v1/skus/${sku}`)).body;
    expect(shelf).toMatchObject({ onHand: 1_000_000, reserved: held });
  };
  const settled = (bought: Json[], is: (order: Json) => boolean) =>
    eventually(async () => (await facts(bought)).every(({ order }) => is(order)), 60_000);

  it(`two completions of one payment, webhook and return, have one effect (${ROUNDS} rounds)`, async () => {
    const bought = await rounds(
      async (one) => {
        const decided = pay(one);
        await atOnce(
          () => comeBack(one),
          () => decided,
          () => comeBack(one),
        );
      },
      { lines: [{ sku: 'SKU-41', quantity: 1 }] },
    );
    await settled(bought, ({ status }) => status === 'paid');
    await expectToAddUp(bought, 'SKU-41');
  }, 240_000);

  it(`a cancellation against the payment leaves nobody out of pocket (${ROUNDS} rounds)`, async () => {
    const bought = await rounds(
      (one) =>
        atOnce(
          () => pay(one),
          () => cancel(one),
          () => pick(comeBack, cancel)(one),
        ),
      { lines: [{ sku: 'SKU-42', quantity: 1 }] },
    );
    await settled(bought, ({ status, paymentStatus }) => status === 'cancelled' && paymentStatus === 'refunded');
    await expectToAddUp(bought, 'SKU-42');
  }, 240_000);

  it(`a capture against a void or a cancellation ends on one side (${ROUNDS} rounds)`, async () => {
    const bought = await rounds(
      async (one) => {
        await pay(one);
        await eventually(async () => (await world.order(one.order.id)).paymentStatus === 'authorized', 30_000);
        await atOnce(
          () => post(`/v1/payments/${one.payment.id}/captures`, {}),
          () =>
            pick(
              () => post(`/v1/payments/${one.payment.id}/void`, {}),
              () => cancel(one),
            )(),
        );
      },
      { lines: [{ sku: 'SKU-43', quantity: 1 }], capture: 'manual' },
    );
    await settled(bought, ({ status, paymentStatus }) =>
      status === 'cancelled' ? ['none', 'refunded'].includes(paymentStatus) : status === 'paid',
    );
    await expectToAddUp(bought, 'SKU-43');
  }, 240_000);

  it(`refunds that time out after their success, and are tried again, are given once (${ROUNDS} rounds)`, async () => {
    const bought = await rounds(pay, { lines: [{ sku: 'SKU-44', quantity: 1 }] });
    await settled(bought, ({ status }) => status === 'paid');
    await world.faults({ target: 'gateway.refund', kind: 'timeout-after-success', ms: 5, times: ROUNDS });
    for (let round = 0; round < ROUNDS; round += AT_ONCE) {
      const some = bought.slice(round, round + AT_ONCE);
      await Promise.all(
        some.map(async ({ order }) => {
          const key = randomUUID();
          const refund = () => post('/v1/refunds', { orderId: order.id, reason: 'damaged' }, key);
          await atOnce(refund, refund);
          const another = await post('/v1/refunds', { orderId: order.id, reason: 'damaged' });
          expect(another.body.code).toBe('not-refundable');
        }),
      );
    }
    await settled(bought, ({ paymentStatus }) => paymentStatus === 'refunded');
    await expectToAddUp(bought, 'SKU-44');
  }, 240_000);
});

/** The same with the clock as the second party. */
describe('an order that runs out of time while it is paid', () => {
  it(`is paid, or cancelled and its money given back (${ROUNDS} rounds)`, async () => {
    const world = await startWorld({ HOLD_SECONDS: '2', ASK_PAYMENT_SECONDS: '3600' });
    try {
      const lines = [{ sku: 'SKU-45', quantity: 1 }];
      const buy = async () => {
        const { order, payment } = (await world.checkout({ lines })).body;
        await new Promise((resolve) => setTimeout(resolve, 1000 + Math.random() * 6000));
        await world.call('POST', payment.redirectUrl, { outcome: 'paid' });
        return order.id as string;
      };
      const ids = await Promise.all(Array.from({ length: ROUNDS }, buy));
      const ends = await eventually(async () => {
        const orders: Json[] = await Promise.all(ids.map((id) => world.order(id)));
        const isOver = ({ status, paymentStatus }: Json) =>
          status === 'paid' || (status === 'cancelled' && paymentStatus === 'refunded');
        return orders.every(isOver) && orders;
      }, 60_000);
      const paid = ends.filter(({ status }) => status === 'paid').length;
      expect((await world.call('GET', '/v1/skus/SKU-45')).body).toMatchObject({ onHand: 1_000_000, reserved: paid });
      const { body } = await world.call('GET', `${world.sandboxUrl}/gateway/ledger`, undefined, {
        authorization: 'Bearer sandbox-gateway-secret',
      });
      const kept = body.payments.filter((payment: Json) => payment.captured > payment.refunded).length;
      expect(kept).toBe(paid);
    } finally {
      await world.stop();
    }
  }, 240_000);
});
