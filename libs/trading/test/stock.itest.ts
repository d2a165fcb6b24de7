import { randomInt } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { type Id, Money } from '@tradewind/shared-kernel';
import { Orders } from '../src/domain/orders/orders';
import { RecordPaymentOutcome } from '../src/features/payments/record-payment-outcome';
import { ExpiredHolds } from '../src/features/stock/expired-holds';
import { openTrading, type TradingWorld } from './world';

const parcel = { waybillId: 'wbl_1', carrier: 'SF', number: 'SF1', fulfilmentId: null };

describe('stock, its holds and its ledger', () => {
  let world: TradingWorld;
  let hasty: TradingWorld;
  /** Gives money back that comes too late. */
  let firm: TradingWorld;
  beforeAll(async () => {
    world = await openTrading();
    hasty = await openTrading({ holdMs: 0 });
    firm = await openTrading({ holdMs: 0, latePayments: 'refund' });
  });
  afterEach(async () => {
    expect(await world.unexplained()).toEqual([]);
    expect(await hasty.unexplained()).toEqual([]);
    expect(await firm.unexplained()).toEqual([]);
  });
  afterAll(async () => {
    await world.close();
    await hasty.close();
    await firm.close();
  });

  const paid = { outcome: 'paid', gatewayReference: 'ch_1' } as const;
  const pay = (of: TradingWorld, payment: Id<'pay'>, amount: number) =>
    of.app.get(RecordPaymentOutcome).record(payment, { ...paid, amount: Money.of(amount, 'CNY') });

  it('writes down the way of the units of an order that ships, those of one SKU as one amount', async () => {
    const [tea, cup] = [await world.aSku(10), await world.aSku(10)];
    const { order, payment } = await world.checkOut([tea, 1], [cup, 4], [tea, 2]);
    await pay(world, payment, 3500);
    await world.app.get(Orders).change(order, (o) => o.ship(parcel, new Date()));
    const movements = await world.movementsOf(order);
    expect(movements.toSorted()).toEqual(['claim 3', 'claim 4', 'fulfil 3', 'fulfil 4', 'hold 3', 'hold 4']);
    expect(await world.stockOf(tea)).toEqual({ onHand: 7, reserved: 0 });
    expect(await world.stockOf(cup)).toEqual({ onHand: 6, reserved: 0 });
  });

  it('frees the units of a cancelled order', async () => {
    const sku = await world.aSku(5);
    const { order } = await world.checkOut([sku, 5]);
    expect(await world.stockOf(sku)).toEqual({ onHand: 5, reserved: 5 });
    await world.app.get(Orders).change(order, (o) => o.cancel('changed mind', new Date()));
    expect(await world.movementsOf(order)).toEqual(['hold 5', 'release 5']);
    expect(await world.stockOf(sku)).toEqual({ onHand: 5, reserved: 0 });
  });

  it('a reservation that comes up short first reclaims expired holds of that SKU', async () => {
    const sku = await hasty.aSku(3);
    const first = await hasty.checkOut([sku, 3]);
    const second = await hasty.checkOut([sku, 2]);
    expect(await hasty.movementsOf(first.order)).toEqual(['hold 3', 'expire 3']);
    expect(await hasty.movementsOf(second.order)).toEqual(['hold 2']);
    expect(await hasty.stockOf(sku)).toEqual({ onHand: 3, reserved: 2 });
  });

  it('reclaims for many buyers at once and sells no unit twice', async () => {
    const sku = await hasty.aSku(40);
    await Promise.all(Array.from({ length: 40 }, () => hasty.checkOut([sku, 1])));
    const replies = await Promise.allSettled(Array.from({ length: 100 }, () => hasty.checkOut([sku, 1])));
    expect(replies.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(40);
    expect((await hasty.stockOf(sku)).reserved).toBeLessThanOrEqual(40);
  });

  it('refuses what is short although nothing has expired, and leaves holds that run alone', async () => {
    const sku = await world.aSku(3);
    const { order } = await world.checkOut([sku, 3]);
    await expect(world.checkOut([sku, 1])).rejects.toMatchObject({ code: 'insufficient-stock' });
    expect(await world.movementsOf(order)).toEqual(['hold 3']);
  });

  it('leaves an order alone that somebody else has locked, and expires the others', async () => {
    const sku = await hasty.aSku(9);
    const [one, other] = [await hasty.checkOut([sku, 1]), await hasty.checkOut([sku, 1])];
    const holds = hasty.app.get(ExpiredHolds);
    let release = (): void => undefined;
    let holding: Promise<void> | undefined;
    await new Promise<void>((locked) => {
      holding = hasty.app.get(Orders).change(one.order, () => {
        locked();
        return new Promise<void>((released) => (release = released));
      });
    });
    expect(await holds.expire([one.order, other.order])).toBe(1);
    expect(await hasty.movementsOf(other.order)).toEqual(['hold 1', 'expire 1']);
    release();
    await holding;
    expect(await holds.expire([one.order, other.order])).toBe(1);
    expect(await holds.expire([one.order, other.order])).toBe(0);
  });

  /** Plays 250 orders that are paid, twice, while their time runs out; the stock must fit what was sold. */
  const raceAgainstExpiry = async (of: TradingWorld) => {
    const skus = await Promise.all([500, 500, 500].map((onHand) => of.aSku(onHand)));
    const holds = of.app.get(ExpiredHolds);
    const outcomes = { paid: 0, cancelled: 0, heldAgain: 0 };
    const sold = new Map<string, number>();

    const round = async () => {
      const lines = skus.filter(() => randomInt(2)).map((sku): [string, number] => [sku, randomInt(1, 4)]);
      if (lines.length === 0) lines.push([skus[0] as string, 1]);
      const units = lines.reduce((sum, [, quantity]) => sum + quantity, 0);
      const { order, payment } = await of.checkOut(...lines);
      const late = async (work: () => Promise<unknown>) => {
        for (let turns = randomInt(12); turns > 0; turns--) await turn();
        await work();
      };
      await Promise.all([
        late(() => pay(of, payment, 500 * units)),
        late(() => holds.expire([order])),
        late(() => pay(of, payment, 500 * units)),
      ]);
      await holds.expire([order]);
      const { state, payment: money } = await of.app.get(Orders).find(order);
      const kinds = (await of.movementsOf(order)).map((movement) => movement.split(' ')[0] as string);
      const steps = kinds.filter((kind, index) => kind !== kinds[index - 1]);
      expect(money.state.captured).toEqual(Money.of(500 * units, 'CNY'));
      if (state.status === 'paid') {
        outcomes.paid += 1;
        if (steps.length > 2) outcomes.heldAgain += 1;
        expect([
          ['hold', 'claim'],
          ['hold', 'expire', 'hold', 'claim'],
        ]).toContainEqual(steps);
        expect(money.state.refundPending.amount).toBe(0n);
        for (const [sku, quantity] of lines) sold.set(sku, (sold.get(sku) ?? 0) + quantity);
      } else {
        outcomes.cancelled += 1;
        expect([state.status, state.cancelReason]).toEqual(['cancelled', 'hold-expired']);
        expect(steps).toEqual(['hold', 'expire']);
        expect(money.state.refundPending).toEqual(money.state.captured);
      }
    };
    for (let wave = 0; wave < 25; wave++) await Promise.all(Array.from({ length: 10 }, round));
    for (const sku of skus) expect(await of.stockOf(sku)).toEqual({ onHand: 500, reserved: sold.get(sku) ?? 0 });
    return outcomes;
  };

  it('payment and expiry of one order at once: paid with its units claimed, or cancelled with its money given back', async () => {
    const { paid: inTime, cancelled, heldAgain } = await raceAgainstExpiry(firm);
    expect([inTime + cancelled, heldAgain]).toEqual([250, 0]);
    expect(Math.min(inTime, cancelled)).toBeGreaterThan(0);
  }, 180_000);

  it('payment and expiry of one order at once, where late money counts: paid, with its units held again if need be', async () => {
    const { paid: inAll, heldAgain } = await raceAgainstExpiry(hasty);
    expect(inAll).toBe(250);
    expect(heldAgain).toBeGreaterThan(0);
  }, 180_000);
});
