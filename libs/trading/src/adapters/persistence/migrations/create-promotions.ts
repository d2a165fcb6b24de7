import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreatePromotions1767225600110 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE trading.promotion (
        id uuid PRIMARY KEY,
        version integer NOT NULL CHECK (version > 0),
        name text NOT NULL,
        priority integer NOT NULL,
        stacking_group text,
        exclusive boolean NOT NULL,
        cap jsonb,
        conditions jsonb NOT NULL,
        actions jsonb NOT NULL,
        starts_at timestamptz,
        ends_at timestamptz,
        stopped_at timestamptz,
        CHECK (ends_at > starts_at)
      );

      -- Codes are in capitals. Its row is locked by whoever changes its uses, or those of one buyer.
      CREATE TABLE trading.coupon (
        code text COLLATE "C" PRIMARY KEY CHECK (code ~ '^[A-Z0-9_-]{3,32}$'),
        promotion_id uuid NOT NULL REFERENCES trading.promotion,
        total_limit integer CHECK (total_limit > 0),
        per_buyer_limit integer CHECK (per_buyer_limit > 0),
        used integer NOT NULL DEFAULT 0 CHECK (used >= 0),
        CHECK (used <= total_limit)
      ) WITH (fillfactor = 50);
      CREATE INDEX coupon_promotion ON trading.coupon (promotion_id, code);

      -- Uses of one buyer, of coupons that limit them; most is the coupon's limit.
      CREATE TABLE trading.coupon_buyer (
        code text COLLATE "C" NOT NULL REFERENCES trading.coupon,
        buyer_id uuid NOT NULL,
        used integer NOT NULL CHECK (used >= 0),
        most integer NOT NULL,
        PRIMARY KEY (code, buyer_id),
        CHECK (used <= most)
      );

      -- An order uses a coupon once, and gives it back when it is cancelled.
      CREATE TABLE trading.coupon_redemption (
        order_id uuid NOT NULL REFERENCES trading.orders,
        code text COLLATE "C" NOT NULL REFERENCES trading.coupon,
        buyer_id uuid,
        redeemed_at timestamptz NOT NULL,
        given_back_at timestamptz,
        PRIMARY KEY (order_id, code)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE trading.coupon_redemption, trading.coupon_buyer, trading.coupon, trading.promotion');
  }
}
