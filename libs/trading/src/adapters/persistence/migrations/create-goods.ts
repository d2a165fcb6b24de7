import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateGoods1767225600150 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Units of an order that are shipped together, on request; orders that ship as a whole have none.
      CREATE TABLE trading.fulfilment (
        id uuid PRIMARY KEY,
        order_id uuid NOT NULL REFERENCES trading.orders,
        status text NOT NULL CHECK (status IN ('requested', 'shipped', 'delivered', 'returned', 'cancelled')),
        carrier text,
        -- [{lineNo, quantity}]
        lines jsonb NOT NULL,
        -- {waybillId, carrier, number}
        waybill jsonb,
        requested_at timestamptz NOT NULL,
        changed_at timestamptz NOT NULL,
        CHECK ((waybill IS NULL) = (status IN ('requested', 'cancelled')))
      );
      CREATE INDEX fulfilment_of_order ON trading.fulfilment (order_id, id);

      -- Goods on their way back; how many of each line is counted in order_line.
      CREATE TABLE trading.return (
        id uuid PRIMARY KEY,
        order_id uuid NOT NULL REFERENCES trading.orders,
        status text NOT NULL CHECK (status IN ('requested', 'received', 'decided')),
        reason text NOT NULL,
        -- [{lineNo, quantity}]
        lines jsonb NOT NULL,
        -- [{lineNo, quantity, outcome, restock}]
        decisions jsonb NOT NULL DEFAULT '[]',
        refund_id uuid UNIQUE,
        requested_at timestamptz NOT NULL,
        received_at timestamptz,
        decided_at timestamptz,
        CHECK ((received_at IS NULL) = (status = 'requested') AND (decided_at IS NULL) = (status <> 'decided')),
        CHECK (refund_id IS NULL OR status = 'decided')
      );
      CREATE INDEX return_of_order ON trading.return (order_id, id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE trading.return, trading.fulfilment');
  }
}
