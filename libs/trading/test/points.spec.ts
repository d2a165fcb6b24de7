import { type Id, Money } from '@tradewind/shared-kernel';
import fc from 'fast-check';
import { OrderPoints, pointsFor } from '../src/domain/buyers/points';
import { refundId } from './orders';

const cny = (amount: number | bigint) => Money.of(amount, 'CNY');
const aDelivered = (paid: Money): OrderPoints => {
  const points = new OrderPoints([]);
  points.earn(paid, {});
  return points;
};
const total = (points: OrderPoints) => points.takeNew().reduce((sum, line) => sum + line.points, 0n);

describe('points', () => {
  it('are one for each whole unit of the currency that was paid', () => {
    expect(pointsFor(cny(12_999), {})).toBe(129n);
    expect(pointsFor(cny(99), {})).toBe(0n);
    expect(pointsFor(Money.of(129, 'JPY'), {})).toBe(129n);
    expect(pointsFor(Money.of(12_999, 'BHD'), {})).toBe(12n);
    expect(pointsFor(cny(9_007_199_254_740_991n), {})).toBe(90_071_992_547_409n);
  });

  it('are as many as the shop says for a currency', () => {
    const rates = { CNY: 50, JPY: 0 };
    expect(pointsFor(cny(12_999), rates)).toBe(259n);
    expect(pointsFor(Money.of(129, 'JPY'), rates)).toBe(0n);
    expect(pointsFor(Money.of(1299, 'USD'), rates)).toBe(12n);
  });

  it('are an append-only ledger: earned when delivered, once', () => {
    const points = new OrderPoints([]);
    points.earn(cny(12_990), {});
    points.earn(cny(12_990), {});
    expect(points.takeNew()).toEqual([{ kind: 'earned', points: 129n, refundId: null, amount: 12_990n }]);
    expect(points.takeNew()).toEqual([]);
  });

  it('are not earned by what costs nothing', () => {
    expect(aDelivered(cny(0)).takeNew()).toEqual([]);
  });

  it('are taken back in proportion on refund, once for each refund', () => {
    const points = aDelivered(cny(10_000));
    points.takeBack(refundId(1), 2500n);
    points.takeBack(refundId(1), 2500n);
    expect(points.takeNew().map(({ points: change }) => change)).toEqual([100n, -25n]);
  });

  it('are not taken back from an order that earned none', () => {
    const points = new OrderPoints([]);
    points.takeBack(refundId(1), 100n);
    points.giveBack(refundId(1));
    expect(points.takeNew()).toEqual([]);
  });

  it('are given back, once, when a refund fails later', () => {
    const points = aDelivered(cny(10_000));
    points.takeBack(refundId(1), 3333n);
    points.giveBack(refundId(1));
    points.giveBack(refundId(1));
    points.giveBack(refundId(2));
    expect(points.takeNew().map(({ points: change }) => change)).toEqual([100n, -33n, 33n]);
  });

  it('know from the ledger what was recorded before', () => {
    const before = aDelivered(cny(999));
    before.takeBack(refundId(1), 500n);
    const after = new OrderPoints(before.takeNew());
    after.earn(cny(999), {});
    after.takeBack(refundId(1), 500n);
    after.takeBack(refundId(2), 499n);
    expect(after.takeNew()).toEqual([{ kind: 'taken-back', points: -5n, refundId: refundId(2), amount: 499n }]);
  });

  it('are all gone when everything was given back, in however many parts', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 1n, max: 10n ** 12n }), { minLength: 1, maxLength: 20 }), (parts) => {
        const paid = parts.reduce((sum, part) => sum + part, 0n);
        const points = aDelivered(cny(paid));
        parts.forEach((part, n) => points.takeBack(refundId(n), part));
        expect(total(points)).toBe(0n);
      }),
    );
  });

  it('are at any time what was earned less the share that was given back, rounded down', () => {
    const step = fc.record({ refund: fc.nat(9), fails: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: 0n, max: 100_000n }), { minLength: 10, maxLength: 10 }),
        fc.array(step, { maxLength: 40 }),
        (amounts, steps) => {
          const paid = amounts.reduce((sum, amount) => sum + amount, 1n);
          const points = aDelivered(cny(paid));
          const earned = total(points);
          const state = new Map<Id<'ref'>, 'done' | 'failed'>();
          let sum = earned;
          for (const { refund, fails } of steps) {
            const id = refundId(refund);
            const amount = amounts[refund] as bigint;
            if (fails) points.giveBack(id);
            else points.takeBack(id, amount);
            if (!fails && !state.has(id)) state.set(id, 'done');
            if (fails && state.has(id)) state.set(id, 'failed');
            sum += total(points);
            const back = [...state].reduce(
              (given, [of, end]) => (end === 'done' ? given + (amounts[indexOf(of)] as bigint) : given),
              0n,
            );
            expect(sum).toBe(earned - (earned * back) / paid);
          }
        },
      ),
    );
  });
});

const indexOf = (id: Id<'ref'>): number => Array.from({ length: 10 }, (_, n) => refundId(n)).indexOf(id);
