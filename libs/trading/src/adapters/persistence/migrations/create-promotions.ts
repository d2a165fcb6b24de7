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

      -- One row: counts the changes of all promotions, so that a process knows whether what it has in memory still stands.
      CREATE TABLE trading.promotion_stamp (
        is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
        stamp bigint NOT NULL
      );
      INSERT INTO trading.promotion_stamp (stamp) VALUES (0);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE trading.promotion_stamp, trading.promotion');
  }
}
