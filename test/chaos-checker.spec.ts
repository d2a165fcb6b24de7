import { check, INVARIANT_NAMES } from '../chaos/invariants.mjs';

type Facts = ReturnType<typeof aRightRun>;

const AMOUNT = 3000;
const money = (amount: number) => ({ amount, currency: 'CNY' });

const event = (
  lane: number,
  position: number,
  id: string,
  type: string,
  aggregate: string,
  version: number,
  payload: Record<string, unknown>,
) => ({ lane, position, id, type, aggregate_id: aggregate, version, payload });

const answered = (kind: string, key: string, outcome: string, bodies: Record<string, unknown>[]) => ({
  kind,
  key,
  outcome,
  answers: bodies.map((body, nth) => ({ begun: nth * 2, at: nth * 2 + 1, status: 201, body })),
});

const order = (id: string, status: string) => ({
  order: { id, status, total: money(AMOUNT) },
  payment: { id: `pay_${id}` },
});

/** A delivered order with a refund, a cancelled one and an open one, as a run without a fault leaves them. */
function aRightRun() {
  const bought = (id: string) => ({ order_id: id, sku: 'SKU-1', quantity: 3, unit_price: 1000, total: AMOUNT });
  const payment = (id: string, captured: number, refunded: number) => ({
    ...{ id: `pay_${id}`, order_id: id, amount: AMOUNT, captured, refund_pending: 0, refunded },
  });
  const refund = { id: 'ref_1', orderId: 'd', status: 'success', amount: money(500), reason: 'damaged' };
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
  ];
  return {
    commands: [
      answered('checkout', 'k1', 'acknowledged', [order('d', 'created'), order('d', 'created')]),
      answered('checkout', 'k2', 'acknowledged', [order('c', 'created')]),
      answered('checkout', 'k3', 'acknowledged', [order('o', 'created')]),
      answered('checkout', 'k4', 'refused', []),
      answered('cancel', 'k5', 'acknowledged', [{ id: 'c', status: 'cancelled' }]),
      answered('refund', 'k6', 'acknowledged', [{ ...refund, status: 'pending' }, refund]),
      answered('refund', 'k7', 'refused', []),
    ],
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
      { id: 'd', version: 6, status: 'delivered', total: AMOUNT },
      { id: 'c', version: 2, status: 'cancelled', total: AMOUNT },
      { id: 'o', version: 1, status: 'created', total: AMOUNT },
    ],
    lines: [bought('d'), bought('c'), bought('o')],
    stock: [{ sku: 'SKU-1', on_hand: 97, reserved: 3 }],
    movements: [{ sku: 'SKU-1', on_hand: 97, reserved: 3 }],
    payments: [payment('d', AMOUNT, 500), payment('c', 0, 0), payment('o', 0, 0)],
    refunds: [
      { id: 'ref_1', payment_id: 'pay_d', order_id: 'd', amount: 500, state: 'succeeded', request_key: 'POST k6' },
    ],
    keys: [
      { key: 'k1', body: order('d', 'created') },
      { key: 'k2', body: order('c', 'created') },
      { key: 'k3', body: order('o', 'created') },
      { key: 'k5', body: { id: 'c', status: 'cancelled' } },
      { key: 'k6', body: refund },
    ] as { key: string; body: Record<string, unknown> }[],
    waybills: [{ id: 'wbl_d', order_id: 'd', carrier: 'SF', number: 'SF1', status: 'DELIVERED', version: 1 }],
    messages: [
      { id: 'ntf_1', order_id: 'd', event_id: 'e2', rule: 'tell-paid', state: 'succeeded' },
      { id: 'ntf_2', order_id: 'd', event_id: 'e6', rule: 'tell-refund', state: 'succeeded' },
    ],
    letters: ['ntf_1', 'ntf_2'],
    events,
    heads: [
      { lane: 0, head: 6 },
      { lane: 1, head: 4 },
    ],
    cursors: [
      { subscription: 'a', lane: 0, position: 6 },
      { subscription: 'a', lane: 1, position: 4 },
    ],
    parked: [] as Record<string, unknown>[],
    deliveries: events.map(({ id }) => ({ subscription: 'chaos.recorder', event_id: id })),
    taken: { 'chaos.recorder': [...new Set(events.map(({ type }) => type))] },
    ledger: {
      payments: [{ reference: 'pay_d', status: 'paid', amount: AMOUNT }],
      refunds: [{ reference: 'ref_1', payment: 'pay_d', status: 'succeeded', amount: 500 }],
      waybills: [{ number: 'SF1', orderId: 'd', status: 'booked' }],
      scans: [
        { number: 'SF1', orderId: 'd', code: '50' },
        { number: 'SF1', orderId: 'd', code: '80' },
      ],
    },
  };
}

