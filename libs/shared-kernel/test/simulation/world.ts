import { MemoryTransaction, type Steps } from '../memory-store';

/** Chance that repeats itself for a seed (mulberry32). */
export class Chance {
  constructor(private state: number) {}

  /** From 0 up to, and without, 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  happens(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number from `from` to `to`, both included. */
  whole(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  oneOf<T>(all: readonly T[]): T {
    return all[this.whole(0, all.length - 1)]!;
  }
}

/** Faults that a run may still have. Bounded, so that no innocent event is out of attempts by bad luck alone. */
export interface Faults {
  kills: number;
  errors: number;
}

class Broken extends Error {}

/** Steps that are taken seldom: half of the schedules aim their faults at one of them. */
const SELDOM = [
  ...['mark first attempt', 'settle mark', 'drop late marks', 'mark attempt', 'mark failure', 'due?', 'forget'],
  ...['set behind', 'settle', 'record'],
];

/** What production code takes from its surroundings, replaced while a world runs. */
const surroundings = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setImmediate: globalThis.setImmediate,
  now: performance.now.bind(performance),
  random: Math.random,
  timeout: AbortSignal.timeout.bind(AbortSignal),
};

interface Happening {
  at: number;
  order: number;
  run: (() => void) | undefined;
}

/**
 * A machine room in one thread: what happens next, when, and what goes wrong follow from the seed alone. Time jumps from
 * one happening to the next; between two of them all promises that can settle do.
 */
export class World {
  readonly chance: Chance;
  readonly trace: string[] = [];
  readonly statistics = new Map<string, number>();
  now = 0;
  private readonly queue: Happening[] = [];
  private order = 0;
  private readonly aim: string | undefined;

  constructor(
    seed: number,
    readonly faults: Faults,
    private readonly isTraced: boolean,
  ) {
    this.chance = new Chance(seed);
    this.aim = this.chance.happens(0.5) ? this.chance.oneOf(SELDOM) : undefined;
  }

  /** Whether something goes wrong in this step, which in most steps has that probability. */
  strikes(step: string, probability: number): boolean {
    return this.chance.happens(step === this.aim ? 0.3 : probability);
  }

  count(what: string, by = 1): void {
    this.statistics.set(what, (this.statistics.get(what) ?? 0) + by);
  }

  /** The text is made only when somebody will read it. */
  tell(text: () => string): void {
    if (this.isTraced) this.trace.push(`${this.now.toFixed(1).padStart(9)}  ${text()}`);
  }

  after(milliseconds: number, run: () => void): Happening {
    const happening = { at: this.now + milliseconds, order: this.order++, run };
    push(this.queue, happening);
    return happening;
  }

  /** How long a message is under way: mostly short, at times long enough to overtake anything. */
  delay(): number {
    const kind = this.chance.next();
    return this.chance.next() * (kind < 0.9 ? 3 : kind < 0.98 ? 30 : 300);
  }

  /** Runs until `isOver`, or nothing is left to happen, or that much time has passed; tells whether it is over. */
  async run(isOver: () => boolean, limitMs: number): Promise<boolean> {
    const end = this.now + limitMs;
    this.takeOver();
    try {
      for (;;) {
        // A tick of Node comes when no promise has anything left to do.
        await new Promise<void>((resolve) => process.nextTick(resolve));
        if (isOver()) return true;
        if (!this.queue[0] || this.queue[0].at > end) return false;
        const next = pop(this.queue)!;
        this.now = next.at;
        next.run?.();
      }
    } finally {
      const { setTimeout, clearTimeout, setImmediate } = surroundings;
      Object.assign(globalThis, { setTimeout, clearTimeout, setImmediate });
      performance.now = surroundings.now;
      Math.random = surroundings.random;
      AbortSignal.timeout = surroundings.timeout;
    }
  }

  private takeOver(): void {
    Object.assign(globalThis, {
      setTimeout: (run: () => void, milliseconds = 0) => this.after(milliseconds, run),
      setImmediate: (run: () => void) => this.after(0, run),
      clearTimeout: (happening?: Happening) => {
        if (happening) happening.run = undefined;
      },
    });
    performance.now = () => this.now;
    Math.random = () => this.chance.next();
    const never = new AbortController().signal;
    AbortSignal.timeout = () => never;
  }
}

