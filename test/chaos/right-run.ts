export const AMOUNT = 3000;
const money = (amount: number) => ({ amount, currency: 'CNY' });

type Body = Record<string, unknown>;

const event = (
  lane: number,
  position: number,
  id: string,
  type: string,
  aggregate: string,
  version: number,
  payload: Body,
) => ({ lane, position, id, type, aggregate_id: aggregate, version, payload });

const answered = (
  kind: string,
  key: string,
  outcome: string,
  bodies: Body[],
  asked: { target?: string; body?: Body } = {},
) => ({
  ...{ kind, key, outcome, target: '', body: {} as Body, ...asked },
  answers: bodies.map((body, nth) => ({ begun: nth * 2, at: nth * 2 + 1, status: 201, body })),
});

export const order = (id: string, status: string) => ({
  order: { id, status, total: money(AMOUNT) },
  payment: { id: `pay_${id}` },
});

const placed = (id: string, version: number, status: string, facts: Body = {}) => ({
  ...{ id, version, status, fulfilment: 'automatic', buyer_id: null as string | null, hold_released: false },
  ...{ subtotal: AMOUNT, discount: 0, shipping: 0, total: AMOUNT },
  ...facts,
});

const bought = (id: string, facts: Record<string, number> = {}) => ({
  ...{ order_id: id, line_no: 1, sku: 'SKU-1', quantity: 3, unit_price: 1000, discount: 0, total: AMOUNT },
  ...{ cancelled: 0, shipped: 0, delivered: 0, announced: 0, returned: 0, undelivered: 0 },
  ...{ refunded: 0, refunded_amount: 0 },
  ...facts,
});

const payment = (id: string, captured: number, refunded: number, facts: Body = {}) => ({
  ...{ id: `pay_${id}`, order_id: id, gateway: 'sandbox', capture: 'automatic', amount: AMOUNT },
  ...{ authorized: captured, capture_pending: 0, captured, refund_pending: 0, refunded },
  ...facts,
});

const operation = (id: string, orderId: string, amount: number, facts: Body = {}) => ({
  ...{ id, payment_id: `pay_${orderId}`, order_id: orderId, kind: 'refund', amount, state: 'succeeded' },
  ...{
    request_key: null as string | null,
    units: null as { lineNo: number; quantity: number; amount: number }[] | null,
  },
  ...facts,
});

const entry = (id: string, kind: string, amount: number, facts: Body = {}) => ({
  ...{ id, buyer_id: 'buy_1', currency: 'CNY', kind, amount },
  ...{ payment_id: null as string | null, refund_id: null as string | null, request_key: null as string | null },
  ...facts,
});

const point = (kind: string, points: number, orderId: string, refundId: string | null = null) => ({
  ...{ buyer_id: 'buy_1', kind, points, order_id: orderId, refund_id: refundId },
});

/**
 * As a run without a fault leaves them: a delivered order (d) with a refund, a cancelled (c), an open (o), and one (a) of
 * which a part is captured. And one (m) with a coupon, paid from a balance, of whose three units one was cancelled, two
 * shipped on request, and one of these came back.
 */
