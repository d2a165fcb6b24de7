import { eventually } from '@tradewind/shared-kernel/testing';
import { openReference, operationOf, operationsOf, type Reference, requestOf } from './reference';
import { type Json, startWorld, type World } from './world';

/** What no example can do, and what it is answered instead. Each is explained in the description of its operation. */
const REFUSED: Record<string, { status: number; code: string; reason: string }> = {
  'POST /v1/payments/callbacks/{gateway}': {
    status: 401,
    code: 'invalid-signature',
    reason: 'only the gateway can sign its messages',
  },
};

/** What the second press of the same button is told; every other one is answered as the first. */
const REFUSED_AGAIN: Record<string, { status: number; code: string; reason: string }> = {
  ...REFUSED,
  'POST /v1/coupons': { status: 409, code: 'coupon-exists', reason: 'codes are unique' },
  'PUT /v1/promotions/{id}': { status: 409, code: 'promotion-changed', reason: 'version 1 was replaced' },
  'POST /v1/promotions/{id}/schedule': { status: 409, code: 'promotion-changed', reason: 'version 1 was replaced' },
  'DELETE /v1/risk/lists/{id}': { status: 404, code: 'unknown-list-entry', reason: 'it is gone' },
  'DELETE /v1/risk/policies/{id}': { status: 404, code: 'unknown-risk-policy', reason: 'it is gone' },
  'DELETE /v1/shipping-rates/{region}/{currency}': { status: 404, code: 'not-found', reason: 'it is gone' },
  'DELETE /v1/tax-rates/{region}': { status: 404, code: 'not-found', reason: 'it is gone' },
};