/** A process of ours. Once it is killed none of its steps happens and no answer reaches it. */
export class SimulatedProcess implements Steps {
  isAlive = true;
  private readonly transactions = new Set<MemoryTransaction>();
  private readonly onKilled: (() => void)[] = [];

  constructor(
    readonly world: World,
    readonly name: string,
  ) {}

  now(): number {
    return this.world.now;
  }

  began(transaction: MemoryTransaction): void {
    this.transactions.add(transaction);
    transaction.holds(() => this.transactions.delete(transaction));
  }

  async step<T>(name: string, execute: () => T, transaction?: MemoryTransaction): Promise<T> {
    const { world } = this;
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        world.tell(() => `${this.name} ${name}: ${String(error)}`);
        transaction?.rollBack();
        reject(error);
      };
      world.after(world.delay(), () => {
        if (!this.isAlive) return;
        const fault = this.fault(name);
        if (fault === 'killed before') return this.kill(`before ${name}`);
        if (fault === 'broken before') return fail(broken());
        if (fault === 'deadlock') return fail(deadlock());
        let result: T;
        try {
          result = execute();
        } catch (error) {
          return fail(error as Error);
        }
        world.count('steps');
        world.tell(() => `${this.name} ${name}${shown(result)}`);
        if (fault === 'killed after') return this.kill(`after ${name}`);
        if (fault === 'broken after') return fail(broken());
        if (name === 'claim' && transaction) this.mayLose(transaction);
        resolve(result);
      });
    });
  }

  whenKilled(listener: () => void): void {
    this.onKilled.push(listener);
  }

  /** Ends it as `kill -9` does; the database notices a little later and rolls back what was open. */
  kill(where: string): void {
    this.isAlive = false;
    this.world.count('processes killed');
    this.world.count(`killed ${where}`);
    this.world.tell(() => `${this.name} KILLED ${where}`);
    for (const transaction of this.transactions) this.world.after(this.world.delay(), () => transaction.rollBack());
    for (const listener of this.onKilled.splice(0)) listener();
  }

  /** The database ends the transaction; its process hears of it only when it next asks for something. */
  private mayLose(transaction: MemoryTransaction): void {
    const { chance, faults } = this.world;
    if (faults.errors === 0 || !chance.happens(0.02)) return;
    faults.errors -= 1;
    this.world.count('claims ended by the database');
    this.world.after(this.world.delay() * 3, () => transaction.rollBack());
  }

  private fault(step: string): string | undefined {
    const { chance, faults } = this.world;
    if (faults.kills > 0 && this.world.strikes(step, 0.015)) {
      faults.kills -= 1;
      return chance.oneOf(['killed before', 'killed after']);
    }
    if (faults.errors > 0 && this.world.strikes(step, 0.01)) {
      faults.errors -= 1;
      this.world.count('connections broken, deadlocks');
      return chance.oneOf(step === 'commit' ? ['broken before', 'broken after'] : ['broken before', 'deadlock']);
    }
    return undefined;
  }
}

const broken = () => Object.assign(new Broken('the connection broke'), { code: '08006' });
const deadlock = () => Object.assign(new Error('deadlock detected'), { code: '40P01' });

/** Of no interest in a trace. */
const OMITTED = new Set(['id', 'payload', 'correlationId', 'actor', 'occurredAt', 'elsewhere', 'lane', 'subscription']);

function shown(result: unknown): string {
  if (result === undefined) return '';
  const text = JSON.stringify(result, (key, value: unknown) => {
    if (value === null || OMITTED.has(key)) return undefined;
    return typeof value === 'bigint' ? Number(value) : value;
  });
  return ` → ${text.replaceAll('"', '')}`;
}

const isBefore = (a: Happening, b: Happening): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** A binary heap: the first to happen is at index 0. */
function push(heap: Happening[], happening: Happening): void {
  let index = heap.push(happening) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!isBefore(happening, heap[parent]!)) break;
    heap[index] = heap[parent]!;
    index = parent;
  }
  heap[index] = happening;
}

function pop(heap: Happening[]): Happening | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (!first || !last || heap.length === 0) return first;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
    if (child >= heap.length || !isBefore(heap[child]!, last)) break;
    heap[index] = heap[child]!;
    index = child;
  }
  heap[index] = last;
  return first;
}
