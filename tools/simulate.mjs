// Plays schedules of crashes, delays, duplicates and losses against the real delivery of events and the real worker of
// network effects, in memory, each from its seed alone: libs/shared-kernel/test/simulation/.
//
//   npm run simulate -- --seeds 100000            that many, from seed 1 on, on every core
//   npm run simulate -- --seeds 1000 --first 5000
//   npm run simulate -- --seed 4711               one, with its trace
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { transformSync } from '@swc/core';

const PROGRESS_EVERY_MS = 10_000;

const { values } = parseArgs({
  options: { seeds: { type: 'string' }, first: { type: 'string' }, seed: { type: 'string' } },
});
const whole = (name, text) => {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  console.error(`--${name} is a whole number from 1 on`);
  process.exit(2);
};

if (process.send) await work();
else if (values.seed) await playOne(whole('seed', values.seed));
else await playAll(whole('first', values.first ?? '1'), whole('seeds', values.seeds ?? '10000'));

/** The scenarios are TypeScript; they are compiled as they are read, the way the tests compile them. */
function loadSimulate() {
  const require = createRequire(import.meta.url);
  require.extensions['.ts'] = (module, file) => {
    const { code } = transformSync(readFileSync(file, 'utf8'), {
      filename: file,
      swcrc: false,
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        keepClassNames: true,
      },
      module: { type: 'commonjs' },
      sourceMaps: 'inline',
    });
    module._compile(code, file);
  };
  require('reflect-metadata');
  return require('../libs/shared-kernel/test/simulation/simulate.ts').simulate;
}

async function playOne(seed) {
  const { wrong, trace } = await loadSimulate()(seed, {}, true);
  console.log(trace.join('\n'));
  console.log(wrong.length > 0 ? `\n✘ seed ${seed}\n  ${wrong.join('\n  ')}` : `\n✔ seed ${seed}`);
  process.exitCode = wrong.length > 0 ? 1 : 0;
}

async function playAll(first, count) {
  const processes = availableParallelism();
  const begin = performance.now();
  const statistics = new Map();
  let played = 0;
  let failed;
  const seconds = () => (performance.now() - begin) / 1000;
  const progress = setInterval(() => console.log(`${played} of ${count} seeds`), PROGRESS_EVERY_MS);
  await Promise.all(
    Array.from({ length: processes }, async (_, index) => {
      const child = fork(import.meta.filename, []);
      await new Promise((resolve) => {
        child.on('message', ({ seeds, counted, wrong }) => {
          played += seeds;
          for (const [what, n] of counted) statistics.set(what, (statistics.get(what) ?? 0) + n);
          if (wrong && !(failed?.seed < wrong.seed)) failed = wrong;
          // One that went wrong ends the run: the others stop at their next report.
          child.send(failed ? { stop: true } : {});
        });
        child.once('exit', (code) => {
          if (code !== 0) failed ??= { seed: undefined, what: [`a process ended with ${code}`] };
          resolve();
        });
        child.send({ first: first + index, last: first + count - 1, step: processes });
      });
    }),
  );
  clearInterval(progress);
  for (const [what, n] of [...statistics].toSorted(([, a], [, b]) => b - a)) {
    console.log(`${String(n).padStart(12)}  ${what}`);
  }
  const rate = Math.round(played / seconds());
  console.log(`${played} seeds in ${seconds().toFixed(1)} s on ${processes} processes, ${rate} seeds/s`);
  if (!failed) return console.log('✔ every promise was kept');
  console.log(
    `✘ seed ${failed.seed}\n  ${failed.what.join('\n  ')}\nits trace: npm run simulate -- --seed ${failed.seed}`,
  );
  process.exitCode = 1;
}

/** A process that plays every `step`-th seed and reports a hundred at a time. */
async function work() {
  const simulate = loadSimulate();
  const next = () => new Promise((resolve) => process.once('message', resolve));
  process.once('disconnect', () => process.exit(0));
  const { first, last, step } = await next();
  for (let seed = first; seed <= last;) {
    const counted = new Map();
    let seeds = 0;
    let wrong;
    for (; seeds < 100 && seed <= last && !wrong; seeds++, seed += step) {
      const result = await simulate(seed);
      for (const [what, n] of result.statistics) counted.set(what, (counted.get(what) ?? 0) + n);
      if (result.wrong.length > 0) wrong = { seed, what: result.wrong };
    }
    const answer = next();
    process.send({ seeds, counted: [...counted], wrong });
    if (wrong || (await answer).stop) break;
  }
  process.exit(0);
}
