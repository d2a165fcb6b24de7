import { randomUUID } from 'node:crypto';
import { uuidOf } from '@tradewind/shared-kernel';
import { eventually } from '@tradewind/shared-kernel/testing';
import fc from 'fast-check';
import { type Json, startWorld, type World } from './world';

const ROUNDS = 200;
/** For all rounds of a race, milliseconds, on a machine that has other work. */
const PATIENCE = 300_000;
/** Rounds that run beside each other, each with an order of its own. */
const AT_ONCE = 10;
const SEED = Number(process.env.RACE_SEED ?? Date.now() % 2 ** 31);

let world: World;
beforeAll(async () => {
  // Whoever is late here is late because the machine is: what is raced is not the budget.
  world = await startWorld({ TIME_BUDGET_MS: '60000' });
});
afterAll(() => world.stop());

const post = (path: string, body: object, key: string = randomUUID()) =>
  world.call('POST', path, body, { 'idempotency-key': key });
const refund = (orderId: string, what: object, key?: string) =>
  post('/v1/refunds', { orderId, reason: 'race', ...what }, key);
const cny = (amount: number) => ({ amount: { amount, currency: 'CNY' } });
const quantityOf = (lines: Json[], count: (line: Json) => number): number =>
  lines.reduce((sum: number, line: Json) => sum + count(line), 0);

/** Plays every round with what was drawn for it; a failure tells the seed (`RACE_SEED`) and the round. */
async function rounds<T>(drawn: fc.Arbitrary<T>, play: (draw: T) => Promise<void>): Promise<void> {
  const draws = [...fc.sample(drawn, { numRuns: ROUNDS, seed: SEED }).entries()];
  for (let from = 0; from < draws.length; from += AT_ONCE) {
    await Promise.all(
      draws.slice(from, from + AT_ONCE).map(async ([round, draw]) => {
        try {
          await play(draw);
        } catch (error) {
          throw new Error(`seed ${SEED}, round ${round}: ${JSON.stringify(draw)}`, { cause: error });
        }
      }),
    );
  }
}

const aPaidOrder = async (quantities: number[]): Promise<Json> => {
  const lines = quantities.map((quantity, index) => ({ sku: `SKU-${21 + index}`, quantity }));
  return (await world.aPaidOrder({ lines })).order;
};

/** The money of an order when nothing of it is on its way any more, as the database has it. */
async function moneyOf(
  orderId: string,
): Promise<{ captured: number; refunded: number; given: number; refunds: number }> {
  return eventually(async () => {
    const [row] = await world.unitOfWork.query<Record<string, bigint>>(
      `SELECT p.captured, p.refunded, p.refund_pending AS pending,
              coalesce((SELECT sum(amount) FROM trading.payment_operation o
                         WHERE o.payment_id = p.id AND kind = 'refund' AND state = 'succeeded'), 0)::bigint AS given,
              (SELECT count(*) FROM trading.payment_operation o WHERE o.payment_id = p.id AND kind = 'refund') AS refunds
         FROM trading.payment p WHERE p.order_id = $1`,
      [uuidOf(orderId)],
    );
    if (!row || row.pending !== 0n) return undefined;
    const { captured, refunded, given, refunds } = row as Record<'captured' | 'refunded' | 'given' | 'refunds', bigint>;
    return { captured: Number(captured), refunded: Number(refunded), given: Number(given), refunds: Number(refunds) };
  });
}

/** What is in the house, held and gone of each SKU is what the orders and the ledger say. */
async function expectStockToAddUp(): Promise<void> {
  const wrong = await world.unitOfWork.query(
    `SELECT s.sku, s.on_hand, s.reserved, l.open, m.moved
       FROM trading.stock_item s
       JOIN (SELECT sku, sum(quantity - cancelled - shipped) AS open FROM trading.order_line GROUP BY sku) AS l USING (sku)
       JOIN (SELECT sku, sum(CASE kind WHEN 'fulfil' THEN -quantity WHEN 'restock' THEN quantity ELSE 0 END) AS moved
               FROM trading.stock_movement GROUP BY sku) AS m USING (sku)
      WHERE s.reserved <> l.open OR s.on_hand <> 1000000 + m.moved`,
  );
  expect(wrong).toEqual([]);
}

/** What the first n units of a line cost. */
const priceOfFirst = (line: Json, units: number): number => Math.floor((line.total.amount * units) / line.quantity);

const quantities = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });

