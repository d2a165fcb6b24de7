import { randomUUID } from 'node:crypto';
import { eventually } from '@tradewind/shared-kernel/testing';
import { type Json, startWorld, type World } from './world';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

const post = (path: string, body: object, key: string = randomUUID()) =>
  world.call('POST', path, body, { 'idempotency-key': key });
const stockOf = async (sku: string) => (await world.call('GET', `/v1/skus/${sku}`)).body;
const cancel = (orderId: string, lines?: object[], key?: string) =>
  post(`/v1/orders/${orderId}/cancel`, { reason: 'changed my mind', lines }, key);
const refund = (orderId: string, what: object, key?: string) =>
  post('/v1/refunds', { orderId, reason: 'damaged', ...what }, key);
const refundedOf = async (orderId: string): Promise<number> => {
  const { body } = await world.call('GET', `/v1/refunds?orderId=${orderId}`);
  return body.data.reduce(
    (sum: number, { amount, status }: Json) => sum + (status === 'success' ? amount.amount : 0),
    0,
  );
};

/** Three units of one SKU and two of another, paid. */
const aPaidBasket = async (basket: object = {}) => {
  const lines = [
    { sku: 'SKU-11', quantity: 3 },
    { sku: 'SKU-12', quantity: 2 },
  ];
  return (await world.aPaidOrder({ lines, ...basket })).order;
};

describe('a cancel of some units over HTTP', () => {
  it('frees them and gives back their price; the last of them cancels the order and gives back the rest', async () => {
    const before = await stockOf('SKU-11');
    const order = await aPaidBasket();
    const first = await cancel(order.id, [{ lineNo: 1, quantity: 1 }]);
    expect(first).toMatchObject({ status: 200, body: { status: 'paid', lines: [{ cancelled: 1, refunded: 1 }, {}] } });
    expect((await stockOf('SKU-11')).reserved).toBe(before.reserved + 2);
    await cancel(order.id, [{ lineNo: 2, quantity: 2 }]);
    const last = await cancel(order.id, [{ lineNo: 1, quantity: 2 }]);
    expect(last.body.status).toBe('cancelled');
    await eventually(async () => (await world.order(order.id)).paymentStatus === 'refunded');
    expect(await refundedOf(order.id)).toBe(order.total.amount);
    expect(await stockOf('SKU-11')).toEqual(before);
  });

  it('is done once for one key, and refused of what is not open', async () => {
    const order = await aPaidBasket();
    const key = randomUUID();
    const replies = await Promise.all([1, 2, 3].map(() => cancel(order.id, [{ lineNo: 1, quantity: 2 }], key)));
    for (const { status } of replies) expect([200, 409]).toContain(status);
    expect((await world.order(order.id)).lines[0].cancelled).toBe(2);
    const short = await cancel(order.id, [{ lineNo: 1, quantity: 2 }]);
    expect(short.body).toMatchObject({ code: 'insufficient-units', lines: [{ lineNo: 1, requested: 2, left: 1 }] });
    expect((await cancel(order.id, [{ lineNo: 9, quantity: 1 }])).body.code).toBe('unknown-line');
    expect((await cancel(order.id, [])).status).toBe(400);
  });

  it('waits for the payment', async () => {
    const lines = [{ sku: 'SKU-11', quantity: 2 }];
    const { order } = (await world.checkout({ lines })).body;
    const refused = await cancel(order.id, [{ lineNo: 1, quantity: 1 }]);
    expect(refused).toMatchObject({ status: 409, body: { code: 'partial-cancel-unpaid', retryable: true } });
    expect((await cancel(order.id, [{ lineNo: 1, quantity: 2 }])).body.status).toBe('cancelled');
  });
});

describe('a refund of units over HTTP', () => {
  it('gives back their price, and no unit twice', async () => {
    const order = await aPaidBasket();
    const unit = order.lines[0].unitPrice.amount;
    const first = await refund(order.id, { lines: [{ lineNo: 1, quantity: 2 }] });
    expect(first.body).toMatchObject({
      status: 'success',
      amount: { amount: 2 * unit },
      lines: [{ lineNo: 1, quantity: 2 }],
    });
    const again = await refund(order.id, { lines: [{ lineNo: 1, quantity: 2 }] });
    expect(again.body).toMatchObject({ code: 'insufficient-units', lines: [{ left: 1 }] });
    expect(await refundedOf(order.id)).toBe(2 * unit);
    await cancel(order.id, [{ lineNo: 1, quantity: 2 }]);
    await eventually(async () => (await refundedOf(order.id)) === 3 * unit);
  });

  it('that fails frees the units for another', async () => {
    const order = await aPaidBasket();
    await world.faults({ target: 'gateway.refund', kind: 'fail' });
    const what = { lines: [{ lineNo: 2, quantity: 2 }] };
    expect((await refund(order.id, what)).body.status).toBe('failed');
    expect((await world.order(order.id)).lines[1].refunded).toBe(0);
    await world.faults({ target: 'gateway.refund', kind: 'fail-later', ms: 50 });
    expect((await refund(order.id, what)).body.status).toBe('success');
    await eventually(async () => (await world.order(order.id)).lines[1].refunded === 0);
    expect((await refund(order.id, what)).body.status).toBe('success');
  });

  it('is by amount or by lines', async () => {
    const order = await aPaidBasket();
    const both = { amount: { amount: 1, currency: 'CNY' }, lines: [{ lineNo: 1, quantity: 1 }] };
    expect((await refund(order.id, both)).body.code).toBe('amount-or-lines');
    const { body } = await world.call('GET', '/v1/refunds?orderId=ord_01h455vb4pex5vsknk084sn02q');
    expect(body.data).toEqual([]);
    expect((await world.call('GET', '/v1/refunds')).status).toBe(400);
  });
});

