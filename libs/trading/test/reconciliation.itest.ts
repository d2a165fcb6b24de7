import { type Id, Ids, Money, uuidOf } from '@tradewind/shared-kernel';
import fc from 'fast-check';
import { PaymentOperations, statusOf } from '../src/domain/payments/payment-operations';
import { type Booking, type MoneyFact, type Pair, StatementComparison } from '../src/domain/reconciliation/bookings';
import { discrepancyOf } from '../src/domain/reconciliation/reconciliation';
import { RecordPaymentOutcome } from '../src/features/payments/record-payment-outcome';
import { pairsOf } from './reconciliation-model';
import { openTrading, type TradingWorld } from './world';

const cny = (amount: number) => Money.of(amount, 'CNY');
const EVER = { from: new Date('2020-01-01T00:00:00Z'), to: new Date('2100-01-01T00:00:00Z') };

describe('a statement beside what PostgreSQL holds', () => {
  let world: TradingWorld;
  const facts: MoneyFact[] = [];

  beforeAll(async () => {
    world = await openTrading();
    const sku = await world.aSku(100);
    const place = () => world.checkOut([sku, 2]);
    const news = (outcome: 'paid' | 'declined' | 'authorized', payment: Id<'pay'>) =>
      world.app.get(RecordPaymentOutcome).record(payment, { outcome, amount: cny(1000), gatewayReference: 'ch_1' });
    const held = (
      { order, payment }: Awaited<ReturnType<typeof place>>,
      status: MoneyFact['status'],
      more: Partial<MoneyFact> = {},
    ) =>
      facts.push({
        reference: payment,
        gatewayReference: 'ch_1',
        kind: 'capture',
        amount: cny(1000),
        status,
        at: new Date(),
        paymentId: payment,
        orderId: order,
        ...more,
      });

    const paid = await place();
    await news('paid', paid.payment);
    held(paid, 'success');
    held(await place(), 'pending');
    const declined = await place();
    await news('declined', declined.payment);
    held(declined, 'failed');
    const silent = await place();
    await setState(silent.payment, 'stuck');
    held(silent, 'unknown');
    const later = await place();
    await news('authorized', later.payment);
    held(later, 'pending');

    const { unitOfWork, app } = world;
    const ids = app.get(Ids);
    const operations = app.get(PaymentOperations);
    const capture = ids.next('cap');
    await unitOfWork.run(() => operations.addCapture(capture, later.payment, cny(400), false, 'capture-1'));
    await setState(capture, 'succeeded');
    await unitOfWork.query('UPDATE trading.payment SET captured = 400 WHERE id = $1', [uuidOf(later.payment)]);
    held(later, 'success', { reference: capture, amount: cny(400) });
    for (const [index, state] of (['succeeded', 'failed', 'unknown', 'sent'] as const).entries()) {
      const id = ids.next('ref');
      const { order: orderId, payment } = paid;
      const refund = { id, orderId, amount: cny(index + 1), lines: [], reason: 'late', requestedAt: new Date() };
      await unitOfWork.run(() => operations.addRefund(refund, payment, null));
      await setState(id, state);
      held(paid, statusOf(state), { reference: id, kind: 'refund', amount: cny(index + 1) });
    }
    await news('paid', (await elsewhere(await place())).payment);
  });
  afterAll(() => world.close());

  const setState = (id: string, state: string) =>
    world.unitOfWork.query('UPDATE trading.payment_operation SET state = $2, due_at = NULL WHERE id = $1', [
      uuidOf(id),
      state,
    ]);
  /** Of another gateway, and so of no interest to this one's statement. */
  const elsewhere = async <Placed extends { payment: Id<'pay'> }>(placed: Placed): Promise<Placed> => {
    for (const [table, column] of [
      ['payment', 'id'],
      ['payment_operation', 'payment_id'],
    ]) {
      await world.unitOfWork.query(`UPDATE trading.${table} SET gateway = 'balance' WHERE ${column} = $1`, [
        uuidOf(placed.payment),
      ]);
    }
    return placed;
  };

  async function* inBatches(bookings: readonly Booking[]): AsyncGenerator<Booking[]> {
    for (let from = 0; from < bookings.length; from += 3) yield bookings.slice(from, from + 3);
  }
  const compare = async (bookings: readonly Booking[], period = EVER): Promise<Pair[]> => {
    const pairs: Pair[] = [];
    await world.app
      .get(StatementComparison)
      .compare('sandbox', inBatches(bookings), period, (pair) => void pairs.push(pair));
    return pairs;
  };
  /** Without what the seed does not know: the exact time, and references that the gateway did not give. */
  const told = (pairs: readonly Pair[]) =>
    pairs
      .map(({ fact, ...pair }) => ({
        ...pair,
        ...(fact && { fact: { ...fact, at: undefined, gatewayReference: undefined } }),
      }))
      .toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
  const rank = ({ booking, fact }: { booking?: Booking; fact?: { reference: string } }): string =>
    booking ? `0 ${String(booking.line).padStart(9, '0')}` : `1 ${fact?.reference}`;

  const booking = (line: number, of: Pick<MoneyFact, 'reference' | 'kind' | 'amount'>): Booking => ({
    line,
    gatewayReference: `g_${line}`,
    bookedAt: new Date('2026-01-31T08:30:00Z'),
    reference: of.reference,
    kind: of.kind,
    amount: of.amount,
  });

  it('is paired as the model pairs it, whatever it says', async () => {
    const rows = fc.array(
      fc.record({
        of: fc.nat({ max: facts.length }),
        kind: fc.constantFrom('capture' as const, 'refund' as const, undefined),
        amount: fc.constantFrom(cny(1000), cny(1), Money.of(1000, 'BHD')),
        isNamed: fc.boolean(),
      }),
      { maxLength: 25 },
    );
    await fc.assert(
      fc.asyncProperty(rows, async (drawn) => {
        const bookings = drawn.map(({ of, kind, amount, isNamed }, index): Booking => {
          const fact = facts[of] ?? { reference: 'ours-not', kind: 'capture' as const, amount };
          const row = booking(index + 2, { ...fact, amount, kind: kind ?? fact.kind });
          return isNamed ? row : { ...row, reference: null, gatewayReference: `g_${of}` };
        });
        expect(told(await compare(bookings))).toEqual(told(pairsOf(bookings, facts, EVER)));
      }),
      { numRuns: 40 },
    );
  });

  it('shows a difference of each kind with its order', async () => {
    const [paid, , , silent, , capture, refund, failed] = facts as [MoneyFact, ...MoneyFact[]];
    const bookings = [
      booking(2, { ...paid, amount: cny(999) }),
      booking(3, { ...(silent as MoneyFact) }),
      booking(4, { ...(refund as MoneyFact), amount: Money.of(1, 'JPY') }),
      booking(5, failed as MoneyFact),
      booking(6, { ...paid, reference: 'pay_01kc1xv8q1fwer8xv1wbq0z4a6' }),
      booking(7, failed as MoneyFact),
    ];
    const pairs = await compare(bookings);
    expect(pairs.map((pair) => [discrepancyOf(pair), pair.booking?.line, pair.fact?.orderId])).toEqual([
      ['amount-differs', 2, paid.orderId],
      ['state-differs', 3, silent?.orderId],
      ['currency-differs', 4, refund?.orderId],
      ['state-differs', 5, failed?.orderId],
      ['missing-here', 6, undefined],
      ['duplicate', 7, failed?.orderId],
      ['missing-there', undefined, capture?.orderId],
    ]);
  });

  it('misses only money of its period', async () => {
    const past = { from: new Date('2020-01-01T00:00:00Z'), to: new Date('2020-02-01T00:00:00Z') };
    expect(await compare([], past)).toEqual([]);
    expect(await compare([])).toHaveLength(3);
  });

  it('leaves nothing behind, also when its file breaks off', async () => {
    async function* broken(): AsyncGenerator<Booking[]> {
      yield [booking(2, facts[0] as MoneyFact)];
      throw new Error('broke off');
    }
    const comparison = world.app.get(StatementComparison);
    await expect(comparison.compare('sandbox', broken(), EVER, () => undefined)).rejects.toThrow('broke off');
    const tables = "SELECT FROM pg_class WHERE relname = 'statement_row'";
    expect(await world.unitOfWork.query(tables)).toEqual([]);
  });
});
