import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateNotification1767225600400 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA notification;

      CREATE TABLE notification.delivery (
        id uuid PRIMARY KEY,
        order_id uuid NOT NULL,
        event_id uuid NOT NULL,
        event text NOT NULL,
        rule text NOT NULL,
        audience text NOT NULL,
        template text NOT NULL,
        channel text NOT NULL,
        locale text NOT NULL,
        facts jsonb NOT NULL,
        recipient_name text,
        recipient_email text,
        request_id text,
        trace text,
        state text NOT NULL
          CHECK (state IN ('requested', 'sent', 'pending', 'unknown', 'succeeded', 'failed', 'stuck', 'skipped')),
        attempts integer NOT NULL DEFAULT 0,
        fence integer NOT NULL DEFAULT 0,
        asks integer NOT NULL DEFAULT 0,
        due_at timestamptz,
        last_error text,
        created_at timestamptz NOT NULL,
        sent_at timestamptz,
        -- By audience, not by address: a contact that changed between two looks is still one recipient.
        CONSTRAINT delivery_once UNIQUE (event_id, rule, audience),
        CHECK ((state = 'skipped') = (recipient_email IS NULL)),
        CHECK (state <> 'succeeded' OR sent_at IS NOT NULL)
      );
      CREATE INDEX delivery_due ON notification.delivery (due_at) WHERE due_at IS NOT NULL;
      CREATE INDEX delivery_of_order ON notification.delivery (order_id, id DESC);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SCHEMA notification CASCADE');
  }
}
