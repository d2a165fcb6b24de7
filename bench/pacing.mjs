import { sleep } from './processes.mjs';

/**
 * Calls `go(due)` so many times a second at even distances for `ms` milliseconds, whatever becomes of the earlier ones.
 * `due` is when it should have been called, on the clock of `performance.now()`: what starts late has waited since then.
 */
export async function arrivals({ perSecond, ms }, go) {
  const begin = performance.now();
  const count = Math.floor((perSecond * ms) / 1000);
  for (let n = 0; n < count; n++) {
    const due = begin + (n * 1000) / perSecond;
    const ahead = due - performance.now();
    if (ahead > 0) await sleep(ahead);
    go(due);
  }
}
