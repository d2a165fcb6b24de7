import { Money } from '@tradewind/shared-kernel';
import fc from 'fast-check';
import { Purses } from '../src/domain/buyers/purses';

const cny = (amount: number) => Money.of(amount, 'CNY');
const [ada, bob] = ['buy_a', 'buy_b'] as const;
const refused = (available: number, required: number, currency = 'CNY') =>
  expect.objectContaining({
    code: 'insufficient-balance',
    members: { available: { amount: available, currency }, required: { amount: required, currency } },
  });

describe('the balances of a batch', () => {
  it('too little: the refusal insufficient-balance, with what is available', () => {
    const purses = new Purses([{ buyerId: ada, balance: cny(700) }]);
    expect(() => purses.take(ada, cny(701))).toThrow(refused(700, 701));
    purses.take(ada, cny(700));
    expect(() => purses.take(ada, cny(1))).toThrow(refused(0, 1));
  });

  it('are of one buyer and one currency each', () => {
    const purses = new Purses([
      { buyerId: ada, balance: cny(700) },
      { buyerId: bob, balance: Money.of(5, 'JPY') },
    ]);
    expect(() => purses.take(bob, cny(1))).toThrow(refused(0, 1));
    expect(() => purses.take(ada, Money.of(1, 'JPY'))).toThrow(refused(0, 1, 'JPY'));
    purses.take(bob, Money.of(5, 'JPY'));
  });

  it('never give more than there is, whatever is asked of them', () => {
    const takes = (purses: Purses, amount: number): number => {
      try {
        purses.take(ada, cny(amount));
        return amount;
      } catch {
        return 0;
      }
    };
    fc.assert(
      fc.property(fc.nat(5000), fc.array(fc.nat(2000)), (balance, amounts) => {
        const purses = new Purses([{ buyerId: ada, balance: cny(balance) }]);
        let left = balance;
        for (const amount of amounts) {
          const taken = takes(purses, amount);
          expect(taken).toBe(amount <= left ? amount : 0);
          left -= taken;
        }
      }),
    );
  });
});
