// npm run bench -- [--quick] [--only checkout,events,journey,reads] [--out FILE] [--compare FILE] [--profile]
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { auditCheckout, measureCheckout } from './checkout.mjs';
import { measureEvents } from './events.mjs';
import { measureJourney } from './journey.mjs';
import { atEnd, ROOT, startHelper, startPlatform, startPostgres, stopAll } from './processes.mjs';
import { measureReads } from './reads.mjs';
import { machineFacts, printChecks, printFacts, printTable } from './report.mjs';

const SECTIONS = ['checkout', 'reads', 'events', 'journey'];
const RESULTS = path.join(ROOT, 'bench/results');
/** Unpaid orders are asked about and expire: not while checkouts are measured, which nobody pays. */
const UNDISTURBED = { ASK_PAYMENT_SECONDS: '86400', HOLD_SECONDS: '86400' };

const options = readOptions();
const wanted = options.only.split(',');
const before = options.compare && JSON.parse(readFileSync(options.compare, 'utf8'));

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void leave(130));
process.on('uncaughtException', fail).on('unhandledRejection', fail);

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string', default: SECTIONS.join() },
        out: { type: 'string', default: path.join(RESULTS, 'latest.json') },
        compare: { type: 'string' },
        profile: { type: 'boolean', default: false },
      },
    });
    const unknown = values.only.split(',').filter((section) => !SECTIONS.includes(section));
    if (unknown.length > 0) throw new Error(`--only takes ${SECTIONS.join(', ')}; not ${unknown.join(', ')}`);
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
  note('PostgreSQL');
  const postgres = await startPostgres();
  const admin = await postgres.connect();
  const { rows } = await admin.query('SELECT pg_backend_pid() AS pid');
  const facts = await machineFacts(admin);
  clearNote();
  printFacts(facts);

  const bench = {
    quick: options.quick,
    replicas: 1,
    nodeArgs: options.profile ? ['--cpu-prof', `--cpu-prof-dir=${RESULTS}`] : [],
    postgres,
    backendPid: rows[0].pid,
    note,
    /** Answers 201 of the checkout platform; committed transactions of the yardstick. */
    created: 0,
    yardstickCommitted: 0,
    checks: [],
    failures: [],
  };
  const tables = {};
  const measure = async (name, section) => {
    if (!wanted.includes(name)) return;
    const table = await section(bench).catch((error) => {
      bench.failures.push(`${name}: ${error.message}`);
    });
    clearNote();
    if (!table) return; // told at the end; the other tables are worth having
    printTable(table, before?.tables[name]);
    tables[name] = table;
  };

  if (wanted.includes('checkout') || wanted.includes('reads')) {
    await openShop(bench);
    await measure('checkout', measureCheckout);
    await measure('reads', measureReads);
    bench.checks.push(...(await auditCheckout(bench)));
    await bench.platform.stop();
  }
  await measure('events', measureEvents);
  await measure('journey', measureJourney);

  const right = printChecks(bench.checks, bench.failures);
  const { checks, failures } = bench;
  const result = { at: new Date().toISOString(), quick: options.quick, facts, tables, checks, failures };
  mkdirSync(path.dirname(options.out), { recursive: true });
  writeFileSync(options.out, `${JSON.stringify(result, null, 2)}\n`);
  console.log(`Written to ${path.relative(process.cwd(), options.out)}`);
  return right ? 0 : 1;
}

/** A platform to load, and the generator that does. */
async function openShop(bench) {
  note('platform');
  bench.database = 'shop';
  bench.db = await bench.postgres.createDatabase(bench.database);
  bench.platform = await startPlatform(bench.postgres, bench.database, { nodeArgs: bench.nodeArgs, env: UNDISTURBED });
  void bench.platform.exited.then((code) => {
    if (!leaving && code !== 0) fail(new Error(`the platform ended with ${code}:\n${bench.platform.said()}`));
  });
  bench.generator = startHelper('./generator.mjs');
  let runs = 0;
  bench.load = async (job, onPhase) => {
    const result = await bench.generator.call(
      'load',
      { port: bench.platform.port, run: `run-${runs++}`, ...job },
      onPhase,
    );
    if (job.kind === 'checkout') bench.created += result.expected;
    for (const [status, { count, body }] of Object.entries(result.unexpected)) {
      bench.failures.push(`${job.kind}, ${job.connections} connections: ${count} answers ${status} ${body}`);
    }
    return result;
  };
}

atEnd(async () => clearNote());
main().then(leave, fail);
