import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateMessaging1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA messaging;

      -- A lane's head is the position of its newest event. Updated in place: keep room on the page.
      CREATE TABLE messaging.lane (
        lane smallint PRIMARY KEY,
        head bigint NOT NULL DEFAULT 0
      ) WITH (fillfactor = 10);
      INSERT INTO messaging.lane (lane) SELECT generate_series(0, 15);

      CREATE TABLE messaging.event_log (
        lane smallint NOT NULL,
        position bigint NOT NULL,
        id uuid NOT NULL,
        type text NOT NULL,
        aggregate_id text NOT NULL,
        aggregate_version integer NOT NULL CHECK (aggregate_version > 0),
        payload jsonb NOT NULL,
        correlation_id text NOT NULL,
        causation_id uuid,
        request_id text,
        actor text NOT NULL,
        trace text,
        occurred_at timestamptz NOT NULL,
        PRIMARY KEY (lane, position, occurred_at)
      ) PARTITION BY RANGE (occurred_at);
      CREATE INDEX event_log_correlation ON messaging.event_log (correlation_id);
      -- Never refuse an event for its date: a clock that jumped, or a month nobody prepared.
      CREATE TABLE messaging.event_log_default PARTITION OF messaging.event_log DEFAULT;

      CREATE FUNCTION messaging.ensure_partitions(first date, months integer) RETURNS void LANGUAGE plpgsql SET timezone TO 'UTC' AS $$
      DECLARE
        month date := date_trunc('month', first);
        following date;
        name text;
      BEGIN
        PERFORM pg_advisory_xact_lock(7391204562);
        FOR step IN 1..months LOOP
          following := month + interval '1 month';
          name := format('messaging.event_log_%s', to_char(month, 'YYYYMM'));
          IF to_regclass(name) IS NULL THEN
            EXECUTE format('CREATE TABLE %s (LIKE messaging.event_log INCLUDING ALL)', name);
            -- What arrived before its month was made leaves the default partition.
            EXECUTE format('WITH early AS (
                DELETE FROM messaging.event_log_default WHERE occurred_at >= %L AND occurred_at < %L RETURNING *)
              INSERT INTO %s SELECT * FROM early', month, following, name);
            EXECUTE format('ALTER TABLE messaging.event_log ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)',
              name, month, following);
          END IF;
          month := following;
        END LOOP;
      END $$;

      -- The last position of each lane that is gone, once old months were dropped: readers from the beginning start after it.
      CREATE TABLE messaging.dropped (
        lane smallint PRIMARY KEY REFERENCES messaging.lane,
        position bigint NOT NULL
      );

      -- What any version of a subscription takes: its cursors pass none of it undelivered.
      CREATE TABLE messaging.subscription (
        name text PRIMARY KEY,
        types text[] NOT NULL
      );

      CREATE TABLE messaging.subscription_cursor (
        subscription text NOT NULL,
        lane smallint NOT NULL REFERENCES messaging.lane,
        position bigint NOT NULL,
        -- Where to look first for what follows: it is hardly older. Saves asking the partitions of all earlier months.
        since timestamptz NOT NULL DEFAULT '-infinity',
        PRIMARY KEY (subscription, lane)
      ) WITH (fillfactor = 10);

      -- The end of the batch that was begun last: beyond the cursor means that this batch failed or its process died.
      CREATE TABLE messaging.batch_begun (
        subscription text NOT NULL,
        lane smallint NOT NULL,
        position bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (subscription, lane)
      ) WITH (fillfactor = 10);

      CREATE TABLE messaging.parked_event (
        subscription text NOT NULL,
        lane smallint NOT NULL,
        position bigint NOT NULL,
        aggregate_id text NOT NULL,
        type text NOT NULL,
        -- retrying: due again at due_at, or without it the provisional mark of a first attempt; parked: waits for a person; behind: a later event of an aggregate that waits
        status text NOT NULL CHECK (status IN ('retrying', 'parked', 'behind')),
        attempts integer NOT NULL DEFAULT 0,
        due_at timestamptz,
        last_error text,
        since timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (subscription, lane, position)
      );
      CREATE INDEX parked_event_aggregate ON messaging.parked_event (subscription, lane, aggregate_id);
      CREATE INDEX parked_event_due ON messaging.parked_event (due_at) WHERE status = 'retrying';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SCHEMA messaging CASCADE');
  }
}
