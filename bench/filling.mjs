// An old database in a minute or two: orders of the last 180 days as the product would have left them, most of them
// delivered. What belongs to an order carries its UUID. Left out is what no measured path reads: callbacks, scans, messages.
const DAYS = 180;
/** Stands in for what a request or a gateway would have named. */
const ADDRESS = `'{"city": "深圳市", "name": "王小明", "line1": "科技园南路 1 号", "phone": "+86 138 0000 0000",
  "country": "CN", "district": "南山区", "postcode": "518057", "province": "广东省"}'::jsonb`;

/** The 26 characters of a TypeID: two zero bits and the UUID, five bits at a time. */
const typeId = (id) => {
  const bits = `(B'00' || ('x' || replace(${id}::text, '-', ''))::bit(128))`;
  const characters = Array.from(
    { length: 26 },
    (_, index) => `substr('0123456789abcdefghjkmnpqrstvwxyz', 1 + substring(${bits}, ${1 + 5 * index}, 5)::int, 1)`,
  );
  return `concat(${characters.join(', ')})`;
};

const money = (amount) => `jsonb_build_object('amount', ${amount}, 'currency', 'CNY')`;

/** One row for each order, the oldest first; everything else is made from it. `shift` is its age. */
const ORDERS = (count) => `
  CREATE UNLOGGED TABLE public.filled AS
  SELECT n, id, ${typeId('id')} AS type_id, get_byte(uuid_send(id), 15) & 15 AS lane, placed_at,
         least(placed_at + interval '2 minutes', now()) AS paid_at,
         least(placed_at + interval '1 day', now()) AS shipped_at,
         least(placed_at + interval '3 days', now()) AS delivered_at,
         status, sku, price
    FROM (SELECT n, now() - age AS placed_at, uuidv7(-age) AS id, status, 'SKU-' || 1 + n % 1000 AS sku
            FROM (SELECT n, (1 - n / ${count}.0) * interval '${DAYS} days' AS age,
                         CASE WHEN n > 0.995 * ${count} THEN 'created' WHEN n > 0.99 * ${count} THEN 'paid'
                              WHEN n > 0.97 * ${count} THEN 'shipped' WHEN n % 25 = 0 THEN 'cancelled'
                              ELSE 'delivered' END AS status
                    FROM generate_series(1, ${count}) AS n) AS aged
          OFFSET 0) AS dated
    JOIN trading.sku USING (sku);
  ANALYZE public.filled`;

const TRADING = [
  `INSERT INTO trading.orders (id, version, status, currency, subtotal, total, carrier, locale, email, shipping_address,
                               placed_at, hold_expires_at, paid_at, shipped_at, delivered_at, cancelled_at, cancel_reason)
   SELECT id, CASE status WHEN 'created' THEN 1 WHEN 'paid' THEN 2 WHEN 'cancelled' THEN 2 WHEN 'shipped' THEN 3 ELSE 4 END,
          status, 'CNY', price, price, 'SF', 'zh-CN', 'wang@example.com', ${ADDRESS}, placed_at,
          CASE status WHEN 'created' THEN now() + interval '1 day' ELSE placed_at + interval '15 minutes' END,
          CASE WHEN status IN ('paid', 'shipped', 'delivered') THEN paid_at END,
          CASE WHEN status IN ('shipped', 'delivered') THEN shipped_at END,
          CASE status WHEN 'delivered' THEN delivered_at END,
          CASE status WHEN 'cancelled' THEN placed_at + interval '15 minutes' END,
          CASE status WHEN 'cancelled' THEN 'hold-expired' END
     FROM public.filled ORDER BY n`,
  `INSERT INTO trading.order_line (order_id, line_no, sku, quantity, unit_price, total, cancelled, shipped, delivered)
   SELECT id, 1, sku, 1, price, price, (status = 'cancelled')::int, (status IN ('shipped', 'delivered'))::int,
          (status = 'delivered')::int
     FROM public.filled ORDER BY n`,
  `INSERT INTO trading.payment (id, order_id, gateway, currency, amount, authorized, captured, gateway_reference)
   SELECT id, id, 'sandbox', 'CNY', price, paid, paid, CASE WHEN paid > 0 THEN 'ch_' || type_id END
     FROM (SELECT *, CASE WHEN status IN ('created', 'cancelled') THEN 0 ELSE price END AS paid FROM public.filled) AS f
    ORDER BY n`,
  `INSERT INTO trading.payment_operation (id, payment_id, order_id, gateway, kind, amount, currency, requested_at, state, due_at)
   SELECT id, id, id, 'sandbox', 'authorize', price, 'CNY', placed_at,
          CASE status WHEN 'created' THEN 'pending' WHEN 'cancelled' THEN 'failed' ELSE 'succeeded' END,
          CASE status WHEN 'created' THEN now() + interval '1 day' END
     FROM public.filled ORDER BY n`,
  `INSERT INTO trading.stock_movement (sku, kind, quantity, order_id)
   SELECT sku, kind, 1, id FROM public.filled CROSS JOIN LATERAL (VALUES
     ('hold', true), ('claim', status IN ('paid', 'shipped', 'delivered')), ('expire', status = 'cancelled'),
     ('fulfil', status IN ('shipped', 'delivered'))) AS happened(kind, true_for_it)
    WHERE true_for_it ORDER BY n`,
  `UPDATE trading.stock_item s SET on_hand = on_hand - gone, reserved = reserved + held
     FROM (SELECT sku, count(*) FILTER (WHERE status IN ('shipped', 'delivered')) AS gone,
                  count(*) FILTER (WHERE status IN ('created', 'paid')) AS held
             FROM public.filled GROUP BY sku) AS f
    WHERE f.sku = s.sku`,
  `INSERT INTO http.idempotency_key (scope, key, fingerprint, status, body, expires_at)
   SELECT 'anonymous POST /v1/checkout', 'filled-' || n, repeat('0', 64), 201,
          json_build_object('order', json_build_object('id', 'ord_' || type_id, 'filler', repeat('-', 900))),
          placed_at + interval '1 day'
     FROM public.filled WHERE placed_at > now() - interval '1 day' ORDER BY n`,
];