describe('the examples of /docs', () => {
  let world: World;
  let reference: Reference;
  const tried = new Set<string>();

  beforeAll(async () => {
    world = await startWorld();
    reference = openReference((await world.call('GET', '/docs/swagger-ui-init.js')).body);
  });
  afterAll(() => world.stop());

  /** Presses "Execute" twice, and tells what was answered first. */
  const press = async (name: string, typed?: { example?: string; key?: string }): Promise<Json> => {
    const { method, url, headers, body } = requestOf(reference, name, typed);
    const send = async () => {
      const answer = await world.call(method, url, body, headers);
      reference.responseInterceptor({ status: answer.status, text: JSON.stringify(answer.body) });
      return answer;
    };
    const told = ({ status, body: { code, detail } }: Json) => ({
      name,
      status: status < 400 ? 'done' : status,
      ...(status >= 400 && { code, detail }),
      documented: String(status) in operationOf(reference, name).responses,
    });
    const expected = (refused?: { status: number; code: string }) => ({
      name,
      status: refused?.status ?? 'done',
      ...(refused && { code: refused.code, detail: expect.any(String) as string }),
      documented: true,
    });
    const first = await send();
    expect(told(first)).toEqual(expected(REFUSED[name]));
    expect(told(await send())).toEqual(expected(REFUSED_AGAIN[name]));
    tried.add(name);
    return first.body;
  };
  const pay = async ({ order, payment }: Json, until: string) => {
    await world.call('POST', payment.redirectUrl, { outcome: 'paid' });
    await eventually(async () => (await world.order(order.id)).paymentStatus === until);
  };
  const becomes = (order: Json, status: string) =>
    eventually(async () => (await world.order(order.id)).status === status);

  it('play an order from the quote to the door, and back', async () => {
    await press('POST /v1/quotes');
    const checkout = await press('POST /v1/checkout');
    for (const name of ['GET /v1/orders', 'GET /v1/orders/{id}', 'GET /v1/orders/{id}/diagnosis']) await press(name);
    await press('GET /v1/payments/{id}');
    await pay(checkout, 'paid');
    await press('GET /v1/payments/return/{gateway}');
    await press('GET /v1/payments/callbacks');
    await press('POST /v1/payments/callbacks/{gateway}');

    await world.waybillOf(checkout.order.id);
    expect((await press('GET /v1/orders/{id}/waybills')).data).toHaveLength(1);
    await press('POST /v1/carriers/{carrier}/callbacks/{secret}');
    await becomes(checkout.order, 'shipped');
    await press('POST /v1/carriers/{carrier}/callbacks', { example: 'signed-for' });
    await becomes(checkout.order, 'delivered');
    await press('GET /v1/waybills/{number}');
    await press('GET /v1/carriers/{carrier}/unmapped-codes');

    await press('POST /v1/refunds');
    await press('POST /refund');
    await press('GET /v1/refunds');
    await press('GET /v1/refunds/{id}');
    await press('POST /v1/returns');
    await press('GET /v1/returns');
    await press('GET /v1/returns/{id}');
    await press('POST /v1/returns/{id}/receive');
    await press('POST /v1/returns/{id}/decide');
    await press('GET /v1/orders/{id}/timeline');
    await press('GET /v1/notifications');
  });

  it('take other amounts than a unit back', async () => {
    const bought = await press('POST /v1/checkout', { example: 'balance', key: 'basket-4712' });
    expect(bought.order.status).toBe('paid');
    await press('POST /v1/refunds', { example: 'amount', key: 'refund-4712' });
    await press('POST /v1/refunds', { example: 'rest', key: 'refund-4713' });
  });

  it('capture and void what was only authorised', async () => {
    await pay(await press('POST /v1/checkout', { example: 'capture', key: 'basket-4713' }), 'authorized');
    await press('POST /v1/payments/{id}/captures');
    await press('POST /v1/payments/{id}/void');
    await pay(await press('POST /v1/checkout', { example: 'capture', key: 'basket-4714' }), 'authorized');
    await press('POST /v1/payments/{id}/captures', { example: 'rest', key: 'capture-4712' });
  });

  it('ship a unit by hand, and cancel the other', async () => {
    await pay(await press('POST /v1/checkout', { example: 'fulfilment', key: 'basket-4715' }), 'paid');
    await press('POST /v1/orders/{id}/fulfilments');
    await press('GET /v1/orders/{id}/fulfilments');
    await press('POST /v1/orders/{id}/cancel', { example: 'units' });
    await press('POST /v1/checkout', { key: 'basket-4718' });
    await press('POST /v1/orders/{id}/cancel', { key: 'cancel-4712' });
  });

  it('park orders for a review', async () => {
    await press('POST /v1/risk/lists');
    await press('GET /v1/risk/lists');
    await press('DELETE /v1/risk/lists/{id}');
    await press('POST /v1/risk/policies', { example: 'enforce' });
    for (const [decision, key] of [
      ['approve', 'basket-4716'],
      ['reject', 'basket-4717'],
    ]) {
      await press('POST /v1/checkout', { key });
      await press('GET /v1/risk/reviews');
      await press('GET /v1/risk/reviews/{orderId}');
      await press(`POST /v1/risk/reviews/{orderId}/${decision}`);
    }
    await press('POST /v1/risk/policies');
    await press('GET /v1/risk/policies');
    await press('GET /v1/risk/policies/{id}');
    await press('GET /v1/risk/shadow-report');
    await press('POST /v1/risk/backtests');
    await press('POST /v1/risk/backtests', { example: 'stored' });
    await press('PUT /v1/risk/policies/{id}');
    await press('DELETE /v1/risk/policies/{id}');
  });

  it('set prices', async () => {
    for (const rate of ['shipping-rates/{region}/{currency}', 'tax-rates/{region}']) {
      await press(`PUT /v1/${rate}`);
      await press(`GET /v1/${rate}`);
      await press(`GET /v1/${rate.split('/')[0]}`);
      await press(`DELETE /v1/${rate}`);
    }
    await press('POST /v1/promotions/dry-run');
    await press('POST /v1/promotions');
    await press('POST /v1/coupons');
    await press('PUT /v1/promotions/{id}');
    await press('POST /v1/promotions');
    await press('POST /v1/promotions/{id}/schedule');
    await press('POST /v1/promotions/{id}/stop');
  });

  it('do everything else in the order of the page', async () => {
    for (const name of operationsOf(reference)) if (!tried.has(name)) await press(name);
    expect([...tried].toSorted()).toEqual(operationsOf(reference).toSorted());
  });
});
