import { Session } from 'node:inspector';
import { setFlagsFromString } from 'node:v8';

/**
 * Collects garbage once the heap is 60 % above what is in use. V8 lets it grow to four times as much, and a long backlog of
 * events fills that.
 */
export function growSparingly(): void {
  setFlagsFromString('--heap-growing-percent=60');
}

/**
 * Gives back the memory that only the start needed, a quarter of the process. V8 leaves that to its idle time, which a
 * process with background workers may never have.
 */
export async function releaseMemory(): Promise<void> {
  const session = new Session();
  session.connect();
  await new Promise((resolve) => session.post('HeapProfiler.collectGarbage', resolve));
  session.disconnect();
}
