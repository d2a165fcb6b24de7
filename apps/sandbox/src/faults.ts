/** Which faults there are, by what they strike. */
export const KINDS = {
  'gateway.callback': ['duplicate', 'delay', 'lose', 'reorder', 'garbage', 'bad-signature'],
  'gateway.query': ['timeout-before', 'error'],
  'gateway.capture': ['timeout-after-success', 'timeout-before', 'error', 'fail'],
  'gateway.void': ['timeout-after-success', 'timeout-before', 'error', 'fail'],
  'gateway.refund': ['timeout-after-success', 'timeout-before', 'error', 'fail', 'fail-later'],
  'carrier.book': ['timeout-after-success', 'timeout-before', 'error', 'no-number'],
  'carrier.callback': ['duplicate', 'delay', 'lose', 'reorder', 'unknown-code', 'garbage'],
} as const;

export type Target = keyof typeof KINDS;
export type Kind<T extends Target = Target> = (typeof KINDS)[T][number];

export interface Fault<T extends Target = Target> {
  target: T;
  kind: Kind<T>;
  /** How many more subjects it strikes. */
  times: number;
  /** How long it lasts, for the kinds that take time. */
  ms?: number;
  /** Limits it to one reference, order id or waybill number. */
  match?: string;
}

const TAKE_TIME: readonly Kind[] = ['delay', 'timeout-after-success', 'timeout-before', 'fail-later'];
const MAX_MS = 600_000;
const MAX_TIMES = 1_000_000;

/** The faults asked for and not yet used up. They are not on file: a restart is free of faults. */
export class Faults {
  #plan: Fault[] = [];

  list(): Fault[] {
    return this.#plan.map((fault) => ({ ...fault }));
  }

  replace(plan: Fault[]): void {
    this.#plan = plan.map((fault) => ({ ...fault }));
  }

  /** Uses up one strike of the first fault that fits. `subjects` are the names that its `match` may have meant. */
  take<T extends Target>(
    target: T,
    subjects: readonly string[],
    allows: (kind: Kind<T>) => boolean = () => true,
  ): Fault<T> | undefined {
    const fault = this.#plan.find(
      (candidate): candidate is Fault<T> =>
        candidate.target === target &&
        allows(candidate.kind as Kind<T>) &&
        (candidate.match === undefined || subjects.includes(candidate.match)),
    );
    if (!fault) return undefined;
    fault.times -= 1;
    if (fault.times === 0) this.#plan = this.#plan.filter((other) => other !== fault);
    return { ...fault };
  }
}

/** Reads a plan that somebody sent: the faults, or one sentence on what is wrong with it. */
export function readPlan(body: unknown): Fault[] | string {
  if (!Array.isArray(body)) return 'the body must be a list of faults';
  const faults: Fault[] = [];
  for (const [index, item] of body.entries()) {
    const fault = readFault(item);
    if (typeof fault === 'string') return `fault ${index}: ${fault}`;
    faults.push(fault);
  }
  return faults;
}

function readFault(item: unknown): Fault | string {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return 'must be an object';
  const { target, kind, times = 1, ms, match, ...others } = item as Record<string, unknown>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return `unknown field "${unknown}"`;
  if (!isTarget(target)) return `target must be one of ${Object.keys(KINDS).join(', ')}`;
  const known = KINDS[target].find((name) => name === kind);
  if (!known) return `kind for ${target} must be one of ${KINDS[target].join(', ')}`;
  if (!isWhole(times, 1, MAX_TIMES)) return `times must be a whole number from 1 to ${MAX_TIMES}`;
  if (ms !== undefined && !TAKE_TIME.includes(known)) return `${known} takes no ms`;
  if (ms !== undefined && !isWhole(ms, 0, MAX_MS)) return `ms must be a whole number from 0 to ${MAX_MS}`;
  if (match !== undefined && (typeof match !== 'string' || match === '')) return 'match must be a non-empty text';
  return { target, kind: known, times, ...(ms === undefined ? {} : { ms }), ...(match === undefined ? {} : { match }) };
}

function isTarget(value: unknown): value is Target {
  return typeof value === 'string' && Object.hasOwn(KINDS, value);
}

function isWhole(value: unknown, min: number, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
}