const ONCE = 'an acknowledged order exists once, and no other one does';
const COMMANDS = 'an acknowledged cancellation or refund exists once';
const NOTHING = 'what was refused or never acknowledged left nothing';
const SAME = 'the same key gets the same answer, in every process';
const STOCK = 'stock, holds and order lines add up for each SKU';
const LEDGER = 'stock is what its ledger says';
const TOTALS = 'the lines of an order add up to its total';
const MONEY = 'captured minus refunded adds up for each payment';
const BOOKS = "money is where the gateway's own books say it is";
const WAYBILLS = 'a paid order has one waybill at its carrier, a cancelled one none that lives';
const SCANS = 'what the carrier scanned has moved the order';
const MESSAGES = 'each message was meant once, and sent';
const FOLD = "an order's status is the fold of its events";
const VERSIONS = 'versions have no gap and no double for each aggregate';
const LANES = 'lanes have no hole, and keep the order of versions';
const DELIVERED = 'each event reached each subscriber once, in the order of versions';
const QUIET = 'nothing is left to do, in bounded time';
const PLANTED = 'what was made to fail was set aside, alone';
const SURPRISES = 'nothing unexpected was answered, and no process ended by itself';

type Planted = [invariant: string, what: string, plant: (facts: Facts) => void];

const PLANTED_VIOLATIONS: Planted[] = [
  [ONCE, 'an acknowledged order is lost', (run) => void run.orders.pop()],
  [ONCE, 'one key made two orders', (run) => (run.commands[0]!.answers[1]!.body = order('x', 'created'))],
  [ONCE, 'an order exists that nobody was told of', (run) => run.orders.push({ ...run.orders[2]!, id: 'x' })],
  [COMMANDS, 'a cancellation was acknowledged and has no effect', (run) => (run.orders[1]!.status = 'created')],
  [COMMANDS, 'an acknowledged refund is lost', (run) => void run.refunds.pop()],
  [COMMANDS, 'one request made two refunds', (run) => run.refunds.push({ ...run.refunds[0]!, id: 'ref_2' })],
  [NOTHING, 'a refused checkout left an answer', (run) => run.keys.push({ key: 'k4', body: order('d', 'created') })],
  [
    NOTHING,
    'a refused refund left a refund',
    (run) => run.refunds.push({ ...run.refunds[0]!, request_key: 'POST k7' }),
  ],
  [NOTHING, 'an order was never announced', (run) => (run.events[8]!.type = 'trading.order-paid.v1')],
  [SAME, 'a repeat got another answer', (run) => (run.commands[0]!.answers[1]!.body = order('d', 'paid'))],
  [
    SAME,
    'a settled refund became pending again',
    (run) => (run.commands[5]!.answers[0]!.body = { ...run.keys[4]!.body, status: 'failed' }),
  ],
  [SAME, 'another answer was kept than was given', (run) => (run.keys[1]!.body = order('o', 'created'))],
  [STOCK, 'a unit is held for nobody', (run) => (run.stock[0]!.reserved = 4)],
  [STOCK, 'a unit is gone', (run) => (run.stock[0]!.on_hand = 96)],
  [LEDGER, 'a movement was not written', (run) => (run.movements[0]!.reserved = 2)],
  [TOTALS, 'a line is missing', (run) => void run.lines.pop()],
  [TOTALS, 'more is charged than was ordered', (run) => (run.payments[2]!.amount = AMOUNT + 1)],
  [MONEY, 'more was refunded than operations say', (run) => (run.payments[0]!.refunded = 600)],
  [MONEY, 'an amount stays on its way back', (run) => (run.payments[0]!.refund_pending = 1)],
  [
    BOOKS,
    'the gateway refunded twice',
    (run) => run.ledger.refunds.push({ ...run.ledger.refunds[0]!, reference: 'ref_2' }),
  ],
  [
    BOOKS,
    'the gateway charged and we do not know',
    (run) => run.ledger.payments.push({ ...run.ledger.payments[0]!, reference: 'pay_c' }),
  ],
  [
    WAYBILLS,
    'a paid order was booked twice',
    (run) => run.ledger.waybills.push({ ...run.ledger.waybills[0]!, number: 'SF2' }),
  ],
  [WAYBILLS, 'a paid order was never booked', (run) => void run.ledger.waybills.pop()],
  [
    WAYBILLS,
    'a cancelled order has a waybill that lives',
    (run) => run.ledger.waybills.push({ number: 'SF2', orderId: 'c', status: 'booked' }),
  ],
  [SCANS, 'a scan was lost', (run) => (run.orders[0]!.status = 'shipped')],
  [MESSAGES, 'a message is missing', (run) => void run.messages.pop()],
  [MESSAGES, 'a message was meant twice', (run) => run.messages.push({ ...run.messages[0]!, id: 'ntf_3' })],
  [MESSAGES, 'a letter was never sent', (run) => void run.letters.pop()],
  [MESSAGES, 'a message waits for ever', (run) => (run.messages[0]!.state = 'unknown')],
  [FOLD, 'the status does not follow from the events', (run) => (run.orders[2]!.status = 'paid')],
  [FOLD, 'an event is a move that there is not', (run) => (run.events[1]!.type = 'trading.order-delivered.v1')],
  [FOLD, 'the version of an order is ahead of its events', (run) => (run.orders[2]!.version = 2)],
  [VERSIONS, 'a version is missing', (run) => (run.events[5]!.version = 7)],
  [VERSIONS, 'a version is there twice', (run) => (run.events[5]!.version = 5)],
  [LANES, 'a lane has a hole', (run) => (run.events[9]!.position = 5)],
  [LANES, 'the newest event of a lane is gone', (run) => void run.events.pop()],
  [LANES, 'versions stand in the wrong order', (run) => ([run.events[0]!.version, run.events[1]!.version] = [2, 1])],
  [DELIVERED, 'an event never arrived', (run) => void run.deliveries.pop()],
  [DELIVERED, 'an event arrived twice', (run) => run.deliveries.push(run.deliveries[0]!)],
  [DELIVERED, 'events arrived in the wrong order', (run) => (run.deliveries = run.deliveries.toReversed())],
  [
    DELIVERED,
    'an event arrived that was rolled back',
    (run) => run.deliveries.push({ ...run.deliveries[0]!, event_id: 'x' }),
  ],
  [QUIET, 'a message was never settled', (run) => run.quiet.late.push(['messages', 1])],
  [QUIET, 'a cursor is behind', (run) => (run.cursors[0]!.position = 5)],
  [QUIET, 'an event stays parked', (run) => run.parked.push({ subscription: 'a', status: 'parked' })],
  [PLANTED, 'a poisoned event was not parked', (run) => (run.planted[0]!.holds = false)],
  [SURPRISES, 'a process ended by itself', (run) => run.surprises.push('A ended with 1')],
];

