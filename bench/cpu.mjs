// Who used the processors during a round, from /proc. Elsewhere than on Linux the shares are simply not known.
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';

const TICKS_PER_SECOND = 100; // USER_HZ, the same on every Linux that Node runs on

const read = (file) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // not Linux, or the process has just ended
  }
};

function statOf(pid) {
  const text = read(`/proc/${pid}/stat`);
  if (!text) return undefined;
  // The name in parentheses may hold blanks: count the fields behind it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [utime, stime, reapedUtime, reapedStime] = fields.slice(11, 15).map(Number);
  return { parent: Number(fields[1]), own: utime + stime, reaped: reapedUtime + reapedStime };
}

/** These processes alone. */
export const processCpu =
  (...pids) =>
  () =>
    pids.reduce((ticks, pid) => ticks + (statOf(pid)?.own ?? 0), 0);

/** The parent of one backend with all its children, also those that have ended. */
export function postgresCpu(backendPid) {
  const postmaster = statOf(backendPid)?.parent;
  return () => {
    const main = postmaster && statOf(postmaster);
    if (!main) return 0;
    const children = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(statOf);
    return children.reduce(
      (ticks, stat) => ticks + (stat?.parent === postmaster ? stat.own : 0),
      main.own + main.reaped,
    );
  };
}

function machineBusy() {
  const line = read('/proc/stat')?.split('\n')[0];
  if (!line) return 0;
  const [user, nice, system, , , irq, softirq, steal] = line.trim().split(/\s+/).slice(1).map(Number);
  return user + nice + system + irq + softirq + steal;
}

/** Meters named sources between `start` and `stop`; shares are of one core, `others` is the rest of the machine. */
export class CpuMeter {
  #sources;
  #from;

  constructor(sources) {
    this.#sources = { ...sources, machine: machineBusy };
  }

  start() {
    this.#from = this.#now();
  }

  stop() {
    const to = this.#now();
    const seconds = (to.at - this.#from.at) / 1000;
    const share = (name) => (to.ticks[name] - this.#from.ticks[name]) / TICKS_PER_SECOND / seconds;
    const shares = Object.fromEntries(Object.keys(this.#sources).map((name) => [name, share(name)]));
    const { machine, ...ours } = shares;
    if (machine === 0) return undefined;
    return { ...ours, others: Math.max(0, machine - Object.values(ours).reduce((all, one) => all + one, 0)) };
  }

  #now() {
    const ticks = Object.fromEntries(Object.entries(this.#sources).map(([name, source]) => [name, source()]));
    return { at: performance.now(), ticks };
  }
}

/** What held the round back, as far as processor time tells; `threads` is how many processes the largest user may have. */
export function limitOf(shares, threads = 1) {
  if (!shares) return 'not known here';
  const [[name, most]] = Object.entries(shares).toSorted(([, a], [, b]) => b - a);
  const all = Object.values(shares).reduce((total, share) => total + share, 0);
  if (all > 0.93 * cpus().length) return `all cores, most ${name}`;
  if (most > 0.85 * threads && name !== 'postgres') return `${name}, ${threads === 1 ? 'one thread' : 'its threads'}`;
  if (all > 0.75 * cpus().length) return `cores, most ${name}`;
  return `waiting, most ${name}`;
}

/** Milliseconds of processor time that one of so many things a second took: steadier than rates on a busy machine. */
export const costs = (shares, rate, names) =>
  shares ? names.map((name) => (((shares[name] ?? 0) * 1000) / rate).toFixed(2)).join(' / ') : '';

export const percents = (shares, names) =>
  shares ? names.map((name) => Math.round((shares[name] ?? 0) * 100)).join(' / ') : '';
