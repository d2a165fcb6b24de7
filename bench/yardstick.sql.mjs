// The yardstick: one order, one transaction, plain SQL. Tables, keys and indexes are those of the product, in a schema of
// their own, without the parts that plain SQL would not have (payment, idempotency key, lanes, partitions).
export const SCHEMA = `
  CREATE SCHEMA yardstick;
  CREATE TABLE yardstick.sku (LIKE trading.sku INCLUDING ALL);
  CREATE TABLE yardstick.stock_item (LIKE trading.stock_item INCLUDING ALL) WITH (fillfactor = 50);
  ALTER TABLE yardstick.stock_item ADD FOREIGN KEY (sku) REFERENCES yardstick.sku;
  CREATE TABLE yardstick.orders (LIKE trading.orders INCLUDING ALL) WITH (fillfactor = 80);
  CREATE TABLE yardstick.order_line (LIKE trading.order_line INCLUDING ALL);
  ALTER TABLE yardstick.order_line ADD FOREIGN KEY (order_id) REFERENCES yardstick.orders;
  CREATE TABLE yardstick.event_log (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
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
    occurred_at timestamptz NOT NULL
  );
  CREATE INDEX ON yardstick.event_log (correlation_id);
  INSERT INTO yardstick.sku SELECT * FROM trading.sku;
  INSERT INTO yardstick.stock_item (sku, on_hand) SELECT sku, on_hand FROM trading.stock_item;
`;

// `:n` is the number of the SKU and `:id` what the second statement returned. Blanks follow the colons inside the JSON
// texts, because pgbench takes a colon with a letter behind it for a variable.
export const STATEMENTS = {
  hold: `UPDATE yardstick.stock_item SET reserved = reserved + 1
    WHERE sku = 'SKU-' || :n::text AND on_hand - reserved >= 1`,
  order: `INSERT INTO yardstick.orders (id, version, status, currency, subtotal, total, carrier, locale, email,
                                        shipping_address, placed_at, hold_expires_at)
    VALUES (uuidv7(), 1, 'created', 'CNY', 12990, 12990, 'SF', 'zh-CN', 'wang@example.com',
            '{"name": "王小明", "phone": "+86 138 0000 0000", "country": "CN", "province": "广东省", "city": "深圳市",
              "district": "南山区", "line1": "科技园南路 1 号", "postcode": "518057"}',
            clock_timestamp(), clock_timestamp() + interval '15 minutes')
    RETURNING id`,
  line: `INSERT INTO yardstick.order_line (order_id, line_no, sku, quantity, unit_price, total)
    VALUES (:id::uuid, 1, 'SKU-' || :n::text, 1, 12990, 12990)`,
  event: `INSERT INTO yardstick.event_log (id, type, aggregate_id, aggregate_version, payload, correlation_id, request_id,
                                           actor, occurred_at)
    VALUES (uuidv7(), 'trading.order-placed.v1', 'ord_' || left(:id::text, 26), 1,
            '{"orderId": "ord_01kc1xv8q1fwer8xv1wbq0z4a5", "buyerId": null, "paymentId": "pay_01kc1xv8q1fwer8xv1wbq0z4a6",
              "lines": [{"lineNo": 1, "sku": "SKU-1", "quantity": 1, "unitPrice": {"amount": 12990, "currency": "CNY"},
              "total": {"amount": 12990, "currency": "CNY"}}], "total": {"amount": 12990, "currency": "CNY"},
              "holdExpiresAt": "2026-01-31"}',
            'ord_' || left(:id::text, 26), 'req_01kc1xv8q1fwer8xv1wbq0z4a7', 'anonymous', clock_timestamp())`,
};

export const PGBENCH_SCRIPT = `\\set n random(1, :skus)
BEGIN;
${STATEMENTS.hold};
${STATEMENTS.order} \\gset
${STATEMENTS.line};
${STATEMENTS.event};
COMMIT;
`;