export function aRightRun() {
  const refund = { id: 'ref_1', orderId: 'd', status: 'success', amount: money(500), reason: 'damaged' };
  const capture = { id: 'cap_1', status: 'success', gatewayReference: 'cp_1' };
  const unit = (quantity: number) => [{ lineNo: 1, quantity }];
  const decision = { lineNo: 1, quantity: 1, outcome: 'accepted', restock: true };
  const priced = [{ lineNo: 1, quantity: 1, amount: 900 }];
  const events = [
    event(0, 1, 'e1', 'trading.order-placed.v1', 'd', 1, { orderId: 'd' }),
    event(0, 2, 'e2', 'trading.order-paid.v1', 'd', 2, { orderId: 'd' }),
    event(0, 3, 'e3', 'trading.order-shipped.v1', 'd', 3, { orderId: 'd' }),
    event(0, 4, 'e4', 'trading.order-delivered.v1', 'd', 4, { orderId: 'd' }),
    event(0, 5, 'e5', 'trading.refund-requested.v1', 'd', 5, { orderId: 'd' }),
    event(0, 6, 'e6', 'trading.refund-settled.v1', 'd', 6, { orderId: 'd', status: 'success' }),
    event(1, 1, 'e7', 'trading.order-placed.v1', 'c', 1, { orderId: 'c' }),
    event(1, 2, 'e8', 'trading.order-cancelled.v1', 'c', 2, { orderId: 'c', from: 'created' }),
    event(1, 3, 'e9', 'trading.order-placed.v1', 'o', 1, { orderId: 'o' }),
    event(1, 4, 'e10', 'logistics.waybill-created.v1', 'wbl_d', 1, { orderId: 'd' }),
    event(2, 1, 'e11', 'trading.order-placed.v1', 'm', 1, { orderId: 'm' }),
    event(2, 2, 'e12', 'trading.order-paid.v1', 'm', 2, { orderId: 'm' }),
    event(2, 3, 'e13', 'trading.order-shipped.v1', 'm', 3, { orderId: 'm' }),
    event(2, 4, 'e14', 'trading.order-delivered.v1', 'm', 4, { orderId: 'm' }),
    event(2, 5, 'e15', 'trading.order-placed.v1', 'a', 1, { orderId: 'a' }),
  ];
  const commands = [
    answered('checkout', 'k1', 'acknowledged', [order('d', 'created'), order('d', 'created')]),
    answered('checkout', 'k2', 'acknowledged', [order('c', 'created')]),
    answered('checkout', 'k3', 'acknowledged', [order('o', 'created')]),
    answered('checkout', 'k4', 'refused', []),
    answered('cancel', 'k5', 'acknowledged', [{ id: 'c', status: 'cancelled' }]),
    answered('refund', 'k6', 'acknowledged', [{ ...refund, status: 'pending' }, refund]),
    answered('refund', 'k7', 'refused', []),
    answered('checkout', 'k8', 'acknowledged', [order('m', 'created')], { body: { coupons: ['SPRING'] } }),
    answered('checkout', 'k9', 'acknowledged', [order('a', 'created')], { body: { quoteHash: 'q1' } }),
    answered('cancel lines', 'k10', 'acknowledged', [{ id: 'm', status: 'paid' }], {
      target: '/v1/orders/m/cancel',
      body: { lines: unit(1) },
    }),
    answered('fulfil', 'k11', 'acknowledged', [{ id: 'ful_1' }]),
    answered('return', 'k12', 'acknowledged', [{ id: 'ret_1' }]),
    answered('receive return', 'k13', 'acknowledged', [{ id: 'ret_1' }]),
    answered('decide return', 'k14', 'acknowledged', [{ id: 'ret_1' }]),
    answered('capture', 'k15', 'acknowledged', [{ ...capture, status: 'pending', gatewayReference: null }, capture]),
    answered('credit', 'k16', 'acknowledged', [{ id: 'bal_1' }]),
    answered('receive goods', 'k17', 'acknowledged', [{ sku: 'SKU-1' }], {
      target: '/v1/skus/SKU-1/receipts',
      body: { quantity: 5 },
    }),
  ];
  const operations = [
    operation('ref_1', 'd', 500, { request_key: 'POST k6' }),
    operation('ref_2', 'm', 900, { units: priced }),
    operation('ref_3', 'm', 900, { units: priced }),
    operation('cap_1', 'a', 1000, { kind: 'capture', request_key: 'POST k15' }),
  ];
  return {
    commands,
    quotes: { q1: AMOUNT } as Record<string, number>,
    surprises: [] as string[],
    reads: 3,
    starts: 2,
    quiet: { tookMs: 1000, late: [] as [string, number][], isReached: true },
    planted: [{ what: 'a poisoned event is parked', holds: true }],
    rules: [
      { name: 'tell-paid', event: 'trading.order-paid.v1', where: {} },
      { name: 'tell-refund', event: 'trading.refund-settled.v1', where: { status: 'success' } },
    ],
    initialStock: { default: 100 },
    orders: [
      placed('d', 6, 'delivered', { buyer_id: 'buy_1' }),
      placed('c', 2, 'cancelled'),
      placed('o', 1, 'created'),
      placed('m', 4, 'delivered', { buyer_id: 'buy_1', fulfilment: 'manual', discount: 300, total: 2700 }),
      placed('a', 1, 'created'),
    ],
    lines: [
      bought('d', { shipped: 3, delivered: 3 }),
      bought('c', { cancelled: 3 }),
      bought('o'),
      bought('m', {
        ...{ discount: 300, total: 2700, cancelled: 1, shipped: 2, delivered: 2, returned: 1 },
        ...{ refunded: 2, refunded_amount: 1800 },
      }),
      bought('a'),
    ],
    fulfilments: [{ id: 'ful_1', order_id: 'm', status: 'delivered', lines: unit(2) }],
    returns: [
      { id: 'ret_1', order_id: 'm', status: 'decided', reason: 'too small', lines: unit(1), decisions: [decision] },
    ],
    orderMovements: [
      ...['d', 'c', 'o', 'm', 'a'].map((id) => ({ order_id: id, sku: 'SKU-1', kind: 'hold', units: 3 })),
      { order_id: 'd', sku: 'SKU-1', kind: 'fulfil', units: 3 },
      { order_id: 'c', sku: 'SKU-1', kind: 'release', units: 3 },
      { order_id: 'm', sku: 'SKU-1', kind: 'release', units: 1 },
      { order_id: 'm', sku: 'SKU-1', kind: 'fulfil', units: 2 },
      { order_id: 'm', sku: 'SKU-1', kind: 'restock', units: 1 },
    ],
    stock: [{ sku: 'SKU-1', on_hand: 101, reserved: 6 }],
    movements: [{ sku: 'SKU-1', on_hand: 101, reserved: 6 }],
    payments: [
      payment('d', AMOUNT, 500),
      payment('c', 0, 0),
      payment('o', 0, 0),
      payment('m', 2700, 1800, { gateway: 'balance', amount: 2700 }),
      payment('a', 1000, 0, { capture: 'manual', authorized: AMOUNT }),
    ],
    operations,
    refunds: operations.filter(({ kind }) => kind === 'refund'),
    coupons: [{ code: 'SPRING', total_limit: 1, used: 1 }],
    couponBuyers: [{ code: 'SPRING', buyer_id: 'buy_1', used: 1, most: 1 }],
    redemptions: [{ order_id: 'm', code: 'SPRING', buyer_id: 'buy_1', given_back_at: null as Date | null }],
    points: [
      point('earned', 30, 'd'),
      point('taken-back', -5, 'd', 'ref_1'),
      point('earned', 27, 'm'),
      point('taken-back', -9, 'm', 'ref_2'),
      point('taken-back', -9, 'm', 'ref_3'),
    ],
    balances: [{ buyer_id: 'buy_1', currency: 'CNY', balance: 9100 }],
    balanceEntries: [
      entry('bal_1', 'credit', 10_000, { request_key: 'POST k16' }),
      entry('bal_2', 'payment', -2700, { payment_id: 'pay_m' }),
      entry('bal_3', 'refund', 900, { payment_id: 'pay_m', refund_id: 'ref_2' }),
      entry('bal_4', 'refund', 900, { payment_id: 'pay_m', refund_id: 'ref_3' }),
    ],
    accounts: [{ id: 'buy_1', points: 34, balances: [money(9100)] }],
    keys: commands.flatMap(({ key, answers }) => answers.slice(-1).map(({ body }) => ({ key, body }))),
    waybills: [
      { id: 'wbl_d', order_id: 'd', fulfilment_id: null as string | null, carrier: 'SF', number: 'SF1', version: 1 },
      { id: 'wbl_m', order_id: 'm', fulfilment_id: 'ful_1', carrier: 'SF', number: 'SF3', version: 0 },
    ],
    messages: [
      { id: 'ntf_1', order_id: 'd', event_id: 'e2', rule: 'tell-paid', state: 'succeeded' },
      { id: 'ntf_2', order_id: 'd', event_id: 'e6', rule: 'tell-refund', state: 'succeeded' },
      { id: 'ntf_3', order_id: 'm', event_id: 'e12', rule: 'tell-paid', state: 'succeeded' },
    ],
    letters: ['ntf_1', 'ntf_2', 'ntf_3'],
    events,
    heads: [
      { lane: 0, head: 6 },
      { lane: 1, head: 4 },
      { lane: 2, head: 5 },
    ],
    cursors: [
      { subscription: 'a', lane: 0, position: 6 },
      { subscription: 'a', lane: 1, position: 4 },
    ],
    parked: [] as Body[],
    deliveries: events.map(({ id }) => ({ subscription: 'chaos.recorder', event_id: id })),
    taken: { 'chaos.recorder': [...new Set(events.map(({ type }) => type))] },
    ledger: {
      payments: [
        { reference: 'pay_d', status: 'paid', amount: AMOUNT },
        { reference: 'pay_a', status: 'authorized', amount: AMOUNT, captured: 1000 },
      ],
      refunds: [{ reference: 'ref_1', payment: 'pay_d', status: 'succeeded', amount: 500 }],
      operations: [{ reference: 'cap_1', payment: 'pay_a', status: 'succeeded', amount: 1000 }],
      waybills: [
        { number: 'SF1', orderId: 'd', status: 'booked' },
        { number: 'SF3', orderId: 'ful_1', status: 'booked' },
      ],
      scans: [
        { number: 'SF1', orderId: 'd', code: '50' },
        { number: 'SF1', orderId: 'd', code: '80' },
        { number: 'SF3', orderId: 'ful_1', code: '80' },
      ],
    },
  };
}

export type Facts = ReturnType<typeof aRightRun>;
export type Planted = [invariant: string, what: string, plant: (facts: Facts) => unknown];
