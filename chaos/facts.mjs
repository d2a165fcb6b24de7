// Reads what there is after a run: every table, the books of the sandbox, the mailbox. Identifiers as people see them.
import { createRequire } from 'node:module';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../bench/processes.mjs';
import { accountsOf } from './buyers.mjs';
import { ON_HAND, SCARCE } from './journeys.mjs';

const require = createRequire(import.meta.url);
const { idOf } = require(path.join(ROOT, 'dist/libs/shared-kernel/src/index.js'));
const { RULES } = require(path.join(ROOT, 'dist/libs/notification/src/domain/rules.js'));

/** How much is left to do, by what it is. Parked on purpose does not count. */
export async function backlog(world, parkedOnPurpose = []) {
  const [counts] = await world.sql(
    `SELECT (SELECT count(*) FROM messaging.subscription_cursor c JOIN messaging.lane l USING (lane)
              WHERE l.head > c.position) AS "lanes behind",
            (SELECT count(*) FROM messaging.parked_event WHERE NOT aggregate_id = ANY($1::text[])) AS "events set aside",
            (SELECT count(*) FROM trading.payment_operation
              WHERE due_at IS NOT NULL AND NOT (kind = 'authorize' AND state = 'pending')) AS "payment operations",
            (SELECT count(*) FROM logistics.carrier_call WHERE due_at IS NOT NULL) AS "carrier calls",
            (SELECT count(*) FROM notification.delivery WHERE due_at IS NOT NULL) AS messages,
            (SELECT count(*) FROM trading.payment_callback WHERE applied_at IS NULL) AS "payment callbacks",
            (SELECT count(*) FROM logistics.carrier_message WHERE applied_at IS NULL) AS "carrier messages"`,
    [parkedOnPurpose],
  );
  const heard = new Set(
    (await world.sql(`SELECT id FROM trading.payment WHERE authorized > 0`)).map(({ id }) => idOf('pay', id)),
  );
  const moving = await world.sql(
    'SELECT number, dispatched_at, delivered_at FROM logistics.waybill WHERE withdrawn_at IS NULL AND delivered_at IS NULL',
  );
  const { payments, refunds, owed, scans } = readLedger(world);
  const unheard = [...payments.values()].filter(
    ({ status, reference }) => ['paid', 'authorized'].includes(status) && !heard.has(reference),
  );
  const scanned = (...codes) => new Set(scans.filter(({ code }) => codes.includes(code)).map(({ number }) => number));
  const [left, arrived] = [scanned('50', '80'), scanned('80')];
  const isBehind = ({ number, dispatched_at: dispatchedAt }) =>
    arrived.has(number) || (left.has(number) && !dispatchedAt);
  return {
    ...counts,
    'parcels ahead of us': moving.filter(isBehind).length,
    'callbacks owed': owed.size,
    'refunds that will fail': [...refunds.values()].filter(({ status, failsAt }) => failsAt && status === 'succeeded')
      .length,
    'payments unheard of': unheard.length,
  };
}

/** What the platforms' sessions do, and where cursors stand: told when the end of all work is overdue. */
export async function sessions(world) {
  const busy = await world.sql(
    `SELECT pid, state, wait_event_type AS wait, wait_event AS event, left(query, 120) AS query,
            pg_blocking_pids(pid) AS blocked_by, round(extract(epoch FROM now() - xact_start)) AS seconds
       FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()`,
  );
  const behind = await world.sql(
    `SELECT c.subscription, c.lane, c.position, b.position AS begun, l.head
       FROM messaging.subscription_cursor c JOIN messaging.lane l USING (lane)
       JOIN messaging.batch_begun b USING (subscription, lane) WHERE l.head > c.position`,
  );
  const aside = await world.sql(
    `SELECT subscription, lane, position, status, attempts, due_at, last_error FROM messaging.parked_event`,
  );
  return [...busy, ...behind, ...aside];
}

/** One moment of the database; the books of the sandbox and the mailbox are right beside it once all is quiet. */
export function collectFacts(world, history, quiet, planted) {
  return world.snapshot((sql) => factsOf(sql, world, history, quiet, planted));
}

