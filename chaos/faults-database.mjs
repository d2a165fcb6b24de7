// What can happen to PostgreSQL and to the way there.
import { sleep } from '../bench/processes.mjs';
import { until } from './world.mjs';

/** A means that this machine does not give, as a mount without the right to mount. */
export class NotAvailableHere extends Error {}

/** A session that holds something until it is let go. */
async function holding(world, ...statements) {
  const session = await world.session();
  await session.query('BEGIN');
  for (const statement of statements) await session.query(statement);
  return () => session.end();
}

/** Fails a share of the statements on a table, by a trigger. */
const failing = (name, sqlState, share, table, event) => ({
  name,
  longest: 2500,
  async inject({ world }) {
    const raised = async () =>
      Number(
        (await world.sql('SELECT last_value, is_called FROM chaos.raised')).map(
          ({ last_value: last, is_called: called }) => (called ? last : 0),
        )[0],
      );
    const before = await raised();
    await world.sql(
      `CREATE TRIGGER chaos AFTER ${event} ON ${table} FOR EACH ROW EXECUTE FUNCTION chaos.fail('${sqlState}', '${share}')`,
    );
    await until('a statement fails', 15_000, async () => (await raised()) > before);
    return () => world.sql(`DROP TRIGGER chaos ON ${table}`);
  },
});

