import { type Id, idOf } from '@tradewind/shared-kernel';
import { type Coupon, CouponBook, couponCodes, refuseIdle } from '../src/domain/promotions/coupon';
import { orderId } from './orders';
import { promotionId } from './promotions';

const buyer = (n: number): Id<'buy'> => idOf('buy', `00000000-0000-7000-8000-00000000000${n}`);
const aCoupon = (changes: Partial<Coupon> = {}): Coupon => ({
  code: 'SPRING',
  promotionId: promotionId(),
  totalLimit: null,
  perBuyerLimit: null,
  used: 0,
  ...changes,
});

/** Checks and counts orders of these buyers; tells for each whether it may have the coupon. */
const take = (book: CouponBook, ...buyers: (Id<'buy'> | null)[]): unknown[] =>
  buyers.map((buyerId) => {
    try {
      book.check(['SPRING'], buyerId);
    } catch (error) {
      return error;
    }
    book.use(['SPRING'], { id: orderId(), buyerId });
    return true;
  });
const exhausted = (limit: string) =>
  expect.objectContaining({ code: 'coupon-exhausted', members: { coupons: [{ code: 'SPRING', limit }] } });

describe('coupons of a batch', () => {
  it('are known whatever the case of their letters, and each is presented once', () => {
    expect(couponCodes(['spring', 'SPRING', 'Sprıng'])).toEqual(['SPRING', 'SPRıNG']);
    const book = new CouponBook([aCoupon()]);
    expect(book.presented(['spring', 'SPRING'])).toEqual([{ code: 'SPRING', promotionId: promotionId() }]);
    expect(() => book.presented(['SPRING', 'no', 'NEVER'])).toThrow(
      expect.objectContaining({ code: 'unknown-coupon', members: { coupons: ['NO', 'NEVER'] } }),
    );
  });

  it('are used as often as their total limit allows, by order of the batch', () => {
    const book = new CouponBook([aCoupon({ totalLimit: 5, used: 3 })]);
    expect(take(book, null, buyer(1), null)).toEqual([true, true, exhausted('total')]);
    expect(book.uses).toHaveLength(2);
  });

  it('are used as often as their limit for one buyer allows', () => {
    const coupon = aCoupon({ perBuyerLimit: 2 });
    const book = new CouponBook([coupon], [{ code: 'SPRING', buyerId: buyer(1), used: 1 }]);
    expect(take(book, buyer(1), buyer(1), buyer(2))).toEqual([true, exhausted('per-buyer'), true]);
    expect(book.uses.map(({ buyerId, perBuyerLimit }) => [buyerId, perBuyerLimit])).toEqual([
      [buyer(1), 2],
      [buyer(2), 2],
    ]);
  });

  it('that count for each buyer need to know the buyer', () => {
    const [refused] = take(new CouponBook([aCoupon({ perBuyerLimit: 1 })]), null);
    expect(refused).toMatchObject({
      code: 'coupon-not-applicable',
      members: { coupons: [{ code: 'SPRING', reasons: [{ code: 'buyer-unknown' }] }] },
    });
  });

  it('that make no difference are refused with the reasons', () => {
    const reasons = [{ code: 'ended' as const, text: 'ended yesterday' }];
    const members = { coupons: [{ code: 'SPRING', reasons }] };
    const outcomes = [
      { code: 'SPRING', used: false, reasons },
      { code: 'OTHER', used: true, reasons: [] },
    ];
    expect(() => refuseIdle(outcomes)).toThrow(expect.objectContaining({ code: 'coupon-not-applicable', members }));
    expect(refuseIdle(outcomes.slice(1))).toBeUndefined();
  });
});