async function factsOf(sql, world, history, quiet, planted) {
  const ids = (rows, prefixes) =>
    rows.map((row) => ({
      ...row,
      ...Object.fromEntries(Object.entries(prefixes).map(([key, prefix]) => [key, row[key] && idOf(prefix, row[key])])),
    }));
  const ledger = readLedger(world);
  const operations = await operationsOf(sql);
  return {
    ...(await goodsOf(sql, ids)),
    ...(await buyersOf(sql, ids)),
    accounts: quiet.isReached ? await accountsOf(world) : [],
    operations,
    refunds: operations.filter(({ kind }) => kind === 'refund'),
    commands: history.commands,
    quotes: history.quotes,
    surprises: [...history.surprises, ...world.surprises],
    reads: history.reads,
    starts: world.platforms.reduce((sum, { starts }) => sum + starts, 0),
    quiet,
    planted,
    rules: RULES.map(({ name, event, where = {} }) => ({ name, event, where })),
    initialStock: { default: ON_HAND, [SCARCE.sku]: SCARCE.onHand },
    orders: ids(
      await sql(
        `SELECT id, version, status, buyer_id, fulfilment, subtotal, discount, shipping, total,
                hold_released_at IS NOT NULL AS hold_released FROM trading.orders`,
      ),
      { id: 'ord', buyer_id: 'buy' },
    ),
    stock: await sql('SELECT sku, on_hand, reserved FROM trading.stock_item'),
    movements: await sql(
      `SELECT sku, sum(delta_on_hand)::bigint AS on_hand, sum(delta_reserved)::bigint AS reserved
         FROM trading.stock_movement GROUP BY sku`,
    ),
    payments: ids(
      await sql(
        `SELECT id, order_id, gateway, capture, amount, authorized, capture_pending, captured, refund_pending, refunded
           FROM trading.payment`,
      ),
      { id: 'pay', order_id: 'ord' },
    ),
    keys: await sql('SELECT scope, key, status, body::json AS body FROM http.idempotency_key'),
    waybills: ids(
      await sql('SELECT id, order_id, fulfilment_id, carrier, number, status, version FROM logistics.waybill'),
      { id: 'wbl', order_id: 'ord', fulfilment_id: 'ful' },
    ),
    messages: ids(await sql('SELECT id, order_id, event_id, rule, state FROM notification.delivery'), {
      id: 'ntf',
      order_id: 'ord',
      event_id: 'evt',
    }),
    letters: letters(world),
    events: ids(
      await sql(
        `SELECT lane, position, id, type, aggregate_id, aggregate_version AS version,
                CASE WHEN length(payload::text) < 10000 THEN payload ELSE payload - 'ballast' END AS payload
           FROM messaging.event_log ORDER BY lane, position`,
      ),
      { id: 'evt' },
    ),
    heads: await sql('SELECT lane, head FROM messaging.lane'),
    cursors: await sql('SELECT subscription, lane, position FROM messaging.subscription_cursor'),
    parked: await sql('SELECT subscription, aggregate_id, status, last_error FROM messaging.parked_event'),
    deliveries: await sql('SELECT subscription, event_id FROM chaos.delivery ORDER BY seq'),
    taken: await takenTypes(sql),
    ledger: {
      payments: [...ledger.payments.values()],
      refunds: [...ledger.refunds.values()],
      operations: [...ledger.operations.values()],
      waybills: [...ledger.waybills.values()],
      scans: ledger.scans,
    },
  };
}

const PREFIXES = { refund: 'ref', capture: 'cap', void: 'voi' };

/** Captures, voids and refunds; an authorisation is told by its payment. */
async function operationsOf(sql) {
  const rows = await sql(
    `SELECT id, payment_id, order_id, kind, amount, state, request_key, units FROM trading.payment_operation
      WHERE kind <> 'authorize'`,
  );
  return rows.map((row) => ({
    ...row,
    id: idOf(PREFIXES[row.kind], row.id),
    payment_id: idOf('pay', row.payment_id),
    order_id: idOf('ord', row.order_id),
  }));
}

