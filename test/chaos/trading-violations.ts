import type { Planted } from './right-run';

const MADE = 'an acknowledged return, fulfilment, capture or credit exists once';
const UNITS = 'units of a line are cancelled, shipped and returned as commands and parcels say';
const MOVED = "an order's movements are what became of its units";
const PRICED = 'no unit is refunded twice, and none beyond its price';
const CAPTURED = 'what is captured was authorised, in the parts that were asked for';
const COUPONS = 'a coupon is used no more often than it may, and by the orders that hold it';
const POINTS = 'points are earned once for each delivered order, and go with what was given back';
const BALANCES = 'a balance is the sum of its ledger, taken once by each order and given back once';

/** In a right run: `lines[3]` is that of the order m, `payments[4]` that of the partly captured order a. */
export const TRADING_VIOLATIONS: Planted[] = [
  [MADE, 'an acknowledged return is lost', (run) => run.returns.pop()],
  [
    MADE,
    'a fulfilment was made that nobody was told of',
    (run) => run.fulfilments.push({ ...run.fulfilments[0]!, id: 'ful_2' }),
  ],
  [MADE, 'one key made two captures', (run) => (run.commands[14]!.answers[1]!.body = { id: 'cap_2' })],
  [MADE, 'a top-up was counted twice', (run) => run.balanceEntries.push({ ...run.balanceEntries[0]!, id: 'bal_5' })],
  [MADE, 'a decided return is not decided', (run) => (run.returns[0]!.status = 'received')],
  [UNITS, 'a unit was cancelled that nobody asked for', (run) => (run.lines[3]!.cancelled = 0)],
  [UNITS, 'more units left than were ordered', (run) => (run.lines[3]!.shipped = 3)],
  [UNITS, 'a parcel left that nobody counted', (run) => (run.fulfilments[0]!.lines[0]!.quantity = 1)],
  [UNITS, 'a returned unit is not counted', (run) => (run.lines[3]!.returned = 0)],
  [UNITS, 'a unit is announced that no return names', (run) => (run.lines[3]!.announced = 1)],
  [UNITS, 'a delivered order has units on their way', (run) => (run.lines[0]!.delivered = 2)],
  [UNITS, 'a cancelled order keeps a unit', (run) => (run.lines[1]!.cancelled = 2)],
  [MOVED, 'a returned unit is not back on the shelf', (run) => run.orderMovements.pop()],
  [MOVED, 'a shipped unit did not leave the stock', (run) => (run.orderMovements[8]!.units = 1)],
  [MOVED, 'a cancelled order keeps units reserved', (run) => (run.orderMovements[6]!.units = 2)],
  [PRICED, 'a unit was refunded twice', (run) => (run.refunds[1]!.units![0]!.quantity = 3)],
  [PRICED, 'a refund gave more than the line cost', (run) => (run.refunds[1]!.units![0]!.amount = 2000)],
  [PRICED, 'a line counts a refund that there is not', (run) => (run.lines[0]!.refunded = 1)],
  [CAPTURED, 'more was captured than authorised', (run) => (run.payments[4]!.authorized = 900)],
  [CAPTURED, 'a capture is not counted', (run) => (run.payments[4]!.captured = 0)],
  [CAPTURED, 'a capture was settled and stays set aside', (run) => (run.payments[4]!.capture_pending = 1)],
  [CAPTURED, 'a part was captured at once', (run) => (run.payments[0]!.captured = 1)],
  [COUPONS, 'a coupon was used beyond its limit', (run) => (run.coupons[0]!.total_limit = 0)],
  [COUPONS, 'a use is counted that no order holds', (run) => (run.coupons[0]!.used = 0)],
  [COUPONS, 'a buyer used a coupon beyond the limit', (run) => (run.couponBuyers[0]!.most = 0)],
  [
    COUPONS,
    'a coupon was given back by an order that stands',
    (run) => (run.redemptions[0]!.given_back_at = new Date(0)),
  ],
  [COUPONS, 'a cancelled order keeps its coupon', (run) => (run.orders[3]!.status = 'cancelled')],
  [COUPONS, 'a coupon took something off and is not used', (run) => run.redemptions.pop()],
  [POINTS, 'points were earned twice', (run) => run.points.push(run.points[0]!)],
  [POINTS, 'points were never earned', (run) => void run.points.splice(0, 2)],
  [POINTS, 'points were not taken back', (run) => run.points.pop()],
  [POINTS, 'an order earned before it arrived', (run) => (run.points[0]!.order_id = 'o')],
  [POINTS, 'a buyer is told other points', (run) => (run.accounts[0]!.points = 35)],
  [BALANCES, 'a balance is not the sum of its ledger', (run) => (run.balances[0]!.balance = 9101)],
  [BALANCES, 'an order took from a balance twice', (run) => run.balanceEntries.push(run.balanceEntries[1]!)],
  [BALANCES, 'a refund did not come back to the balance', (run) => run.balanceEntries.pop()],
  [BALANCES, 'a refund came back twice', (run) => run.balanceEntries.push(run.balanceEntries[3]!)],
  [BALANCES, 'a card payment took from a balance', (run) => (run.payments[3]!.gateway = 'sandbox')],
  [BALANCES, 'a buyer is told another balance', (run) => (run.accounts[0]!.balances[0]!.amount = 1)],
];
