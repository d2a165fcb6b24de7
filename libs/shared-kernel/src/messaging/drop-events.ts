import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { connectionOptions, type DatabaseSettings } from '../persistence/data-source';
import { sqlState } from '../persistence/postgres-errors';

const LOCK_NOT_AVAILABLE = '55P03';
const TRIES = 10;

/** A month of the event log, all of it in one partition. */
export interface LoggedMonth {
  /** `2026-05` */
  month: string;
  /** As PostgreSQL estimates it. */
  events: number;
  bytes: number;
}

/** A subscription that is not done with these months. */
export interface NotDone {
  subscription: string;
  /** Positions up to the end of the months that its cursors have not passed. */
  toPass: number;
  /** Events set aside that would lose what they are about. */
  setAside: number;
}

export interface DropReport {
  months: LoggedMonth[];
  /** Not empty: nothing was dropped, whatever was asked. */
  notDone: NotDone[];
  isDropped: boolean;
}

/**
 * Drops the months before this one (`2026-06`) from the event log, or only tells what that would mean. A month goes as a
 * whole, and only after every subscription has passed its events and keeps none of them aside; the month under way never
 * goes. Positions go on as before, and a new subscription begins after the last position that is gone.
 */
export async function dropEvents(
  database: DatabaseSettings,
  before: string,
  { dryRun }: { dryRun: boolean },
): Promise<DropReport> {
  const { max: _poolSize, ...connection } = connectionOptions({ ...database, poolSize: 1 });
  const client = new Client(connection);
  client.on('error', () => undefined);
  await client.connect();
  try {
    for (let left = TRIES; ; left--) {
      try {
        return await attempt(client, before, dryRun);
      } catch (error) {
        await client.query('ROLLBACK');
        if (sqlState(error) !== LOCK_NOT_AVAILABLE || left === 1) throw error;
        await pause(1000); // whoever reads the log for long now is done in a moment
      }
    }
  } finally {
    await client.end();
  }
}

async function attempt(client: Client, before: string, dryRun: boolean): Promise<DropReport> {
  await client.query('BEGIN');
  const { rows: months } = await client.query<LoggedMonth & { partition: string }>(
    `SELECT i.inhrelid::regclass::text AS partition, substr(c.relname, 11, 4) || '-' || substr(c.relname, 15) AS month,
            greatest(c.reltuples, 0)::float8 AS events, pg_total_relation_size(c.oid)::float8 AS bytes
       FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = 'messaging.event_log'::regclass AND c.relname ~ '^event_log_[0-9]{6}$'
        AND c.relname < 'event_log_' || to_char(least($1::date, date_trunc('month', now() AT TIME ZONE 'UTC')), 'YYYYMM')
      ORDER BY c.relname`,
    [`${before}-01`],
  );
  if (!dryRun) {
    // Everyone waits behind this lock, so it must not be waited for long itself. New subscriptions begin before or after.
    await client.query("SET LOCAL lock_timeout = '1s'");
    await client.query('SELECT pg_advisory_xact_lock(7391204562)');
    await client.query('LOCK TABLE messaging.event_log IN ACCESS EXCLUSIVE MODE');
  }
  const ends = await endsOf(client, months);
  const { rows: notDone } = await client.query<NotDone>(
    `WITH going AS (SELECT * FROM unnest($1::smallint[], $2::bigint[]) AS e(lane, position)),
     needed AS (
       SELECT c.subscription, g.position - c.position AS to_pass, 0 AS set_aside
         FROM messaging.subscription_cursor c JOIN going g USING (lane) WHERE c.position < g.position
       UNION ALL
       SELECT p.subscription, 0, 1 FROM messaging.parked_event p JOIN going g USING (lane) WHERE p.position <= g.position)
     SELECT subscription, sum(to_pass)::float8 AS "toPass", sum(set_aside)::float8 AS "setAside"
       FROM needed GROUP BY subscription ORDER BY subscription`,
    [[...ends.keys()], [...ends.values()]],
  );
  const isDropped = !dryRun && notDone.length === 0;
  if (isDropped) {
    await client.query(
      `INSERT INTO messaging.dropped AS d (lane, position) SELECT * FROM unnest($1::smallint[], $2::bigint[])
       ON CONFLICT (lane) DO UPDATE SET position = greatest(d.position, excluded.position)`,
      [[...ends.keys()], [...ends.values()]],
    );
    for (const { partition } of months) await client.query(`DROP TABLE ${partition}`);
  }
  await client.query(isDropped ? 'COMMIT' : 'ROLLBACK');
  return { months: months.map(({ month, events, bytes }) => ({ month, events, bytes })), notDone, isDropped };
}

/** The last position of each lane in these months. A later month may hold earlier positions: clocks differ. */
async function endsOf(client: Client, months: { partition: string }[]): Promise<Map<number, bigint>> {
  const ends = new Map<number, bigint>();
  for (const { partition } of months) {
    const { rows } = await client.query<{ lane: number; position: bigint | null }>(
      `SELECT l.lane, (SELECT max(e.position) FROM ${partition} e WHERE e.lane = l.lane) AS position FROM messaging.lane l`,
    );
    for (const { lane, position } of rows) {
      if (position !== null && position > (ends.get(lane) ?? 0n)) ends.set(lane, position);
    }
  }
  return ends;
}
