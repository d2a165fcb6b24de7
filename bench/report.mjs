import { execFileSync } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import path from 'node:path';
import { ROOT, scratchFolder } from './processes.mjs';
import { percentile } from './statistics.mjs';

/** What a number depends on besides the code. */
export async function machineFacts(db) {
  const setting = async (name) => (await db.query(`SHOW ${name}`)).rows[0][name];
  return {
    cores: cpus().length,
    processor: cpus()[0]?.model.trim(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    loadBefore: Number(loadavg()[0].toFixed(2)),
    node: process.version,
    postgres: await setting('server_version'),
    fsync: await setting('fsync'),
    synchronousCommit: await setting('synchronous_commit'),
    sharedBuffers: await setting('shared_buffers'),
    fdatasyncMs: fdatasyncMs(),
    commit: commit(),
  };
}

/** Median time that the disk takes to keep 8 KiB: the floor under every commit. */
function fdatasyncMs() {
  const file = openSync(path.join(scratchFolder(), 'fdatasync'), 'w');
  const page = Buffer.alloc(8192);
  const times = [];
  for (let count = 0; count < 100; count++) {
    const begin = performance.now();
    writeSync(file, page, 0, page.length, 0);
    fdatasyncSync(file);
    times.push(performance.now() - begin);
  }
  closeSync(file);
  return Number(
    percentile(
      times.toSorted((a, b) => a - b),
      50,
    ).toFixed(3),
  );
}

function commit() {
  const git = (...args) =>
    execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const changed = git('status', '--porcelain', '--', 'apps', 'libs').trim() !== '';
    return git('rev-parse', '--short', 'HEAD').trim() + (changed ? ' with changes' : '');
  } catch {
    return undefined;
  }
}

export function printFacts(facts) {
  console.log(
    `${facts.cores} cores ${facts.processor}, ${facts.memoryGiB} GiB, Linux ${facts.kernel}, load ${facts.loadBefore}; ` +
      `Node.js ${facts.node}; PostgreSQL ${facts.postgres}, fsync ${facts.fsync}, synchronous_commit ${facts.synchronousCommit}, ` +
      `shared_buffers ${facts.sharedBuffers}; fdatasync of 8 KiB ${facts.fdatasyncMs} ms${facts.commit ? `; code ${facts.commit}` : ''}`,
  );
}

/** Prints a table; with `before`, the same table of an earlier run, how each main figure has changed. */
export function printTable({ title, columns, rows, main }, before) {
  const heads = { ...columns, ...(before && { change: 'change' }) };
  const cells = rows.map((row) => {
    const change =
      before &&
      changeOf(
        row,
        before.rows.find(({ name }) => name === row.name),
        row.main ?? main,
      );
    return Object.keys(heads).map((key) => text(key === 'change' ? change : row[key]));
  });
  const widths = Object.values(heads).map((head, index) =>
    Math.max(head.length, ...cells.map((row) => row[index].length)),
  );
  const numeric = widths.map((_, index) => cells.every((row) => /^[\d.,+-]*( [%×])?$/.test(row[index])));
  const line = (values) =>
    values
      .map((value, index) => (numeric[index] ? value.padStart(widths[index]) : value.padEnd(widths[index])))
      .join('  ');
  console.log(`\n${title}\n${line(Object.values(heads))}\n${line(widths.map((width) => '─'.repeat(width)))}`);
  for (const row of cells) console.log(line(row).trimEnd());
}

function changeOf(row, old, { key, better }) {
  if (!old || !Number.isFinite(old[key]) || !Number.isFinite(row[key])) return '';
  const percent = Math.round((row[key] / old[key] - 1) * 100);
  return `${percent > 0 ? '+' : ''}${percent} %${percent !== 0 && percent > 0 === (better === 'lower') ? ' worse' : ''}`;
}

function text(value) {
  if (value === undefined || value === null || Number.isNaN(value)) return '';
  if (typeof value !== 'number') return String(value);
  if (value >= 100) return String(Math.round(value));
  return value.toFixed(value >= 10 ? 1 : 2);
}

/** Prints what did not add up; returns whether everything did. */
export function printChecks(checks, failures) {
  const wrong = checks.filter(({ expected, found }) => expected !== found);
  console.log(`\nChecked against the database: ${checks.length - wrong.length} of ${checks.length} sums right`);
  for (const { what, expected, found } of wrong) console.log(`  WRONG ${what}: expected ${expected}, found ${found}`);
  for (const failure of failures) console.log(`  FAILED ${failure}`);
  return wrong.length === 0 && failures.length === 0;
}