/** Events of the orders themselves, by far the most work; a lane's positions go on from its head, older events first. */
const eventsOf = (lanes) => `
  INSERT INTO messaging.event_log (lane, position, id, type, aggregate_id, aggregate_version, payload, correlation_id,
                                   request_id, actor, occurred_at)
  SELECT lane, head + row_number() OVER (PARTITION BY lane ORDER BY n, version), uuidv7(at - now()), 'trading.order-' || event || '.v1',
         'ord_' || type_id, version,
         jsonb_build_object('orderId', 'ord_' || type_id) || CASE event
           WHEN 'placed' THEN jsonb_build_object('buyerId', null, 'paymentId', 'pay_' || type_id, 'total', ${money('price')},
             'lines', jsonb_build_array(jsonb_build_object('lineNo', 1, 'sku', sku, 'quantity', 1,
               'unitPrice', ${money('price')}, 'total', ${money('price')})),
             'holdExpiresAt', placed_at + interval '15 minutes')
           WHEN 'paid' THEN jsonb_build_object('amount', ${money('price')}, 'carrier', 'SF', 'paymentId', 'pay_' || type_id)
           WHEN 'cancelled' THEN jsonb_build_object('reason', 'hold-expired')
           ELSE jsonb_build_object('waybillId', 'wbl_' || type_id) END,
         'ord_' || type_id, 'req_' || type_id, 'anonymous', at
    FROM (SELECT n, type_id, lane, sku, price, placed_at, event, version, at
            FROM (SELECT * FROM public.filled WHERE lane ${lanes}) AS filled CROSS JOIN LATERAL (VALUES
              ('placed', 1, placed_at, true),
              ('paid', 2, paid_at, status IN ('paid', 'shipped', 'delivered')),
              ('cancelled', 2, placed_at + interval '15 minutes', status = 'cancelled'),
              ('shipped', 3, shipped_at, status IN ('shipped', 'delivered')),
              ('delivered', 4, delivered_at, status = 'delivered')) AS happened(event, version, at, true_for_it)
           WHERE true_for_it) AS events
    JOIN messaging.lane USING (lane)`;

const HEADS = [
  `UPDATE messaging.lane l SET head = newest
     FROM (SELECT lane, max(position) AS newest FROM messaging.event_log GROUP BY lane) AS e WHERE e.lane = l.lane`,
  `UPDATE messaging.subscription_cursor c SET position = head FROM messaging.lane l WHERE l.lane = c.lane`,
];

const LOGISTICS = [
  `INSERT INTO logistics.waybill (id, order_id, carrier, number, status, dispatched_at, delivered_at, version, created_at)
   SELECT id, id, 'SF', 'SF' || lpad(n::text, 13, '0'), CASE status WHEN 'delivered' THEN 'DELIVERED' ELSE 'PICKED_UP' END,
          shipped_at, CASE status WHEN 'delivered' THEN delivered_at END, 3, paid_at
     FROM public.filled WHERE status IN ('shipped', 'delivered') ORDER BY n`,
  `INSERT INTO logistics.carrier_call (id, waybill_id, kind, state, attempts, fence, due_at)
   SELECT id, id, 'book', 'succeeded', 1, 1, NULL FROM logistics.waybill`,
];

/**
 * Fills a set-up database that nobody uses with so many orders. Resolves with up to `samples` ids of orders of all ages.
 * The rows fit each other as they are made: foreign keys take no second look at them.
 */
export async function fill(postgres, database, orders, samples) {
  const [one, other] = [await postgres.connect(database), await postgres.connect(database)];
  for (const client of [one, other])
    await client.query("SET session_replication_role = replica; SET work_mem = '256MB'");
  await one.query(`SELECT messaging.ensure_partitions(current_date - ${DAYS}, ${Math.ceil(DAYS / 28) + 2})`);
  const run = async (client, statements) => {
    for (const statement of statements) await client.query(statement);
  };
  await run(one, [ORDERS(orders)]);
  await Promise.all([run(one, [...TRADING, eventsOf('< 6')]), run(other, [...LOGISTICS, eventsOf('>= 6')])]);
  await run(one, HEADS);
  const { rows } = await one.query(
    `SELECT 'ord_' || type_id AS id FROM public.filled ORDER BY random() LIMIT ${samples}`,
  );
  await run(one, ['DROP TABLE public.filled', 'VACUUM ANALYZE', 'CHECKPOINT']);
  await Promise.all([one.end(), other.end()]);
  return rows.map(({ id }) => id);
}
