// The one gate: format, lint, types, unit tests (the fence among them) and whether the generated pages are fresh.
// Two steps at a time, one line for each; what failed is shown in full at the end. `npm run check lint types` runs
// only those named.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');
const AT_ONCE = 2;
const cache = 'node_modules/.cache/tradewind';
const bin = (name, ...words) => [path.join('node_modules', name), ...words];

const STEPS = {
  unit: [bin('jest/bin/jest.js', '--selectProjects', 'unit')],
  types: [bin('typescript/bin/tsc', '--noEmit', '--incremental', '--tsBuildInfoFile', `${cache}/types.tsbuildinfo`)],
  format: [
    bin(
      'prettier/bin/prettier.cjs',
      '--check',
      '--log-level',
      'warn',
      '--cache',
      '--cache-location',
      `${cache}/format`,
    ).concat('--cache-strategy', 'content', '.'),
  ],
  lint: [bin('oxlint/bin/oxlint', '--type-aware', '--deny-warnings', 'apps', 'libs', 'test')],
  docs: [bin('@nestjs/cli/bin/nest.js', 'build', 'platform'), ['dist/apps/platform/src/docs/generate.js', '--check']],
};
if (!existsSync(path.join(root, 'apps/platform/src/docs/generate.ts'))) delete STEPS.docs;

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** Runs one command of Node and resolves with what it printed; `code` is null when a signal ended it. */
function run(words) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, words, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : { FORCE_COLOR: undefined, NO_COLOR: '1' }),
      },
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    child.once('error', (error) => resolve({ code: 1, text: String(error) }));
    child.once('close', (code) => resolve({ code, text }));
  });
}

async function take(name) {
  const start = performance.now();
  let text = '';
  for (const words of STEPS[name]) {
    const result = await run(words);
    text += result.text;
    if (result.code !== 0) {
      console.log(`✘ ${name.padEnd(8)}${seconds(start)}`);
      return { name, text };
    }
  }
  console.log(`✔ ${name.padEnd(8)}${seconds(start)}`);
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in STEPS));
if (unknown.length) {
  console.error(`no such step: ${unknown.join(', ')}; there are ${Object.keys(STEPS).join(', ')}`);
  process.exit(2);
}
const start = performance.now();
const queue = wanted.length ? wanted : Object.keys(STEPS);
const failed = [];
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let name = queue.shift(); name; name = queue.shift()) {
      const failure = await take(name);
      if (failure) failed.push(failure);
    }
  }),
);
for (const { name, text } of failed) console.log(`\n──── ${name} ────\n${text.trim()}`);
if (failed.length) console.log(`\n✘ failed in ${seconds(start)}: ${failed.map(({ name }) => name).join(', ')}`);
else console.log(`✔ all      ${seconds(start)}`);
process.exitCode = failed.length ? 1 : 0;