/** What became of the units of orders. */
async function goodsOf(sql, ids) {
  const ofOrder = { order_id: 'ord' };
  return {
    lines: ids(
      await sql(
        `SELECT order_id, line_no, sku, quantity, unit_price, discount, total, cancelled, shipped, delivered, announced,
                returned, undelivered, refunded, refunded_amount FROM trading.order_line`,
      ),
      ofOrder,
    ),
    fulfilments: ids(await sql('SELECT id, order_id, status, lines FROM trading.fulfilment'), {
      id: 'ful',
      ...ofOrder,
    }),
    returns: ids(await sql('SELECT id, order_id, status, reason, lines, decisions FROM trading.return'), {
      id: 'ret',
      ...ofOrder,
    }),
    orderMovements: ids(
      await sql(
        `SELECT order_id, sku, kind, sum(quantity)::bigint AS units FROM trading.stock_movement
          WHERE order_id IS NOT NULL GROUP BY order_id, sku, kind`,
      ),
      ofOrder,
    ),
  };
}

/** Coupons, points and what buyers have in store. */
async function buyersOf(sql, ids) {
  const of = { order_id: 'ord', buyer_id: 'buy', refund_id: 'ref', payment_id: 'pay' };
  return {
    coupons: await sql('SELECT code, total_limit, used FROM trading.coupon'),
    couponBuyers: ids(await sql('SELECT code, buyer_id, used, most FROM trading.coupon_buyer'), of),
    redemptions: ids(await sql('SELECT order_id, code, buyer_id, given_back_at FROM trading.coupon_redemption'), of),
    points: ids(
      await sql('SELECT buyer_id, kind, points, order_id, refund_id FROM trading.point_entry ORDER BY id'),
      of,
    ),
    balances: ids(await sql('SELECT buyer_id, currency, balance FROM trading.balance_account'), of),
    balanceEntries: ids(
      await sql(
        `SELECT id, buyer_id, currency, kind, amount, payment_id, refund_id, request_key FROM trading.balance_entry`,
      ),
      { id: 'bal', ...of },
    ),
  };
}

/** The types that each recording subscription takes. */
async function takenTypes(sql) {
  const rows = await sql(`SELECT name, types FROM messaging.subscription WHERE name LIKE 'chaos.%'`);
  return Object.fromEntries(rows.map(({ name, types }) => [name, types]));
}

/** The sandbox's books, read from its file: what it decided, whoever was told. */
function readLedger(world) {
  const ledger = {
    payments: new Map(),
    operations: new Map(),
    refunds: new Map(),
    waybills: new Map(),
    owed: new Set(),
    scans: [],
  };
  const lines = readFileSync(path.join(world.folder, 'sandbox/ledger.jsonl'), 'utf8').split('\n');
  lines.pop(); // empty, or torn by a kill
  for (const entry of lines.flatMap((line) => JSON.parse(line))) applyEntry(ledger, entry);
  return ledger;
}

function applyEntry({ payments, operations, refunds, waybills, owed, scans }, entry) {
  switch (entry.kind) {
    case 'payment-decided':
      return payments.set(entry.payment.reference, entry.payment);
    case 'operation-answered':
      operations.set(entry.operation.reference, entry.operation);
      return operate(payments.get(entry.operation.payment), entry.operation);
    case 'refund-answered':
      return refunds.set(entry.refund.reference, { ...entry.refund });
    case 'refund-failed-later':
      return Object.assign(refunds.get(entry.reference), { status: 'failed' });
    case 'waybill-booked':
      return waybills.set(entry.waybill.number, { ...entry.waybill });
    case 'waybill-cancelled':
      return Object.assign(waybills.get(entry.number), { status: 'cancelled' });
    case 'scan-recorded':
      return scans.push(entry.scan);
    case 'callback-owed':
      return owed.add(entry.callback.id);
    case 'callback-acknowledged':
      return owed.delete(entry.id);
    default:
      throw new Error(`the ledger has an entry of an unknown kind: ${entry.kind}`);
  }
}

/** A capture takes of what is authorised; what nobody can take any more is gone. */
function operate(payment, { kind, amount, final, status }) {
  if (status !== 'succeeded') return;
  payment.captured = (payment.captured ?? 0) + (kind === 'capture' ? amount : 0);
  if (final || payment.captured === payment.amount) payment.status = payment.captured > 0 ? 'paid' : 'voided';
}

function letters(world) {
  const names = readdirSync(path.join(world.folder, 'mailbox'));
  return names.filter((name) => /^ntf_.*\.json$/.test(name)).map((name) => name.slice(0, -'.json'.length));
}
