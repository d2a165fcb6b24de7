import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateLogistics1767225620000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA logistics;

      CREATE DOMAIN logistics.waybill_status AS text CHECK (VALUE IN (
        'CREATED', 'PICKED_UP', 'IN_TRANSIT', 'OUT_FOR_DELIVERY', 'READY_FOR_PICKUP', 'DELIVERED', 'DELIVERY_FAILED',
        'EXCEPTION', 'RETURNING', 'RETURNED', 'CANCELLED', 'UNKNOWN'));
      CREATE DOMAIN logistics.scan_effect AS text CHECK (VALUE IN (
        'milestone', 'informational', 'reversal', 'subscription'));

      CREATE TABLE logistics.waybill (
        id uuid PRIMARY KEY,
        order_id uuid NOT NULL,
        -- The part of the order that it carries, with its lines [{sku, quantity}]; without, it carries the whole order.
        fulfilment_id uuid,
        lines jsonb,
        carrier text NOT NULL,
        number text COLLATE "C",
        status logistics.waybill_status NOT NULL CHECK (status <> 'UNKNOWN'),
        sub_status text,
        withdrawn_at timestamptz,
        dispatched_at timestamptz,
        delivered_at timestamptz,
        returned_at timestamptz,
        cancelled_at timestamptz,
        version integer NOT NULL CHECK (version >= 0),
        created_at timestamptz NOT NULL,
        next_poll_at timestamptz,
        poll_wait_ms bigint,
        CONSTRAINT waybill_once UNIQUE NULLS NOT DISTINCT (order_id, fulfilment_id),
        CHECK ((fulfilment_id IS NULL) = (lines IS NULL)),
        CHECK (withdrawn_at IS NULL OR status = 'CANCELLED'),
        CHECK (number IS NOT NULL OR (dispatched_at IS NULL AND next_poll_at IS NULL))
      );
      CREATE UNIQUE INDEX waybill_number ON logistics.waybill (number, carrier);
      CREATE INDEX waybill_poll ON logistics.waybill (next_poll_at) WHERE next_poll_at IS NOT NULL;

      CREATE TABLE logistics.carrier_call (
        id uuid PRIMARY KEY,
        waybill_id uuid NOT NULL REFERENCES logistics.waybill,
        kind text NOT NULL CHECK (kind IN ('book', 'cancel')),
        state text NOT NULL DEFAULT 'requested'
          CHECK (state IN ('requested', 'sent', 'pending', 'unknown', 'succeeded', 'failed', 'stuck')),
        attempts integer NOT NULL DEFAULT 0,
        fence integer NOT NULL DEFAULT 0,
        asks integer NOT NULL DEFAULT 0,
        due_at timestamptz DEFAULT now(),
        last_error text,
        CONSTRAINT carrier_call_once UNIQUE (waybill_id, kind)
      );
      CREATE INDEX carrier_call_due ON logistics.carrier_call (due_at) WHERE due_at IS NOT NULL;

      CREATE TABLE logistics.carrier_message (
        id uuid PRIMARY KEY,
        carrier text NOT NULL,
        source text NOT NULL CHECK (source IN ('callback', 'poll')),
        received_at timestamptz NOT NULL,
        content_type text NOT NULL,
        raw bytea NOT NULL,
        applied_at timestamptz,
        scans integer,
        orphans integer,
        unmapped integer,
        unreadable integer
      );

      -- Scans belong to a carrier's number, not to a waybill: those of a number that nobody booked are kept all the same.
      CREATE TABLE logistics.scan (
        carrier text NOT NULL,
        number text COLLATE "C" NOT NULL,
        fingerprint text COLLATE "C" NOT NULL,
        at timestamptz NOT NULL,
        zone_assumed boolean NOT NULL,
        namespace text NOT NULL,
        code text NOT NULL,
        codes jsonb NOT NULL,
        text text,
        location text,
        status logistics.waybill_status NOT NULL,
        sub_status text,
        effect logistics.scan_effect NOT NULL,
        mapping_version integer,
        message_id uuid NOT NULL,
        PRIMARY KEY (number, carrier, fingerprint)
      );

      CREATE TABLE logistics.unmapped_code (
        carrier text NOT NULL,
        namespace text COLLATE "C" NOT NULL,
        code text COLLATE "C" NOT NULL,
        count bigint NOT NULL,
        first_seen_at timestamptz NOT NULL,
        last_seen_at timestamptz NOT NULL,
        PRIMARY KEY (carrier, namespace, code)
      );

      CREATE TABLE logistics.status_mapping_version (
        carrier text NOT NULL,
        version integer NOT NULL,
        content_hash text NOT NULL,
        loaded_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (carrier, version),
        UNIQUE (carrier, content_hash)
      );
      CREATE TABLE logistics.status_mapping (
        carrier text NOT NULL,
        version integer NOT NULL,
        row_no integer NOT NULL,
        namespace text NOT NULL,
        code text NOT NULL,
        qualifier jsonb,
        meaning text NOT NULL,
        status logistics.waybill_status NOT NULL,
        sub_status text,
        effect logistics.scan_effect NOT NULL,
        confidence text NOT NULL,
        source text NOT NULL,
        PRIMARY KEY (carrier, version, row_no),
        FOREIGN KEY (carrier, version) REFERENCES logistics.status_mapping_version
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SCHEMA logistics CASCADE');
  }
}
