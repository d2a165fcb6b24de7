// What a reader by `id > last` loses where our lanes lose nothing: the usual outbox with an identity column, and beside it
// a lane, written to by the same transactions. Each draws its numbers as usual and stays open for a moment by chance.
import pg from 'pg';
import { sleep } from '../bench/processes.mjs';

const WRITERS = 16;
const SECONDS = 5;
const LANES = 16;
const OPEN_MS = 8;
const READ_EVERY_MS = 2;

const READERS = {
  'identity column: id > last': {
    isOurs: false,
    next: 'SELECT id AS at, event FROM naive WHERE id > $1 ORDER BY id LIMIT 500',
    places: 1,
  },
  'lanes: position > cursor': {
    isOurs: true,
    next: 'SELECT position AS at, event FROM lane_event WHERE lane = $2 AND position > $1 ORDER BY position LIMIT 500',
    places: LANES,
  },
};

/** Returns a table: what was committed, what each reader has seen of it. */
export async function compareReaders(server) {
  const database = 'naive_reader';
  const admin = await connect(server.urlOf('postgres'));
  await admin.query(`CREATE DATABASE ${database}`);
  const url = server.urlOf(database);
  const db = await connect(url);
  await db.query(`
    CREATE TABLE naive (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event int NOT NULL);
    CREATE TABLE lane (lane int PRIMARY KEY, head bigint NOT NULL) WITH (fillfactor = 10);
    INSERT INTO lane SELECT n, 0 FROM generate_series(0, ${LANES - 1}) AS n;
    CREATE TABLE lane_event (lane int, position bigint, event int NOT NULL, PRIMARY KEY (lane, position));`);

  let writing = true;
  let event = 0;
  const writers = Array.from({ length: WRITERS }, async () => {
    const client = await connect(url);
    while (writing) {
      const own = (event += 1);
      await client.query('BEGIN');
      await client.query('INSERT INTO naive (event) VALUES ($1)', [own]);
      await sleep(Math.random() * OPEN_MS); // the rest of the transaction's work
      // As our log does: the lane is the last lock, and is held for the insert and the commit only.
      await client.query(
        `WITH taken AS (UPDATE lane SET head = head + 1 WHERE lane = $1 RETURNING lane, head)
         INSERT INTO lane_event SELECT lane, head, $2 FROM taken`,
        [own % LANES, own],
      );
      await client.query('COMMIT');
    }
    await client.end();
  });
  const readers = Object.values(READERS).map((reader) => read(url, reader, () => writing));
  await sleep(SECONDS * 1000);
  writing = false;
  await Promise.all(writers);
  const seen = await Promise.all(readers);

  const { rows } = await db.query('SELECT event FROM naive');
  const committed = rows.map((row) => row.event);
  await db.end();
  await admin.query(`DROP DATABASE ${database} WITH (FORCE)`);
  await admin.end();
  return {
    title: `A naive reader beside ours: ${WRITERS} writers, ${SECONDS} s`,
    rows: Object.entries(READERS).map(([name, { isOurs }], index) => {
      const lost = committed.filter((each) => !seen[index].has(each)).length;
      return {
        name,
        isOurs,
        committed: committed.length,
        seen: seen[index].size,
        lost,
        share: (100 * lost) / committed.length,
      };
    }),
  };
}

/** Follows every place from its last number on, until the writers have ended and nothing new comes. */
async function read(url, { next, places }, isWriting) {
  const client = await connect(url);
  const last = Array.from({ length: places }, () => '0');
  const seen = new Set();
  for (let idle = false; isWriting() || !idle;) {
    idle = !isWriting();
    for (let place = 0; place < places; place += 1) {
      const { rows } = await client.query(next, places === 1 ? [last[place]] : [last[place], place]);
      for (const row of rows) seen.add(row.event);
      if (rows.length > 0) {
        last[place] = rows.at(-1).at;
        idle = false;
      }
    }
    await sleep(READ_EVERY_MS);
  }
  await client.end();
  return seen;
}

async function connect(connectionString) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return client;
}
