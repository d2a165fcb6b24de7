import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateTrading1767225600100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA trading;

      CREATE TABLE trading.sku (
        sku text COLLATE "C" PRIMARY KEY,
        name text NOT NULL,
        category text,
        price bigint NOT NULL CHECK (price >= 0),
        currency char(3) NOT NULL
      );

      -- Apart from the catalogue: this row is updated by every checkout, in place.
      CREATE TABLE trading.stock_item (
        sku text COLLATE "C" PRIMARY KEY REFERENCES trading.sku,
        on_hand bigint NOT NULL,
        reserved bigint NOT NULL DEFAULT 0,
        -- Reserved units that were not found; they are written off as soon as units are free.
        missing bigint NOT NULL DEFAULT 0,
        -- So many available units are few; the setting's where null.
        low_at bigint CHECK (low_at >= 0),
        -- Counts the events of the SKU: levels that its available units crossed.
        version integer NOT NULL DEFAULT 0,
        CHECK (reserved >= 0 AND reserved <= on_hand),
        CHECK (missing >= 0 AND missing <= on_hand)
      ) WITH (fillfactor = 50);

      CREATE TABLE trading.orders (
        id uuid PRIMARY KEY,
        version integer NOT NULL,
        status text NOT NULL CHECK (status IN ('created', 'paid', 'shipped', 'delivered', 'cancelled')),
        buyer_id uuid,
        currency char(3) NOT NULL,
        subtotal bigint NOT NULL,
        discount bigint NOT NULL DEFAULT 0,
        shipping bigint NOT NULL DEFAULT 0,
        tax bigint NOT NULL DEFAULT 0,
        tax_included boolean NOT NULL DEFAULT false,
        total bigint NOT NULL,
        discounts jsonb, -- null: no promotion took anything off
        carrier text,
        region text,
        locale text NOT NULL,
        email text,
        shipping_address jsonb NOT NULL,
        placed_at timestamptz NOT NULL,
        hold_expires_at timestamptz NOT NULL,
        hold_released_at timestamptz,
        review text CHECK (review = 'pending'),
        paid_at timestamptz,
        shipped_at timestamptz,
        delivered_at timestamptz,
        cancelled_at timestamptz,
        cancel_reason text,
        fulfilment text NOT NULL DEFAULT 'automatic' CHECK (fulfilment IN ('automatic', 'manual')),
        CHECK (discount BETWEEN 0 AND subtotal AND shipping >= 0 AND tax >= 0),
        CHECK (total = subtotal - discount + shipping + CASE WHEN tax_included THEN 0 ELSE tax END)
      ) WITH (fillfactor = 80);
      -- Newest first is the primary key backwards: identifiers grow with time.
      CREATE INDEX orders_of_buyer ON trading.orders (buyer_id, id) WHERE buyer_id IS NOT NULL;
      -- Not by status: the moves of a paid order then touch no index.
      CREATE INDEX orders_to_expire ON trading.orders (hold_expires_at, id) WHERE paid_at IS NULL AND cancelled_at IS NULL AND review IS NULL;

      -- Units that are neither cancelled nor shipped are held in stock_item.reserved. The counts from cancelled on are facts
      -- of the line's units: announced ones are to come back, returned ones that had never arrived are undelivered too.
      CREATE TABLE trading.order_line (
        order_id uuid NOT NULL REFERENCES trading.orders,
        line_no integer NOT NULL,
        sku text COLLATE "C" NOT NULL,
        quantity integer NOT NULL CHECK (quantity > 0),
        unit_price bigint NOT NULL,
        discount bigint NOT NULL DEFAULT 0,
        tax bigint NOT NULL DEFAULT 0,
        total bigint NOT NULL,
        cancelled integer NOT NULL DEFAULT 0,
        shipped integer NOT NULL DEFAULT 0,
        delivered integer NOT NULL DEFAULT 0,
        announced integer NOT NULL DEFAULT 0,
        returned integer NOT NULL DEFAULT 0,
        undelivered integer NOT NULL DEFAULT 0,
        refunded integer NOT NULL DEFAULT 0,
        refunded_amount bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (order_id, line_no),
        CHECK (discount BETWEEN 0 AND unit_price * quantity AND tax >= 0),
        -- Its order says whether the tax is in the price or on it.
        CHECK (total - unit_price * quantity + discount IN (0, tax)),
        CHECK (cancelled >= 0 AND shipped >= 0 AND cancelled + shipped <= quantity),
        CHECK (delivered >= 0 AND undelivered >= 0 AND delivered + undelivered <= shipped),
        CHECK (announced >= 0 AND returned >= undelivered AND returned - undelivered + announced <= delivered),
        CHECK (refunded BETWEEN 0 AND quantity AND refunded_amount BETWEEN 0 AND total)
      ) WITH (fillfactor = 80);
      CREATE INDEX order_line_sku ON trading.order_line (sku, order_id);

      CREATE TABLE trading.payment (
        id uuid PRIMARY KEY,
        order_id uuid NOT NULL UNIQUE REFERENCES trading.orders,
        gateway text NOT NULL,
        capture text NOT NULL DEFAULT 'automatic' CHECK (capture IN ('automatic', 'manual')),
        currency char(3) NOT NULL,
        amount bigint NOT NULL CHECK (amount >= 0),
        authorized bigint NOT NULL DEFAULT 0,
        capture_pending bigint NOT NULL DEFAULT 0,
        captured bigint NOT NULL DEFAULT 0,
        refund_pending bigint NOT NULL DEFAULT 0,
        refunded bigint NOT NULL DEFAULT 0,
        declined boolean NOT NULL DEFAULT false,
        voided boolean NOT NULL DEFAULT false,
        void_pending boolean NOT NULL DEFAULT false,
        gateway_reference text,
        CHECK (captured >= 0 AND capture_pending >= 0 AND captured + capture_pending <= authorized),
        CHECK (refunded >= 0 AND refund_pending >= 0 AND refunded + refund_pending <= captured)
      ) WITH (fillfactor = 80);

      -- Money on the move, each row committed before its gateway is called. An authorisation has its payment's id; a
      -- capture, a void and a refund have one of their own. The columns from state to last_error are those of every network
      -- effect.
      CREATE TABLE trading.payment_operation (
        id uuid PRIMARY KEY,
        payment_id uuid NOT NULL REFERENCES trading.payment,
        order_id uuid NOT NULL,
        gateway text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('authorize', 'capture', 'void', 'refund')),
        amount bigint NOT NULL CHECK (amount >= 0),
        currency char(3) NOT NULL,
        reason text,
        requested_at timestamptz NOT NULL,
        request_key text,
        -- Of a capture: the gateway lets go of what is left.
        final boolean NOT NULL DEFAULT false,
        -- The idempotency key at the gateway; null is the operation's own name.
        gateway_key text,
        -- What the gateway calls it.
        gateway_ref text,
        -- The units that a refund gives the price of, with it: [{lineNo, quantity, amount}].
        units jsonb,
        state text NOT NULL
          CHECK (state IN ('requested', 'sent', 'pending', 'unknown', 'succeeded', 'failed', 'stuck')),
        attempts integer NOT NULL DEFAULT 0,
        fence integer NOT NULL DEFAULT 0,
        asks integer NOT NULL DEFAULT 0,
        due_at timestamptz,
        last_error text
      ) WITH (fillfactor = 80);
      CREATE INDEX payment_operation_due ON trading.payment_operation (due_at) WHERE due_at IS NOT NULL;
      CREATE INDEX payment_operation_payment ON trading.payment_operation (payment_id) WHERE kind <> 'authorize';
      -- One refund per request, also after the answer kept for its key has expired.
      CREATE UNIQUE INDEX payment_operation_request ON trading.payment_operation (request_key) WHERE request_key IS NOT NULL;

      CREATE TABLE trading.payment_callback (
        id uuid PRIMARY KEY,
        gateway text NOT NULL,
        event_id text NOT NULL,
        body bytea NOT NULL,
        received_at timestamptz NOT NULL,
        applied_at timestamptz,
        outcome text,
        UNIQUE (gateway, event_id)
      );
      -- What people look for; news that was applied as it should be is the most of them and in no index.
      CREATE INDEX payment_callback_set_aside ON trading.payment_callback (outcome, id)
        WHERE outcome IN ('mismatch', 'orphan', 'ignored', 'late');
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SCHEMA trading CASCADE');
  }
}
