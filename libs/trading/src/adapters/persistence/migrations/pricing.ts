import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreatePricing1767225600120 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE trading.tax_rate (
        region text COLLATE "C" PRIMARY KEY,
        name text NOT NULL,
        rate_ppm integer NOT NULL CHECK (rate_ppm BETWEEN 0 AND 1000000),
        included boolean NOT NULL
      );

      CREATE TABLE trading.shipping_rate (
        region text COLLATE "C" NOT NULL,
        currency char(3) COLLATE "C" NOT NULL,
        price bigint NOT NULL CHECK (price >= 0),
        free_from bigint CHECK (free_from >= 0),
        is_taxed boolean NOT NULL,
        PRIMARY KEY (region, currency)
      );

      -- What a checkout with this hash is charged until it expires: the request that it is for and its prices.
      CREATE TABLE trading.quote (
        hash text COLLATE "C" PRIMARY KEY,
        expires_at timestamptz NOT NULL,
        content json NOT NULL
      );
      CREATE INDEX quote_expiry ON trading.quote (expires_at);

      -- One row: counts the changes of what prices depend on, so that a process knows whether what it has in memory stands.
      CREATE TABLE trading.price_stamp (
        is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
        stamp bigint NOT NULL
      );
      INSERT INTO trading.price_stamp (stamp) VALUES (0);

      -- By trigger, so that a change by hand is counted as well.
      CREATE FUNCTION trading.count_price_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          UPDATE trading.price_stamp SET stamp = stamp + 1;
          RETURN NULL;
        END $$;
    `);
    for (const table of ['tax_rate', 'shipping_rate', 'promotion']) {
      await runner.query(
        `CREATE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON trading.${table}
           FOR EACH STATEMENT EXECUTE FUNCTION trading.count_price_change()`,
      );
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE trading.tax_rate, trading.shipping_rate, trading.quote, trading.price_stamp;
      DROP TRIGGER count_change ON trading.promotion;
      DROP FUNCTION trading.count_price_change;
    `);
  }
}
