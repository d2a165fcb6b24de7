import fc from 'fast-check';
import { StockBack, StockLow, StockOut } from '../src/contract';
import { type HandKind, moveByHand } from '../src/domain/stock/stock-by-hand';
import { StockLevel } from '../src/domain/stock/stock-level';
import { MOVEMENTS, type StockCount } from '../src/domain/stock/stock-movement';

const count = (onHand: bigint, reserved: bigint, missing = 0n) => ({ onHand, reserved, missing });

describe('the level of a SKU', () => {
  const told = (lowAt: bigint, ...available: bigint[]) => {
    const level = new StockLevel('TEA', lowAt, 0);
    available.reduce((before, after) => {
      level.move(before, after);
      return after;
    });
    return level.takeEvents().map((event) => event.constructor);
  };

  it('is told when it is crossed and not while it stays', () => {
    expect(told(10n, 12n, 11n, 10n, 9n, 1n)).toEqual([StockLow]);
    expect(told(10n, 9n, 3n, 0n)).toEqual([StockOut]);
    expect(told(10n, 11n, 0n)).toEqual([StockLow, StockOut]);
    expect(told(10n, 30n, 20n, 40n, 11n)).toEqual([]);
  });

  it('is told when it recovers, once for each recovery', () => {
    expect(told(10n, 0n, 1n, 5n, 11n, 12n)).toEqual([StockBack, StockBack]);
    expect(told(10n, 0n, 50n)).toEqual([StockBack]);
  });

  it('is not told of few where 0 are few', () => {
    expect(told(0n, 5n, 1n, 0n, 3n)).toEqual([StockOut, StockBack]);
  });

  it('says how many are available and counts its events', () => {
    const level = new StockLevel('TEA', 10n, 4);
    expect(level.move(11n, 10n)).toBe(true);
    expect(level.move(10n, 9n)).toBe(false);
    const [low] = level.takeEvents();
    expect(low).toMatchObject({ data: { sku: 'TEA', available: 10, lowAt: 10 }, aggregateVersion: 5 });
  });
});

/** `enough` when no fewer units are left than are reserved, or the code of the refusal. */
function outcomeOf(kind: HandKind, quantity: bigint, before: StockCount): unknown {
  try {
    const after = moveByHand('TEA', kind, quantity, before).reduce(
      (onHand, movement) => onHand + MOVEMENTS[movement.kind].onHand * movement.quantity,
      before.onHand,
    );
    return after >= before.reserved ? 'enough' : 'too few';
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

describe('stock that is moved by hand', () => {
  it('is received and adjusted as people say', () => {
    expect(moveByHand('TEA', 'receive', 5n, count(1n, 1n))).toEqual([
      { sku: 'TEA', kind: 'receive', quantity: 5n, orderId: null },
    ]);
    expect(moveByHand('TEA', 'adjust', -2n, count(5n, 3n))).toMatchObject([{ kind: 'adjust', quantity: -2n }]);
  });

  it('is not adjusted below what is reserved', () => {
    expect(() => moveByHand('TEA', 'adjust', -3n, count(5n, 3n))).toThrow(
      expect.objectContaining({
        code: 'stock-reserved',
        members: { sku: 'TEA', onHand: 5, reserved: 3, available: 2 },
      }),
    );
  });

  it('falls short of what is free first, and then of what orders hold', () => {
    expect(moveByHand('TEA', 'shortfall', 2n, count(5n, 3n))).toMatchObject([{ kind: 'shortfall', quantity: 2n }]);
    expect(moveByHand('TEA', 'shortfall', 4n, count(5n, 3n))).toMatchObject([
      { kind: 'shortfall', quantity: 2n },
      { kind: 'missing', quantity: 2n },
    ]);
    expect(moveByHand('TEA', 'shortfall', 1n, count(3n, 3n))).toMatchObject([{ kind: 'missing', quantity: 1n }]);
  });

  it('does not fall short of more than there is, nor grow beyond what JSON carries', () => {
    expect(() => moveByHand('TEA', 'shortfall', 3n, count(3n, 3n, 1n))).toThrow(
      expect.objectContaining({ code: 'shortfall-exceeds-stock' }),
    );
    expect(() => moveByHand('TEA', 'receive', 1n, count(BigInt(Number.MAX_SAFE_INTEGER), 0n))).toThrow(
      expect.objectContaining({ code: 'too-many-units' }),
    );
  });

  it('never leaves fewer units than are reserved, whatever is asked', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<HandKind>('receive', 'adjust', 'shortfall'),
        fc.bigInt({ min: -50n, max: 50n }),
        fc.bigInt({ min: 0n, max: 50n }),
        fc.bigInt({ min: 0n, max: 50n }),
        (kind, quantity, reserved, free) => {
          fc.pre(kind === 'adjust' ? quantity !== 0n : quantity > 0n);
          const before = count(reserved + free, reserved);
          const refused =
            kind === 'shortfall'
              ? quantity > before.onHand && 'shortfall-exceeds-stock'
              : before.onHand + quantity < reserved && 'stock-reserved';
          expect(outcomeOf(kind, quantity, before)).toBe(refused || 'enough');
        },
      ),
    );
  });
});