describe('an order that is fulfilled by request, over HTTP', () => {
  const fulfil = (orderId: string, body: object, key?: string) => post(`/v1/orders/${orderId}/fulfilments`, body, key);
  const waybillsOf = async (orderId: string): Promise<Json[]> =>
    (await world.call('GET', `/v1/orders/${orderId}/waybills`)).body.data;
  const booked = (orderId: string, fulfilment: Json): Promise<Json> =>
    eventually(async () =>
      (await waybillsOf(orderId)).find(({ number, fulfilmentId }) => number && fulfilmentId === fulfilment.id),
    );
  const typesOf = async (orderId: string): Promise<string[]> =>
    (await world.call('GET', `/v1/orders/${orderId}/timeline`)).body.data.map(({ type }: Json) => type);

  it('ships and delivers in parts, each with a waybill of its own, and tells the buyer once', async () => {
    const before = await stockOf('SKU-12');
    const order = await aPaidBasket({ fulfilment: 'manual' });
    const key = randomUUID();
    const lines = [{ lineNo: 1, quantity: 2 }];
    const first = await fulfil(order.id, { lines, carrier: 'SF' }, key);
    expect(first).toMatchObject({ status: 201, body: { status: 'requested', lines, orderId: order.id } });
    expect((await fulfil(order.id, { lines, carrier: 'SF' }, key)).body).toEqual(first.body);
    const second = await fulfil(order.id, {});
    expect(second.body.lines).toEqual([
      { lineNo: 1, quantity: 1 },
      { lineNo: 2, quantity: 2 },
    ]);
    const [one, two] = [await booked(order.id, first.body), await booked(order.id, second.body)];
    expect(await waybillsOf(order.id)).toHaveLength(2);

    await world.scan(one, { code: '50' });
    const partial = await eventually(async () => {
      const now = await world.order(order.id);
      return now.fulfilmentStatus === 'partial' && now;
    });
    expect(partial).toMatchObject({ status: 'paid', lines: [{ shipped: 2 }, { shipped: 0 }] });
    await world.scan(one, { code: '80' });
    await world.scan(two, { code: '50' });
    await eventually(async () => (await world.order(order.id)).status === 'shipped');
    await world.scan(two, { code: '80' });
    await eventually(async () => (await world.order(order.id)).status === 'delivered');
    const { body } = await world.call('GET', `/v1/orders/${order.id}/fulfilments`);
    expect(body.data).toMatchObject([
      { status: 'delivered', waybill: { number: one.number } },
      { status: 'delivered', waybill: { number: two.number } },
    ]);
    const types = await typesOf(order.id);
    expect(types.filter((type) => type === 'trading.order-shipped.v1')).toHaveLength(1);
    expect(types.filter((type) => type === 'trading.fulfilment-shipped.v1')).toHaveLength(2);
    const { onHand, reserved } = before;
    expect(await stockOf('SKU-12')).toMatchObject({ onHand: onHand - 2, reserved });
  });

  it('books nothing before it is asked to, and takes a waybill back when units in it are cancelled', async () => {
    const order = await aPaidBasket({ fulfilment: 'manual' });
    const { body: fulfilment } = await fulfil(order.id, { lines: [{ lineNo: 2, quantity: 2 }] });
    await booked(order.id, fulfilment);
    expect(await waybillsOf(order.id)).toHaveLength(1);
    await cancel(order.id, [{ lineNo: 2, quantity: 1 }]);
    await eventually(async () => (await waybillsOf(order.id))[0].status === 'CANCELLED');
    const again = await fulfil(order.id, {});
    expect(again.body.lines).toEqual([
      { lineNo: 1, quantity: 3 },
      { lineNo: 2, quantity: 1 },
    ]);
    await cancel(order.id);
    await eventually(async () => (await waybillsOf(order.id)).every(({ status }) => status === 'CANCELLED'));
  });

  it('is refused where there is nothing to ship', async () => {
    const order = await aPaidBasket({ fulfilment: 'manual' });
    expect((await fulfil(order.id, { lines: [{ lineNo: 1, quantity: 4 }] })).body.code).toBe('insufficient-units');
    expect((await fulfil(order.id, { lines: [{ lineNo: 7, quantity: 1 }] })).body.code).toBe('unknown-line');
    expect((await fulfil((await aPaidBasket()).id, {})).body.code).toBe('fulfilled-automatically');
    const unpaid = (await world.checkout({ fulfilment: 'manual' })).body.order;
    expect((await fulfil(unpaid.id, {})).body.code).toBe('illegal-transition');
    expect((await fulfil('ord_01h455vb4pex5vsknk084sn02q', {})).body.code).toBe('unknown-order');
  });
});

