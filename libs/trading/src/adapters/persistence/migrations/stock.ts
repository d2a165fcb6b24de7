import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateStock1767225600130 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Append-only: why stock_item says what it says. The sums of the deltas of a SKU are its counts.
      -- The largest table, some rows for every order line, so: one index, which serves a SKU's newest movements and its sums;
      -- no foreign key, whose check would read the SKU for every row; not in months, as the sums need all of them.
      -- What an order's movements were caused by stands in its events; actor and request are those of movements by hand.
      CREATE TABLE trading.stock_movement (
        id bigint GENERATED ALWAYS AS IDENTITY,
        at timestamptz NOT NULL DEFAULT now(),
        quantity bigint NOT NULL,
        delta_on_hand bigint NOT NULL GENERATED ALWAYS AS (CASE
          WHEN kind IN ('receive', 'restock', 'adjust') THEN quantity
          WHEN kind IN ('fulfil', 'shortfall') THEN -quantity
          ELSE 0 END) STORED,
        delta_reserved bigint NOT NULL GENERATED ALWAYS AS (CASE
          WHEN kind = 'hold' THEN quantity
          WHEN kind IN ('release', 'expire', 'fulfil') THEN -quantity
          ELSE 0 END) STORED,
        order_id uuid,
        sku text COLLATE "C" NOT NULL,
        kind text COLLATE "C" NOT NULL CHECK (kind IN
          ('hold', 'claim', 'release', 'expire', 'fulfil', 'restock', 'receive', 'adjust', 'shortfall', 'missing')),
        reason text,
        reference text,
        actor text,
        request_id text,
        PRIMARY KEY (sku, id),
        CHECK (quantity > 0 OR (quantity < 0 AND kind = 'adjust'))
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE trading.stock_movement');
  }
}
