import { type Id, idOf, SystemIds, uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { createTestDatabase, type TestDatabase } from '@tradewind/shared-kernel/testing';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../shared-kernel/src/persistence/data-source';
import { CouponRows } from '../src/adapters/persistence/promotions/coupon-rows';
import { PriceStamp } from '../src/adapters/persistence/pricing/price-stamp';
import { PromotionRows } from '../src/adapters/persistence/promotions/promotion-rows';
import type { Coupon } from '../src/domain/promotions/coupon';
import { tradingPersistence } from '../src/trading.module';
import { NOW } from './orders';
import { aPromotion } from './promotions';

const ROUNDS = 200;
const BUYERS = [1, 2, 3].map((n) => idOf('buy', `00000000-0000-7000-8000-00000000000${n}`));
const upTo = (most: number) => 1 + Math.floor(Math.random() * most);
const oneOf = <T>(...all: T[]): T => all[upTo(all.length) - 1] as T;

describe('coupons in PostgreSQL', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let work: UnitOfWork;
  let coupons: CouponRows;
  const ids = new SystemIds();
  const promotion = aPromotion({ conditions: [{ kind: 'coupon' }] });
  let made = 0;

  beforeAll(async () => {
    database = await createTestDatabase([tradingPersistence]);
    dataSource = await new DataSource(dataSourceOptions({ url: database.url, poolSize: 8 }, [])).initialize();
    work = new UnitOfWork(dataSource);
    coupons = new CouponRows(work);
    // The orders themselves play no part here.
    await work.query('ALTER TABLE trading.coupon_redemption DROP CONSTRAINT coupon_redemption_order_id_fkey');
    await new PromotionRows(work, new PriceStamp(work)).add(promotion);
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const aCoupon = async (limits: Partial<Coupon>): Promise<string> => {
    const code = `C-${(made += 1)}-${process.pid}`;
    await coupons.add({ code, promotionId: promotion.id, totalLimit: null, perBuyerLimit: null, used: 0, ...limits });
    return code;
  };

  interface Wanted {
    orderId: Id<'ord'>;
    buyerId: Id<'buy'> | null;
    codes: string[];
  }

  /** Orders decided in one transaction, as a batch of checkouts is; returns those that got their coupons. */
  const checkOut = (batch: Wanted[], end: 'commit' | 'break' = 'commit'): Promise<Wanted[]> =>
    work.run(async () => {
      const codes = [...new Set(batch.flatMap((order) => order.codes))];
      const book = await coupons.open(
        codes,
        batch.flatMap(({ buyerId }) => buyerId ?? []),
        'locked',
      );
      const placed = batch.filter((order) => {
        try {
          book.check(order.codes, order.buyerId);
        } catch {
          return false;
        }
        book.use(order.codes, { id: order.orderId, buyerId: order.buyerId });
        return true;
      });
      if (book.uses.length > 0) work.beforeCommit(() => coupons.redeem(book.uses, NOW));
      if (end === 'break') throw new Error('broken on purpose');
      return placed;
    });

  /** What stands in the database: uses that count, by coupon and by buyer, from the counters and from the redemptions. */
  const counted = async (code: string) => {
    const [total] = await work.query<{ used: number; redeemed: number }>(
      `SELECT used, (SELECT count(*)::int FROM trading.coupon_redemption r WHERE r.code = c.code AND given_back_at IS NULL) AS redeemed
         FROM trading.coupon c WHERE code = $1`,
      [code],
    );
    const buyers = await work.query<{ used: number; redeemed: number }>(
      `SELECT used, (SELECT count(*)::int FROM trading.coupon_redemption r
                      WHERE r.code = b.code AND r.buyer_id = b.buyer_id AND given_back_at IS NULL) AS redeemed
         FROM trading.coupon_buyer b WHERE code = $1`,
      [code],
    );
    return { total, buyers };
  };
  const expectSums = async (code: string, { totalLimit, perBuyerLimit }: Partial<Coupon>, used: number) => {
    const { total, buyers } = await counted(code);
    expect(total).toEqual({ used, redeemed: used });
    expect(used).toBeLessThanOrEqual(totalLimit ?? Infinity);
    for (const buyer of buyers) {
      expect(buyer.used).toBe(buyer.redeemed);
      expect(buyer.used).toBeLessThanOrEqual(perBuyerLimit ?? Infinity);
    }
  };
  const orders = (count: number, ...codes: string[]): Wanted[] =>
    Array.from({ length: count }, () => ({ orderId: ids.next('ord'), buyerId: oneOf(...BUYERS), codes }));

  it('are used exactly as often as they may, however many batches want them at once', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const limits = { totalLimit: upTo(6), perBuyerLimit: oneOf(null, 1, 2, 3) };
      const code = await aCoupon(limits);
      const batches = Array.from({ length: 6 }, () => orders(upTo(3), code));
      const placed = (await Promise.all(batches.map((batch) => checkOut(batch)))).flat();
      const wished = BUYERS.map((buyer) => batches.flat().filter(({ buyerId }) => buyerId === buyer).length);
      const possible = wished.reduce((sum, wish) => sum + Math.min(wish, limits.perBuyerLimit ?? Infinity), 0);
      expect(placed).toHaveLength(Math.min(limits.totalLimit, possible));
      await expectSums(code, limits, placed.length);
    }
  });

  it('are given back once, whoever cancels how often and meanwhile checks out', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const limits = { totalLimit: upTo(5), perBuyerLimit: oneOf(null, 1, 2) };
      const [code, other] = [await aCoupon(limits), await aCoupon({})];
      const placed = await checkOut(orders(6, code, other));
      const cancelled = placed.filter(() => Math.random() < 0.6).map(({ orderId }) => ({ id: orderId, at: NOW }));
      const giveBack = () => work.run(() => coupons.giveBack(cancelled));
      const [later] = await Promise.all([
        checkOut(orders(3, other, code)),
        giveBack(),
        checkOut(orders(2, code), 'break').catch(() => []),
        giveBack(),
      ]);
      const used = placed.length - cancelled.length + later.length;
      await expectSums(code, limits, used);
      await expectSums(other, {}, used);
    }
  });

  it('can be used again by who has given one back', async () => {
    const code = await aCoupon({ totalLimit: 1, perBuyerLimit: 1 });
    const [first, second] = orders(2, code).map((order) => ({ ...order, buyerId: BUYERS[0] as Id<'buy'> }));
    expect(await checkOut([first as Wanted, second as Wanted])).toEqual([first]);
    await coupons.giveBack([{ id: (first as Wanted).orderId, at: NOW }]);
    expect(await checkOut([second as Wanted])).toEqual([second]);
  });

  it('are refused by the database itself beyond a limit', async () => {
    const use = (code: string, perBuyerLimit: number | null) => ({
      code,
      orderId: ids.next('ord'),
      buyerId: BUYERS[0] as Id<'buy'>,
      perBuyerLimit,
    });
    const once = await aCoupon({ totalLimit: 1 });
    await expect(coupons.redeem([use(once, null), use(once, null)], NOW)).rejects.toThrow('coupon_check');
    const each = await aCoupon({ perBuyerLimit: 1 });
    await coupons.redeem([use(each, 1)], NOW);
    await expect(coupons.redeem([use(each, 1)], NOW)).rejects.toThrow('coupon_buyer_check');
    const same = use(await aCoupon({}), null);
    await expect(coupons.redeem([same, same], NOW)).rejects.toThrow('coupon_redemption_pkey');
    const [row] = await work.query('SELECT 1 AS one FROM trading.coupon_redemption WHERE order_id = $1', [
      uuidOf(same.orderId),
    ]);
    expect(row).toBeUndefined();
  });
});