describe('a return over HTTP', () => {
  const aDelivered = async (basket: object = {}) => {
    const order = await aPaidBasket(basket);
    const waybill = await world.waybillOf(order.id);
    await world.scan(waybill, { code: '50' });
    await world.scan(waybill, { code: '80' });
    await eventually(async () => (await world.order(order.id)).status === 'delivered');
    return { order, waybill };
  };
  const announce = (orderId: string, lines: object[], key?: string) =>
    post('/v1/returns', { orderId, lines, reason: 'too small' }, key);
  const receive = (id: string, key?: string) => post(`/v1/returns/${id}/receive`, {}, key);
  const decide = (id: string, lines: object[], key?: string) => post(`/v1/returns/${id}/decide`, { lines }, key);
  const accept = (lineNo: number, quantity: number, restock = true) => ({
    lineNo,
    quantity,
    outcome: 'accepted',
    restock,
  });

  it('is announced, received and decided unit by unit; what is accepted is paid back and put on the shelf', async () => {
    const { order } = await aDelivered();
    const before = await stockOf('SKU-11');
    const announced = await announce(order.id, [{ lineNo: 1, quantity: 3 }]);
    expect(announced).toMatchObject({ status: 201, body: { status: 'requested', orderId: order.id } });
    const { id } = announced.body;
    expect((await announce(order.id, [{ lineNo: 1, quantity: 1 }])).body.code).toBe('insufficient-units');
    expect((await decide(id, [accept(1, 3)])).body).toMatchObject({ code: 'illegal-return-step', from: 'requested' });
    expect((await receive(id)).body.status).toBe('received');
    expect((await receive(id)).body).toMatchObject({ code: 'illegal-return-step', from: 'received' });
    expect((await decide(id, [accept(1, 2)])).body.code).toBe('invalid-decision');

    const key = randomUUID();
    const rejected = { lineNo: 1, quantity: 1, outcome: 'rejected' };
    const decision = [accept(1, 1), accept(1, 1, false), rejected];
    const decided = await decide(id, decision, key);
    expect(decided).toMatchObject({ status: 200, body: { status: 'decided', refundId: expect.any(String) } });
    expect((await decide(id, decision, key)).body).toEqual(decided.body);
    expect((await decide(id, decision)).body.code).toBe('illegal-return-step');
    await eventually(async () => (await refundedOf(order.id)) === 2 * order.lines[0].unitPrice.amount);
    expect((await stockOf('SKU-11')).onHand).toBe(before.onHand + 1);
    expect((await world.order(order.id)).lines[0]).toMatchObject({ delivered: 3, returned: 3, refunded: 2 });
    const list = await world.call('GET', `/v1/returns?orderId=${order.id}`);
    expect(list.body).toEqual({ data: [decided.body], nextCursor: null });
    expect((await world.call('GET', `/v1/returns/${id}`)).body).toEqual(decided.body);
  });

  it('is open already when the carrier brings a parcel back', async () => {
    const order = await aPaidBasket({ carrier: 'ZTO' });
    const waybill = await world.waybillOf(order.id);
    await world.scan(waybill, { code: '收件' });
    await world.scan(waybill, { code: '退件签收' });
    const [goods] = await eventually(async () => {
      const { body } = await world.call('GET', `/v1/returns?orderId=${order.id}`);
      return body.data.length > 0 && body.data;
    });
    expect(goods).toMatchObject({
      status: 'received',
      lines: [
        { lineNo: 1, quantity: 3 },
        { lineNo: 2, quantity: 2 },
      ],
    });
    expect(await world.order(order.id)).toMatchObject({ status: 'shipped', fulfilmentStatus: 'returned' });
    await decide(goods.id, [accept(1, 3), accept(2, 2)]);
    await eventually(async () => (await world.order(order.id)).paymentStatus === 'refunded');
  });

  it('is refused of what did not arrive, and of unknown returns', async () => {
    const order = await aPaidBasket();
    const early = await announce(order.id, [{ lineNo: 1, quantity: 1 }]);
    expect(early.body).toMatchObject({ code: 'insufficient-units', lines: [{ left: 0 }] });
    expect((await announce(order.id, [{ lineNo: 3, quantity: 1 }])).body.code).toBe('unknown-line');
    const unknown = 'ret_01h455vb4pex5vsknk084sn02q';
    expect((await world.call('GET', `/v1/returns/${unknown}`)).body.code).toBe('unknown-return');
    expect((await receive(unknown)).body.code).toBe('unknown-return');
    expect((await decide('ret_1', [accept(1, 1)])).body.code).toBe('unknown-return');
    expect((await world.call('POST', '/v1/returns', {})).status).toBe(400);
  });
});