const violated = (facts: Facts): string[] =>
  check(facts)
    .filter(({ violations }) => violations.length > 0)
    .map(({ name }) => name);

describe('the check of a chaos run', () => {
  it('finds nothing wrong with a run that went well, and looks at everything', () => {
    const findings = check(aRightRun());
    expect(findings.flatMap(({ violations }) => violations)).toEqual([]);
    expect(findings.filter(({ checked }) => checked === 0)).toEqual([]);
  });

  it.each(PLANTED_VIOLATIONS)('%s: notices that %s', (invariant, _what, plant) => {
    const run = aRightRun();
    plant(run);
    expect(violated(run)).toContain(invariant);
  });

  it('tells that work went on and what was left, and takes nothing else for checked', () => {
    const run = aRightRun();
    run.orders.pop();
    run.cursors[0]!.position = 5;
    run.quiet = { tookMs: 750_000, late: [['messages', 4]], isReached: false };
    const findings = check(run);
    expect(findings.flatMap(({ violations }) => violations)).toEqual(['after 750 s still left: 4 messages']);
    expect(findings.filter(({ unchecked }) => unchecked === 0).map(({ name }) => name)).toEqual([
      QUIET,
      PLANTED,
      SURPRISES,
    ]);
  });

  it('has a planted violation for each invariant', () => {
    expect([...new Set(PLANTED_VIOLATIONS.map(([invariant]) => invariant))].toSorted()).toEqual(
      [...INVARIANT_NAMES].toSorted(),
    );
  });
});
