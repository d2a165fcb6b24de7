import { Injectable } from '@nestjs/common';
import { type Id, idOf, uuidOf } from '@tradewind/shared-kernel';
import { isUniqueViolation, UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { type Coupon, CouponBook, type CouponUse } from '../../../domain/promotions/coupon';
import { type CouponQuestion, Coupons } from '../../../domain/promotions/coupons';
import { refusal } from '../../../domain/refusals';

interface CouponRow extends Record<string, unknown> {
  code: string;
  /** UUID. */
  promotionId: string;
  totalLimit: number | null;
  perBuyerLimit: number | null;
  used: number;
}

const SELECT = `SELECT code, promotion_id AS "promotionId", total_limit AS "totalLimit",
    per_buyer_limit AS "perBuyerLimit", used FROM trading.coupon`;
const READ = `${SELECT} WHERE code = ANY($1::text[])`;
const LOCK = `${READ} ORDER BY code FOR UPDATE`;

/** Whoever changes the uses of a coupon, or of one buyer, holds the coupon's row. Set-based SQL throughout. */
@Injectable()
export class CouponRows extends Coupons {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async find(code: string): Promise<Coupon | undefined> {
    const [row] = await this.unitOfWork.query<CouponRow>(READ, [[code]]);
    return row && couponOf(row);
  }

  async list({ promotionId, limit, after }: CouponQuestion): Promise<Coupon[]> {
    const rows = await this.unitOfWork.query<CouponRow>(
      `${SELECT} WHERE ($1::uuid IS NULL OR promotion_id = $1) AND ($2::text IS NULL OR code > $2) ORDER BY code LIMIT $3`,
      [promotionId ? uuidOf(promotionId) : null, after ?? null, limit + 1],
    );
    return rows.map(couponOf);
  }

  async add({ code, promotionId, totalLimit, perBuyerLimit }: Coupon): Promise<void> {
    try {
      await this.unitOfWork.query(
        'INSERT INTO trading.coupon (code, promotion_id, total_limit, per_buyer_limit) VALUES ($1, $2, $3, $4)',
        [code, uuidOf(promotionId), totalLimit, perBuyerLimit],
      );
    } catch (error) {
      if (isUniqueViolation(error, 'coupon_pkey')) throw refusal('coupon-exists', `there is a coupon ${code}`);
      throw error;
    }
  }

  async open(codes: readonly string[], buyers: readonly Id<'buy'>[], how: 'locked' | 'read'): Promise<CouponBook> {
    if (codes.length === 0) return new CouponBook();
    const [coupons, usedBy] = await Promise.all([
      this.unitOfWork.query<CouponRow>(how === 'locked' ? LOCK : READ, [codes]),
      // Looks only once the locks are held, since it is sent behind them.
      this.unitOfWork.query<{ code: string; buyer_id: string; used: number }>(
        'SELECT code, buyer_id, used FROM trading.coupon_buyer WHERE code = ANY($1::text[]) AND buyer_id = ANY($2::uuid[])',
        [codes, buyers.map(uuidOf)],
      ),
    ]);
    return new CouponBook(
      coupons.map(couponOf),
      usedBy.map(({ code, buyer_id: buyerId, used }) => ({ code, buyerId: idOf('buy', buyerId), used })),
    );
  }

  redeem(uses: readonly CouponUse[], now: Date): Promise<unknown> {
    return this.unitOfWork.query(
      `WITH redeemed AS (
         INSERT INTO trading.coupon_redemption (order_id, code, buyer_id, redeemed_at)
         SELECT order_id, code, buyer_id, $5 FROM unnest($1::text[], $2::uuid[], $3::uuid[]) AS u(code, order_id, buyer_id)),
       by_buyer AS (
         INSERT INTO trading.coupon_buyer AS b (code, buyer_id, used, most)
         SELECT code, buyer_id, count(*), max(most) FROM unnest($1::text[], $3::uuid[], $4::int[]) AS u(code, buyer_id, most)
          WHERE buyer_id IS NOT NULL AND most IS NOT NULL GROUP BY code, buyer_id
         ON CONFLICT (code, buyer_id) DO UPDATE SET used = b.used + excluded.used)
       UPDATE trading.coupon c SET used = c.used + u.uses
         FROM (SELECT code, count(*)::int AS uses FROM unnest($1::text[]) AS code GROUP BY code) u WHERE c.code = u.code`,
      [
        uses.map(({ code }) => code),
        uses.map(({ orderId }) => uuidOf(orderId)),
        uses.map(({ buyerId }) => buyerId && uuidOf(buyerId)),
        uses.map(({ perBuyerLimit }) => perBuyerLimit),
        now,
      ],
    );
  }

  giveBack(cancelled: readonly { id: Id<'ord'>; at: Date }[]): Promise<unknown> {
    return this.unitOfWork.query(
      `WITH given AS (
         UPDATE trading.coupon_redemption r SET given_back_at = o.at
           FROM unnest($1::uuid[], $2::timestamptz[]) AS o(id, at)
          WHERE r.order_id = o.id AND r.given_back_at IS NULL RETURNING r.code, r.buyer_id),
       locked AS (
         SELECT code FROM trading.coupon WHERE code IN (SELECT code FROM given) ORDER BY code FOR UPDATE),
       by_buyer AS (
         UPDATE trading.coupon_buyer b SET used = b.used - g.uses
           FROM locked JOIN (SELECT code, buyer_id, count(*)::int AS uses FROM given GROUP BY code, buyer_id) g USING (code)
          WHERE b.code = g.code AND b.buyer_id = g.buyer_id)
       UPDATE trading.coupon c SET used = c.used - g.uses
         FROM locked JOIN (SELECT code, count(*)::int AS uses FROM given GROUP BY code) g USING (code)
        WHERE c.code = g.code`,
      [cancelled.map(({ id }) => uuidOf(id)), cancelled.map(({ at }) => at)],
    );
  }
}

const couponOf = (row: CouponRow): Coupon => ({ ...row, promotionId: idOf('pro', row.promotionId) });
