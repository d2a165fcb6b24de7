import { check, INVARIANT_NAMES } from '../chaos/invariants.mjs';
import { AMOUNT, aRightRun, type Facts, order, type Planted } from './chaos/right-run';
import { TRADING_VIOLATIONS } from './chaos/trading-violations';

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
const SCANS = 'what the carrier scanned has moved the goods';
const MESSAGES = 'each message was meant once, and sent';
const FOLD = "an order's status is the fold of its events";
const VERSIONS = 'versions have no gap and no double for each aggregate';
const LANES = 'lanes have no hole, and keep the order of versions';
const DELIVERED = 'each event reached each subscriber once, in the order of versions';
const QUIET = 'nothing is left to do, in bounded time';
const PLANTED = 'what was made to fail was set aside, alone';
const SURPRISES = 'nothing unexpected was answered, and no process ended by itself';

const PLANTED_VIOLATIONS: Planted[] = [
  [ONCE, 'an acknowledged order is lost', (run) => void run.orders.pop()],
  [ONCE, 'one key made two orders', (run) => (run.commands[0]!.answers[1]!.body = order('x', 'created'))],
  [ONCE, 'an order exists that nobody was told of', (run) => run.orders.push({ ...run.orders[2]!, id: 'x' })],
  [COMMANDS, 'a cancellation was acknowledged and has no effect', (run) => (run.orders[1]!.status = 'created')],
  [COMMANDS, 'an acknowledged refund is lost', (run) => void run.refunds.shift()],
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
  [STOCK, 'goods were taken in twice', (run) => (run.commands[16]!.body = { quantity: 10 })],
  [STOCK, 'a unit is gone', (run) => (run.stock[0]!.on_hand = 96)],
  [LEDGER, 'a movement was not written', (run) => (run.movements[0]!.reserved = 2)],
  [TOTALS, 'a line is missing', (run) => void run.lines.pop()],
  [TOTALS, 'more is charged than was ordered', (run) => (run.payments[2]!.amount = AMOUNT + 1)],
  [MONEY, 'more was refunded than operations say', (run) => (run.payments[0]!.refunded = 600)],
  [TOTALS, 'more is charged than was quoted', (run) => (run.quotes['q1'] = AMOUNT - 1)],
  [TOTALS, 'a discount is on no line', (run) => (run.lines[3]!.discount = 0)],
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
  [BOOKS, 'the gateway captured and we do not know', (run) => (run.ledger.payments[1]!.captured = 2000)],
  [BOOKS, 'the gateway refused a capture that we count', (run) => (run.ledger.operations[0]!.status = 'failed')],
  [BOOKS, 'more is authorised than the gateway says', (run) => (run.ledger.payments[1]!.status = 'voided')],
  [WAYBILLS, 'a part of an order was never booked', (run) => (run.ledger.waybills[1]!.orderId = 'x')],
  [SCANS, 'a part arrived and does not know', (run) => (run.fulfilments[0]!.status = 'shipped')],
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
  ...TRADING_VIOLATIONS,
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