describe(`races over goods and money, ${ROUNDS} rounds each`, () => {
  it(
    'of refunds by amount give back no more than was captured',
    async () => {
      const shares = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 2, maxLength: 6 });
      await rounds(fc.record({ quantities, shares }), async (draw) => {
        const order = await aPaidOrder(draw.quantities);
        const amounts = draw.shares.map((share) => Math.max(1, Math.floor((order.total.amount * share) / 100)));
        const replies = await Promise.all(amounts.map((amount) => refund(order.id, cny(amount))));
        const accepted = replies.filter(({ status }) => status === 201).map(({ body }) => body.amount.amount);
        const money = await moneyOf(order.id);
        expect(money.refunded).toBe(accepted.reduce((sum: number, amount: number) => sum + amount, 0));
        expect(money.given).toBe(money.refunded);
        expect(money.refunded).toBeLessThanOrEqual(money.captured);
        for (const { status, body } of replies) {
          if (status !== 201) expect(['refund-exceeds-captured', 'not-refundable']).toContain(body.code);
        }
      });
    },
    PATIENCE,
  );

  it(
    'of one request sent again and again have one effect',
    async () => {
      const clicks = fc.integer({ min: 2, max: 6 });
      await rounds(fc.record({ quantities, clicks, byLine: fc.boolean(), old: fc.boolean() }), async (draw) => {
        const order = await aPaidOrder(draw.quantities);
        const what = draw.byLine ? { lines: [{ lineNo: 1, quantity: 1 }] } : cny(1);
        const key = randomUUID();
        const click = (_: unknown, index: number) =>
          post(draw.old && index % 2 ? '/refund' : '/v1/refunds', { orderId: order.id, reason: 'race', ...what }, key);
        const replies = await Promise.all(Array.from({ length: draw.clicks }, click));
        for (const { status, body } of replies)
          expect([201, body.code]).toContain(status === 201 ? 201 : 'request-in-progress');
        const last = await click(0, 0);
        const ids = new Set([...replies, last].filter(({ status }) => status === 201).map(({ body }) => body.id));
        expect(ids.size).toBe(1);
        expect((await moneyOf(order.id)).refunds).toBe(1);
      });
    },
    PATIENCE,
  );

  it(
    'of refunds by lines and by amount give the price of no unit twice',
    async () => {
      const unit = fc.record({ line: fc.nat(2), quantity: fc.integer({ min: 1, max: 4 }) });
      const wish = fc.oneof(unit, fc.record({ share: fc.integer({ min: 1, max: 60 }) }));
      await rounds(fc.record({ quantities, wishes: fc.array(wish, { minLength: 2, maxLength: 6 }) }), async (draw) => {
        const order = await aPaidOrder(draw.quantities);
        const replies = await Promise.all(
          draw.wishes.map((wished) => {
            if ('share' in wished) return refund(order.id, cny(Math.ceil((order.total.amount * wished.share) / 100)));
            const lineNo = (wished.line % draw.quantities.length) + 1;
            return refund(order.id, { lines: [{ lineNo, quantity: wished.quantity }] });
          }),
        );
        const money = await moneyOf(order.id);
        const accepted = replies.filter(({ status }) => status === 201);
        expect(money.refunded).toBe(quantityOf(accepted, ({ body }) => body.amount.amount));
        expect(money.refunded).toBeLessThanOrEqual(money.captured);
        const { lines } = await world.order(order.id);
        for (const line of lines) {
          const parts = accepted.flatMap(({ body }) => body.lines.filter((part: Json) => part.lineNo === line.lineNo));
          expect(quantityOf(parts, ({ quantity }) => quantity)).toBe(line.refunded);
          expect(line.refunded).toBeLessThanOrEqual(line.quantity);
          expect(quantityOf(parts, ({ amount }) => amount.amount)).toBe(priceOfFirst(line, line.refunded));
        }
      });
    },
    PATIENCE,
  );

  it(
    'of cancelling unit by unit against the carrier leave every unit cancelled or shipped, and paid back or not',
    async () => {
      const quantity = fc.integer({ min: 2, max: 6 });
      await rounds(
        fc.record({ quantity, cancels: fc.integer({ min: 1, max: 6 }), together: fc.boolean() }),
        async (draw) => {
          const order = await aPaidOrder([draw.quantity]);
          const waybill = await world.waybillOf(order.id);
          const one = () =>
            post(`/v1/orders/${order.id}/cancel`, { reason: 'race', lines: [{ lineNo: 1, quantity: 1 }] });
          const oneByOne = async () => {
            const replies: Json[] = [];
            for (let n = 0; n < draw.cancels; n++) replies.push(await one());
            return replies;
          };
          const [, ...cancels] = await Promise.all([
            world.scan(waybill, { code: '50' }),
            ...(draw.together ? Array.from({ length: draw.cancels }, one) : [oneByOne()]),
          ]);
          const replies = cancels.flat();
          const cancelled = replies.filter(({ status }) => status === 200).length;
          const after = await eventually(async () => {
            const now = await world.order(order.id);
            return ['shipped', 'cancelled'].includes(now.status) && now;
          });
          const [line] = after.lines;
          expect(line.cancelled).toBe(cancelled);
          expect(line.cancelled + line.shipped).toBe(line.quantity);
          expect(after.status).toBe(line.shipped > 0 ? 'shipped' : 'cancelled');
          expect((await moneyOf(order.id)).refunded).toBe(priceOfFirst(line, cancelled));
        },
      );
      await expectStockToAddUp();
    },
    PATIENCE,
  );

  it(
    'of two decisions on one return count once',
    async () => {
      const quantity = fc.integer({ min: 1, max: 4 });
      await rounds(fc.record({ quantity, restock: fc.boolean(), accepted: fc.nat(4) }), async (draw) => {
        const order = await aPaidOrder([draw.quantity]);
        const waybill = await world.waybillOf(order.id);
        await world.scan(waybill, { code: '50' });
        await world.scan(waybill, { code: '80' });
        await eventually(async () => (await world.order(order.id)).status === 'delivered');
        const lines = [{ lineNo: 1, quantity: draw.quantity }];
        const { body: goods } = await post('/v1/returns', { orderId: order.id, lines, reason: 'race' });
        const receipts = await Promise.all([1, 2].map(() => post(`/v1/returns/${goods.id}/receive`, {})));
        expect(receipts.map(({ status }) => status).toSorted()).toEqual([200, 409]);
        const accepted = Math.min(draw.accepted, draw.quantity);
        const decisions = [
          { lineNo: 1, quantity: accepted, outcome: 'accepted', restock: draw.restock },
          { lineNo: 1, quantity: draw.quantity - accepted, outcome: 'rejected' },
        ].filter(({ quantity: units }) => units > 0);
        const decide = () => post(`/v1/returns/${goods.id}/decide`, { lines: decisions });
        const [, ...replies] = await Promise.all([
          refund(order.id, { lines: [{ lineNo: 1, quantity: 1 }] }),
          decide(),
          decide(),
        ]);
        expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 409]);
        const money = await moneyOf(order.id);
        const [line] = (await world.order(order.id)).lines;
        // The refund by hand and that of the return share the units between them.
        expect(line.refunded).toBeGreaterThanOrEqual(Math.max(accepted, 1));
        expect(line.refunded).toBeLessThanOrEqual(Math.min(accepted + 1, draw.quantity));
        expect(money.refunded).toBe(priceOfFirst(line, line.refunded));
      });
      await expectStockToAddUp();
    },
    PATIENCE,
  );
});

