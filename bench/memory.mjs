import { readFileSync } from 'node:fs';
import { sleep } from './processes.mjs';

/** Resident memory of a process, MiB; undefined elsewhere than on Linux. */
export function residentMiB(pid) {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  } catch {
    return undefined;
  }
}

/** Follows a process while `work` runs; resolves with its result and resident memory before and at most, MiB. */
export async function withMemory(pid, work) {
  const before = residentMiB(pid);
  let most = before;
  let watching = true;
  const watch = async () => {
    for (; watching; await sleep(50)) most = Math.max(most, residentMiB(pid) ?? most);
  };
  const watched = watch();
  try {
    return { result: await work(), before, most };
  } finally {
    watching = false;
    await watched;
  }
}
