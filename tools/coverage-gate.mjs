// Fails when the tests reach fewer lines than agreed. Reads what `npm test -- --coverage` left in coverage/.
import { readFileSync } from 'node:fs';
import path from 'node:path';

const LINES_PERCENT = 85;
const COUNTED = /^(libs|apps\/platform)\//;

const root = path.join(import.meta.dirname, '..');
const summary = JSON.parse(readFileSync(path.join(root, 'coverage/coverage-summary.json'), 'utf8'));
const files = Object.entries(summary)
  .map(([file, { lines }]) => ({ file: path.relative(root, file).replaceAll('\\', '/'), ...lines }))
  .filter(({ file }) => COUNTED.test(file));
const sum = (pick) => files.reduce((total, file) => total + pick(file), 0);
const covered = sum((file) => file.covered);
const total = sum((file) => file.total);
const percent = total ? (100 * covered) / total : 0;

const missing = (file) => file.total - file.covered;
const text = `lines covered: ${percent.toFixed(1)} % (${covered} of ${total} in ${files.length} files), at least ${LINES_PERCENT} %`;
if (percent < LINES_PERCENT) {
  console.error(`✘ ${text}\nmost lines missing in:`);
  for (const file of files.toSorted((a, b) => missing(b) - missing(a)).slice(0, 10))
    console.error(`  ${String(missing(file)).padStart(4)}  ${file.file}`);
  process.exitCode = 1;
} else console.log(`✔ ${text}`);