const backends = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'tradewind%'`;

const commitFault = (name, where) => ({
  name,
  async inject({ world, random }) {
    const times = random.between(1, 6);
    const broken = world.sqlProxy.breakCommits(where, times);
    await until('commits are broken', 15_000, () => broken() === times);
    return () => world.sqlProxy.spareCommits();
  },
});

export const databaseFaults = [
  {
    name: 'PostgreSQL restarts immediately',
    async inject({ world }) {
      await world.server.restartImmediately();
    },
  },
  {
    name: 'one backend is terminated',
    async inject({ world }) {
      const rows = await world.sql(
        `SELECT pg_terminate_backend(pid) FROM (${backends} ORDER BY random() LIMIT 1) AS one`,
      );
      if (rows.length === 0) throw new Error('there was no backend');
    },
  },
  {
    name: 'all backends are terminated',
    async inject({ world }) {
      await world.sql(`SELECT pg_terminate_backend(pid) FROM (${backends}) AS every`);
    },
  },
  {
    name: 'statements are cancelled',
    async inject({ world, random }) {
      const session = await world.session();
      const wanted = random.between(3, 10);
      let cancelled = 0;
      for (let round = 0; round < 400 && cancelled < wanted; round += 1) {
        const { rowCount } = await session.query(
          `SELECT pg_cancel_backend(pid) FROM (${backends} AND state = 'active') AS active`,
        );
        cancelled += rowCount;
        await sleep(20);
      }
      await session.end();
      if (cancelled === 0) throw new Error('there was nothing to cancel');
    },
  },
  commitFault('connection cut before COMMIT arrives', 'before'),
  commitFault('connection cut after COMMIT, before its answer: the outcome is unknown', 'answer'),
  {
    name: 'connections are cut',
    async inject({ world }) {
      world.sqlProxy.cutAll();
    },
  },
  {
    name: 'network stands still',
    longest: 3000,
    async inject({ world }) {
      world.sqlProxy.stall();
      return () => world.sqlProxy.resume();
    },
  },
  {
    name: 'connections fall silent for ever',
    slow: true,
    async inject({ world }) {
      world.sqlProxy.silence();
      await until('the platforms give them up', 90_000, () => world.isReady());
    },
  },
  {
    name: 'pool is exhausted',
    longest: 4000,
    async inject({ world }) {
      return holding(world, 'LOCK TABLE trading.orders IN ACCESS EXCLUSIVE MODE');
    },
  },
  failing('serialization failures', '40001', 0.3, 'messaging.lane', 'UPDATE'),
  failing('a statement of every third order fails', '57014', 0.3, 'trading.orders', 'INSERT'),
  failing('outcomes of calls cannot be recorded', '40001', 0.9, 'trading.payment_operation', 'UPDATE'),
  {
    name: 'deadlock',
    async inject({ world, shop }) {
      const deadlocks = async () =>
        (await world.sql('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()'))[0].deadlocks;
      const before = await deadlocks();
      // Checkouts and refunds end in their time budget, before a deadlock is found: a cancellation waits longer.
      const lines = ['SKU-12', 'SKU-13'].map((sku) => ({ sku, quantity: 1 }));
      const { order } = (await shop.checkout(lines)).answers[0].body;
      // It never looks for a deadlock itself, so the platform is the one who finds it and gives way.
      const session = await world.session();
      await session.query(`SET deadlock_timeout = '60s'`);
      const shelf = (sku) => session.query(`SELECT FROM trading.stock_item WHERE sku = '${sku}' FOR UPDATE`);
      await session.query('BEGIN');
      await shelf('SKU-13');
      const [{ pid }] = (await session.query('SELECT pg_backend_pid() AS pid')).rows;
      const cancelled = shop.cancel(order.id);
      // Waits for other rows are common here: only one for this session has the other half of the deadlock.
      await until('the platform waits for this session', 10_000, async () => {
        const waiting = await world.sql(
          `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND ${pid} = ANY (pg_blocking_pids(pid))`,
        );
        return waiting.length > 0;
      });
      await shelf('SKU-12');
      await session.end();
      await cancelled;
      // An idle backend hands in what it counted after ten seconds, PostgreSQL's PGSTAT_IDLE_INTERVAL.
      await until('a deadlock is counted', 25_000, async () => (await deadlocks()) > before);
    },
  },
  {
    name: 'foreign write transaction held open',
    lasts: true,
    async inject({ world }) {
      return holding(world, 'CREATE TABLE IF NOT EXISTS public.foreign_work (n int)', 'SELECT pg_current_xact_id()');
    },
  },
  {
    name: 'lanes are locked',
    longest: 3000,
    async inject({ world }) {
      return holding(world, 'SELECT FROM messaging.lane ORDER BY lane FOR UPDATE');
    },
  },
  {
    name: 'popular SKU is locked',
    longest: 3000,
    async inject({ world }) {
      return holding(world, `SELECT FROM trading.stock_item WHERE sku = 'SKU-1' FOR UPDATE`);
    },
  },
  {
    name: 'cursors are locked',
    longest: 3000,
    async inject({ world }) {
      return holding(world, 'SELECT FROM messaging.subscription_cursor ORDER BY subscription, lane FOR UPDATE');
    },
  },
  {
    name: 'disk full',
    longest: 2500,
    async inject({ world }) {
      const disk = await world.server.smallDisk();
      if (!disk) throw new NotAvailableHere('mounting a tmpfs is not allowed');
      const known = await world.sql(`SELECT FROM pg_tablespace WHERE spcname = 'small'`);
      if (known.length === 0) await world.sql(`CREATE TABLESPACE small LOCATION '${disk}'`);
      const tables = ['trading.order_line', 'trading.payment_callback'];
      const moveTo = async (space) => {
        for (const table of tables) await world.sql(`ALTER TABLE ${table} SET TABLESPACE ${space}`);
      };
      await moveTo('small');
      await world.sql('CREATE UNLOGGED TABLE chaos.ballast (bytes text) TABLESPACE small');
      // Down to the last page, so that not even one row of ours finds room.
      for (const rows of [2000, 100, 1]) {
        for (let full = false; !full;) {
          full = await world
            .sql(`INSERT INTO chaos.ballast SELECT repeat('x', 3500) FROM generate_series(1, ${rows})`)
            .then(() => false)
            .catch((error) => error.code === '53100' || Promise.reject(error));
        }
      }
      return async () => {
        await world.sql('DROP TABLE chaos.ballast');
        await moveTo('pg_default');
      };
    },
  },
];
