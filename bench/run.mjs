// npm run bench: the options are in README.md beside this file
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { auditCheckout, measureCheckout } from './checkout.mjs';
import { measureBacklog } from './backlog.mjs';
import { measureBeside } from './beside.mjs';
import { measureEvents } from './events.mjs';
import { measureFootprint } from './footprint.mjs';
import { measureGrowth } from './growth.mjs';
import { measureJourney } from './journey.mjs';
import { atBreakdown, atEnd, PLATFORM, ROOT, startPostgres, stopAll } from './processes.mjs';
import { measureReads } from './reads.mjs';
import { machineFacts, printChecks, printFacts, printTable } from './report.mjs';
import { measureReplicas } from './replicas.mjs';
import { openShop } from './shop.mjs';
import { findPgbench, installPgbench } from './yardstick.mjs';

/** Sections with a platform or more of their own; checkout and reads come before them and share one. */
const ALONE = {
  events: measureEvents,
  journey: measureJourney,
  replicas: measureReplicas,
  growth: measureGrowth,
  backlog: measureBacklog,
  footprint: measureFootprint,
};
const SECTIONS = ['checkout', 'reads', ...Object.keys(ALONE)];
const QUICK = ['checkout', 'reads', 'events', 'journey'];
const RESULTS = path.join(ROOT, 'bench/results');

const options = readOptions();
const wanted = options.beside ? ['beside'] : (options.only?.split(',') ?? (options.quick ? QUICK : SECTIONS));
const before = options.compare && JSON.parse(readFileSync(options.compare, 'utf8'));

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void leave(130));
process.on('uncaughtException', fail).on('unhandledRejection', fail);

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        full: { type: 'boolean', default: false },
        only: { type: 'string' },
        out: { type: 'string', default: path.join(RESULTS, 'latest.json') },
        compare: { type: 'string' },
        beside: { type: 'string' },
        profile: { type: 'boolean', default: false },
        replicas: { type: 'string', default: '1' },
        install: { type: 'boolean', default: false },
      },
    });
    const unknown = values.only?.split(',').filter((section) => !SECTIONS.includes(section)) ?? [];
    if (unknown.length > 0) throw new Error(`--only takes ${SECTIONS.join(', ')}; not ${unknown.join(', ')}`);
    if (values.beside && !existsSync(path.join(values.beside, PLATFORM))) {
      throw new Error(`--beside takes a folder of the project, built with "npm run build"; not ${values.beside}`);
    }
    if (!/^[1-9]$/.test(values.replicas)) throw new Error('--replicas takes 1 to 9');
    return values;
  } catch (error) {
    console.error(`bench: ${error.message}`);
    process.exit(2);
  }
}

let leaving = false;
async function leave(code) {
  leaving = true;
  await stopAll();
  process.exit(code);
}
function fail(error) {
  if (!leaving) console.error(`\nbench: ${error.stack ?? error}`); // what breaks while stopping is a consequence
  void leave(1);
}

const note = (text) => process.stderr.isTTY && process.stderr.write(`\r\u001b[K${text} …`);
const clearNote = () => process.stderr.isTTY && process.stderr.write('\r\u001b[K');

async function main() {
  if (!findPgbench()) {
    if (options.install) installPgbench();
    else console.error('bench: no pgbench here; plain pg connections stand in. `npm run bench -- --install` gets it.');
  }
  note('PostgreSQL');
  const postgres = await startPostgres();
  const admin = await postgres.connect();
  const { rows } = await admin.query('SELECT pg_backend_pid() AS pid');
  const facts = await machineFacts(admin);
  clearNote();
  printFacts(facts);

  const bench = {
    quick: options.quick,
    full: options.full,
    replicas: Number(options.replicas),
    beside: options.beside && path.resolve(options.beside),
    nodeArgs: options.profile ? ['--cpu-prof', `--cpu-prof-dir=${RESULTS}`] : [],
    postgres,
    backendPid: rows[0].pid,
    note,
    /** Transactions of the yardstick that were committed. */
    yardstickCommitted: 0,
    checks: [],
    failures: [],
  };
  const tables = {};
  const measure = async (name, section, ...subject) => {
    if (!wanted.includes(name)) return;
    const table = await section(bench, ...subject).catch((error) => {
      bench.failures.push(`${name}: ${error.message}`);
    });
    clearNote();
    if (!table) return; // told at the end; the other tables are worth having
    printTable(table, before?.tables[name]);
    tables[name] = table;
  };

  if (wanted.includes('checkout') || wanted.includes('reads')) {
    await postgres.createDatabase('shop');
    const shop = await openShop(bench, 'shop');
    await measure('checkout', measureCheckout, shop);
    await measure('reads', measureReads, shop);
    bench.checks.push(...(await auditCheckout(shop, bench.yardstickCommitted)));
    await shop.close();
  }
  await measure('beside', measureBeside);
  for (const [name, section] of Object.entries(ALONE)) await measure(name, section);

  const right = printChecks(bench.checks, bench.failures);
  const { checks, failures } = bench;
  const result = { at: new Date().toISOString(), quick: options.quick, facts, tables, checks, failures };
  mkdirSync(path.dirname(options.out), { recursive: true });
  writeFileSync(options.out, `${JSON.stringify(result, null, 2)}\n`);
  console.log(
    `Written to ${path.relative(process.cwd(), options.out)} after ${Math.round(performance.now() / 1000)} s`,
  );
  return right ? 0 : 1;
}

atBreakdown(fail);
atEnd(async () => clearNote());
main().then(leave, fail);
