import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateBuyers1767225600170 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE trading.buyer (
        id uuid PRIMARY KEY,
        member_number bigint NOT NULL CONSTRAINT buyer_member_number_key UNIQUE,
        nickname text NOT NULL CHECK (octet_length(convert_to(nickname, 'UTF8')) BETWEEN 1 AND 32),
        level integer NOT NULL CHECK (level BETWEEN 0 AND 100),
        registered_at timestamptz NOT NULL,
        -- RFC 3339 as it was given: timestamptz would forget the offset.
        last_login text
      );
      CREATE INDEX buyer_registered ON trading.buyer (registered_at, id);

      -- Append-only. Orders may name buyers that are not registered, so that nothing refers to trading.buyer.
      CREATE TABLE trading.point_entry (
        id uuid PRIMARY KEY,
        buyer_id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN ('earned', 'taken-back', 'given-back', 'adjusted')),
        points bigint NOT NULL,
        order_id uuid,
        refund_id uuid,
        -- What was paid or given back, in minor units of the order's currency: what a share is a share of.
        amount bigint CHECK (amount >= 0),
        reason text,
        reference text,
        request_key text UNIQUE,
        recorded_at timestamptz NOT NULL,
        CHECK ((kind = 'adjusted') = (order_id IS NULL)),
        CHECK ((kind IN ('taken-back', 'given-back')) = (refund_id IS NOT NULL)),
        CHECK ((order_id IS NULL) = (amount IS NULL))
      );
      CREATE INDEX point_entry_of_buyer ON trading.point_entry (buyer_id, id) INCLUDE (points);
      CREATE INDEX point_entry_of_order ON trading.point_entry (order_id) WHERE order_id IS NOT NULL;
      CREATE UNIQUE INDEX point_entry_earned_once ON trading.point_entry (order_id) WHERE kind = 'earned';
      CREATE UNIQUE INDEX point_entry_refund_once ON trading.point_entry (refund_id, kind) WHERE refund_id IS NOT NULL;

      -- What a buyer has in store. Its row is locked by whoever takes from it.
      CREATE TABLE trading.balance_account (
        buyer_id uuid NOT NULL,
        currency char(3) NOT NULL,
        balance bigint NOT NULL CHECK (balance >= 0),
        PRIMARY KEY (buyer_id, currency)
      ) WITH (fillfactor = 50);

      -- Append-only; the sum of an account's entries is its balance.
      CREATE TABLE trading.balance_entry (
        id uuid PRIMARY KEY,
        buyer_id uuid NOT NULL,
        currency char(3) NOT NULL,
        kind text NOT NULL CHECK (kind IN ('credit', 'payment', 'refund')),
        amount bigint NOT NULL CHECK (amount <> 0 AND (amount < 0) = (kind = 'payment')),
        order_id uuid,
        payment_id uuid,
        refund_id uuid,
        reason text,
        reference text,
        request_key text UNIQUE,
        recorded_at timestamptz NOT NULL,
        FOREIGN KEY (buyer_id, currency) REFERENCES trading.balance_account,
        CHECK ((kind = 'credit') = (payment_id IS NULL)),
        CHECK ((kind = 'refund') = (refund_id IS NOT NULL))
      );
      CREATE INDEX balance_entry_of_buyer ON trading.balance_entry (buyer_id, id);
      CREATE UNIQUE INDEX balance_entry_payment_once ON trading.balance_entry (payment_id) WHERE kind = 'payment';
      CREATE UNIQUE INDEX balance_entry_refund_once ON trading.balance_entry (refund_id) WHERE refund_id IS NOT NULL;

      CREATE FUNCTION trading.refuse_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
      CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON trading.point_entry
        FOR EACH STATEMENT EXECUTE FUNCTION trading.refuse_change();
      CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON trading.balance_entry
        FOR EACH STATEMENT EXECUTE FUNCTION trading.refuse_change();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE trading.balance_entry, trading.balance_account, trading.point_entry, trading.buyer;
      DROP FUNCTION trading.refuse_change`);
  }
}