describe('the time budget of a refund', () => {
  let hasty: World;
  beforeAll(async () => {
    hasty = await startWorld({ TIME_BUDGET_MS: '500' });
  });
  afterAll(() => hasty.stop());

  it('`POST /refund` answers within 500 ms or says that it did not; a second identical call has no second effect', async () => {
    const { order } = await hasty.aPaidOrder();
    const key = randomUUID();
    const call = () =>
      hasty.call('POST', '/refund', { orderId: order.id, reason: 'damaged' }, { 'idempotency-key': key });
    let late: Json;
    await hasty.unitOfWork.run(async () => {
      await hasty.unitOfWork.query('SELECT FROM trading.orders WHERE id = $1 FOR UPDATE', [uuidOf(order.id)]);
      late = await call();
    });
    expect(late).toMatchObject({ status: 503, body: { code: 'deadline-exceeded', retryable: true } });

    const told = await eventually(async () => {
      const reply = await call();
      return reply.status === 201 && reply;
    });
    expect((await call()).body.id).toBe(told.body.id);
    await eventually(async () => (await hasty.order(order.id)).paymentStatus === 'refunded');
    const { body } = await hasty.call('GET', `/v1/refunds?orderId=${order.id}`);
    expect(body.data).toHaveLength(1);
  });

  it('tells of a gateway that does not answer in time, and learns later what became of it', async () => {
    const { order } = await hasty.aPaidOrder();
    await hasty.faults({ target: 'gateway.refund', kind: 'timeout-after-success', ms: 6000 });
    const headers = { 'idempotency-key': randomUUID() };
    const asked = await hasty.call('POST', '/refund', { orderId: order.id, reason: 'damaged' }, headers);
    expect(asked).toMatchObject({ status: 201, body: { status: expect.stringMatching(/pending|unknown/) } });
    await eventually(async () => (await hasty.order(order.id)).paymentStatus === 'refunded', 30_000);
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const refused = await hasty.call(method, '/refund');
      expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'POST']);
    }
  });
});
