// npm run chaos -- [--quick] [--seed N] [--rounds N] [--minutes N] [--only fault,fault] [--list] [--out FILE]
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { atEnd, ROOT, stopAll } from '../bench/processes.mjs';
import { runEpoch } from './epoch.mjs';
import { FAULTS } from './faults.mjs';
import { compareReaders } from './naive-reader.mjs';
import { randomOf } from './random.mjs';
import { addUp, printReport } from './report.mjs';
import { scheduleOf } from './schedule.mjs';
import { Server } from './world.mjs';

const RESULTS = path.join(ROOT, 'chaos/results/latest.json');
const NAIVE_READER = 'naive-reader';

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void leave(130));
process.on('uncaughtException', fail).on('unhandledRejection', fail);

const options = readOptions();

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        seed: { type: 'string' },
        rounds: { type: 'string' },
        minutes: { type: 'string' },
        only: { type: 'string' },
        list: { type: 'boolean', default: false },
        out: { type: 'string', default: RESULTS },
      },
    });
    const number = (name, least) => {
      const value = values[name] === undefined ? undefined : Number(values[name]);
      if (value !== undefined && !(value >= least)) throw new Error(`--${name} takes a number from ${least}`);
      return value;
    };
    const names = values.only?.split(',');
    const known = [...FAULTS.map(({ name }) => name), NAIVE_READER];
    const only = names && known.filter((name) => names.some((part) => name.includes(part)));
    const unknown = names?.filter((part) => !known.some((name) => name.includes(part))) ?? [];
    if (unknown.length > 0) throw new Error(`no fault is called ${unknown.join(', ')}; see --list`);
    const seed = number('seed', 0) ?? Math.floor(Math.random() * 1e9);
    return { ...values, seed, rounds: number('rounds', 1), minutes: number('minutes', 0), only };
  } catch (error) {
    console.error(`chaos: ${error.message}`);
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
  if (!leaving) console.error(`\nchaos: ${error.stack ?? error}`); // what breaks while stopping is a consequence
  void leave(1);
}

const note = (text) => process.stderr.isTTY && process.stderr.write(`\r\u001b[K${text} …`);
atEnd(async () => void (process.stderr.isTTY && process.stderr.write('\r\u001b[K')));

async function main() {
  if (options.list) {
    for (const name of [...FAULTS.map((fault) => fault.name), NAIVE_READER]) console.log(name);
    return 0;
  }
  console.log(`seed ${options.seed}`);
  note('PostgreSQL');
  const server = new Server();
  await server.start();
  const begin = performance.now();
  const epochs = [];
  for (const { rounds, seconds } of scheduleOf(FAULTS, randomOf(options.seed), options)) {
    const random = randomOf(options.seed + epochs.length);
    epochs.push(await runEpoch({ server, rounds, seconds, random, epoch: epochs.length + 1, note }));
  }
  const readers = options.only?.includes(NAIVE_READER) || !(options.only || options.quick);
  note('naive reader');
  const result = {
    at: new Date().toISOString(),
    seed: options.seed,
    quick: options.quick,
    minutes: (performance.now() - begin) / 60_000,
    ...addUp(epochs),
    naiveReader: readers ? await compareReaders(server) : undefined,
  };
  note('');
  const isRight = printReport(result);
  mkdirSync(path.dirname(options.out), { recursive: true });
  writeFileSync(options.out, `${JSON.stringify(result, null, 2)}\n`);
  console.log(
    `\nWritten to ${path.relative(process.cwd(), options.out)}; the same schedule again: --seed ${options.seed}`,
  );
  return isRight ? 0 : 1;
}

main().then(leave, fail);
