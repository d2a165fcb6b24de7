// Stands in for pgbench where there is none: connections with prepared statements, each in a loop.
import pg from 'pg';
import { serve, tellPhases } from './processes.mjs';
import { STATEMENTS } from './yardstick.sql.mjs';

const prepared = Object.fromEntries(
  Object.entries(STATEMENTS).map(([name, text]) => {
    const variables = [...new Set([...text.matchAll(/(?<!:):(n|id)\b/g)].map(([, variable]) => variable))];
    const numbered = text.replaceAll(/(?<!:):(n|id)\b/g, (_, variable) => `$${variables.indexOf(variable) + 1}`);
    return [
      name,
      (values) => ({ name, text: numbered, values: variables.map((variable) => String(values[variable])) }),
    ];
  }),
);

async function order(client, skus) {
  const n = 1 + Math.floor(Math.random() * skus);
  await client.query('BEGIN');
  await client.query(prepared.hold({ n }));
  const { rows } = await client.query(prepared.order({}));
  const values = { n, id: rows[0].id };
  await client.query(prepared.line(values));
  await client.query(prepared.event(values));
  await client.query('COMMIT');
}

async function run({ url, clients, skus, warmUpMs, measureMs }, tell) {
  const open = Array.from({ length: clients }, () => new pg.Client({ connectionString: url }));
  await Promise.all(open.map((client) => client.connect()));
  const begin = performance.now() + warmUpMs;
  const end = begin + measureMs;
  const phases = tellPhases(tell, warmUpMs, measureMs);
  const latencies = [];
  let committed = 0;
  const loop = async (client) => {
    for (let sent = performance.now(); sent < end; sent = performance.now()) {
      await order(client, skus);
      committed += 1;
      const now = performance.now();
      if (now >= begin && now <= end) latencies.push(now - sent);
    }
    await client.end();
  };
  await Promise.all([...open.map(loop), phases]);
  return { latencies, committed };
}

serve({ run });
