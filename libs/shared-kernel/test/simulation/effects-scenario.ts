import { EffectWorker } from '../../src/effects/effect-worker';
import type { EffectOutcome, EffectRow, NetworkEffect, Settled } from '../../src/effects/network-effect';
import { MemoryEffectRows, MemoryEffects } from '../memory-effects';
import { inTransaction } from '../memory-store';
import { SimulatedProcess, type World } from './world';

const TIMEOUT_MS = 200;
const SETTINGS = {
  ...{ timeoutMs: TIMEOUT_MS, concurrency: 3, backoffMs: { first: 50, most: 400 }, pollMs: 500 },
};
const ASK_AFTER_MS = Array.from({ length: 30 }, () => 1000);
const HEAL_WITHIN_MS = 600_000;

/** A way to break the worker's rows, to see that the simulation notices. */
export type EffectBreakage = (rows: MemoryEffectRows, effects: MemoryEffects) => Partial<MemoryEffectRows>;

/**
 * Network effects from their request to their settlement: real workers in several processes, and another side that answers
 * late, twice, never, or not yet. Returns what is wrong in the end; nothing, if all is well.
 */
export async function simulateEffects(world: World, breakage?: EffectBreakage): Promise<string[]> {
  return new EffectsScenario(world, breakage).play();
}

class EffectsScenario {
  private readonly effects = new MemoryEffects();
  private readonly otherSide: OtherSide;
  /** Row → what was settled with it, each time. */
  private readonly settled = new Map<string, string[]>();
  private readonly processes: Working[] = [];
  private readonly requests: number;
  private requested = 0;
  private started = 0;

  constructor(
    private readonly world: World,
    private readonly breakage: EffectBreakage | undefined,
  ) {
    this.requests = world.chance.whole(2, 6);
    this.otherSide = new OtherSide(world);
  }

  async play(): Promise<string[]> {
    const { world } = this;
    for (let n = world.chance.whole(1, 3); n > 0; n--) this.startProcess();
    for (let n = 1; n <= this.requests; n++) world.after(world.chance.next() * 400, () => void this.request(`e${n}`));
    const isQuiet = () => {
      const rows = [...this.effects.rows.values()];
      return this.requested === this.requests && rows.every(({ dueAt }) => dueAt === null);
    };
    const wrong: string[] = [];
    if (!(await world.run(isQuiet, HEAL_WITHIN_MS))) wrong.push('the rows never come to rest');
    for (const process of this.processes) process.steps.isAlive = false;
    return [...wrong, ...[...this.effects.rows.values()].flatMap((row) => this.check(row.id, row.state))];
  }

  private startProcess(): void {
    const { world } = this;
    const steps = new SimulatedProcess(world, `p${++this.started}`);
    const process = new Working(steps, this.effects, this.breakage, (rows) => this.effectOf(steps, rows));
    this.processes.push(process);
    steps.whenKilled(() => {
      this.processes.splice(this.processes.indexOf(process), 1);
      world.after(world.chance.next() * 500, () => this.startProcess());
    });
    process.worker.start();
  }

  /** The row is committed with what asks for it; the wake-up after that may be lost. */
  private async request(id: string): Promise<void> {
    const { world } = this;
    let isOver = false;
    const again = () => {
      if (!isOver) world.after(50, () => void this.request(id));
      isOver = true;
    };
    const [process] = this.processes;
    if (!process) return again();
    process.steps.whenKilled(again);
    try {
      await inTransaction(process.steps, async (transaction) => {
        const write = () => {
          isOver = true;
          this.requested += 1;
          this.effects.request(id, world.now);
        };
        await process.steps.step('request', () => transaction.write(write), transaction);
      });
      if (!world.chance.happens(0.3)) process.worker.wake();
    } catch {
      again();
    }
  }

  private effectOf(steps: SimulatedProcess, rows: MemoryEffectRows): NetworkEffect<EffectRow, string> {
    return {
      name: 'simulated.effect',
      askAfterMs: ASK_AFTER_MS,
      call: ({ id }) => this.exchange(steps, `call ${id}`, (answer) => this.otherSide.call(id, answer)),
      ask: ({ id }) => this.exchange(steps, `ask about ${id}`, (answer) => this.otherSide.ask(id, answer)),
      settle: async (attempts) => {
        for (const { row, outcome } of attempts) {
          const transaction = rows.transactionOf(row.id);
          await steps.step('settle', () => transaction.write(() => this.settle(row.id, outcome)), transaction);
        }
      },
    };
  }

  private settle(id: string, outcome: Settled<string>): void {
    this.settled.set(id, [...(this.settled.get(id) ?? []), outcome.kind]);
  }

  /**
   * One exchange, until its answer or until the caller's patience ends. A dead process hears nothing; one that freezes
   * hears it when its claim has long run out.
   */
  private async exchange(
    steps: SimulatedProcess,
    what: string,
    send: (answer: (outcome: EffectOutcome<string>) => void) => void,
  ): Promise<EffectOutcome<string>> {
    const { world } = this;
    return new Promise((resolve, reject) => {
      const frozenMs = world.chance.happens(0.05) ? world.chance.next() * 15_000 : 0;
      if (frozenMs > 0) world.count('processes frozen');
      const hear = (run: () => void) =>
        world.after(frozenMs, () => {
          if (steps.isAlive) run();
        });
      world.tell(() => `${steps.name} ${what}`);
      world.after(TIMEOUT_MS, () => hear(() => reject(new Error('time-out'))));
      send((outcome) =>
        hear(() => {
          world.tell(() => `${steps.name} ${what} → ${outcome.kind}`);
          resolve(outcome);
        }),
      );
    });
  }

  /** Happened at most once; the row, and what was settled with it, say what the other side did. */
  private check(id: string, state: string): string[] {
    const { done, isSilent } = this.otherSide.truthOf(id);
    const settled = (this.settled.get(id) ?? []).join(' ');
    const wrong: string[] = [];
    if (done.length > 1) wrong.push(`${id} happened ${done.length} times`);
    if (isSilent && state === 'stuck') return settled === '' ? wrong : [...wrong, `${id} is stuck and settled`];
    if (state !== done[0]) wrong.push(`${id} is ${state}, the other side says ${done[0] ?? 'nothing'}`);
    if (settled !== state) wrong.push(`${id} is ${state} and was settled as [${settled}]`);
    return wrong;
  }
}

type Truth = 'succeeded' | 'failed';

/**
 * The other side of a connection. Some know a key again, so to them a message may come twice, or long after its sender gave
 * up; the others do what they are told each time, and their network at least drops a message with its connection.
 */
class OtherSide {
  private readonly knowsKeys: boolean;
  private readonly done = new Map<string, Truth[]>();
  private readonly working = new Set<string>();
  /** Never answers a question. */
  private readonly silent = new Set<string>();

  constructor(private readonly world: World) {
    this.knowsKeys = world.chance.happens(0.5);
    if (world.chance.happens(0.1)) this.silent.add('e1');
  }

  truthOf(id: string): { done: Truth[]; isSilent: boolean } {
    return { done: this.done.get(id) ?? [], isSilent: this.silent.has(id) };
  }

  call(id: string, answer: (outcome: EffectOutcome<string>) => void): void {
    const { world } = this;
    const { chance } = world;
    if (chance.happens(0.1)) return void world.after(5, () => answer({ kind: 'not-done', reason: 'no connection' }));
    if (chance.happens(0.1)) return world.count('messages lost');
    this.arrive(chance.happens(0.1), () => this.receive(id, answer));
    if (this.knowsKeys && chance.happens(0.1)) {
      world.count('messages duplicated');
      this.arrive(true, () => this.receive(id, answer));
    }
  }

  ask(id: string, answer: (outcome: EffectOutcome<string>) => void): void {
    const { chance } = this.world;
    if (this.silent.has(id) || chance.happens(0.2)) return this.world.count('messages lost');
    this.arrive(chance.happens(0.1), () => {
      this.reply(answer, this.working.has(id) ? { kind: 'pending', reason: 'at work' } : this.known(id));
    });
  }

  private receive(id: string, answer: (outcome: EffectOutcome<string>) => void): void {
    const { chance } = this.world;
    const isKnown = this.done.has(id) || this.working.has(id);
    if (isKnown && this.knowsKeys) {
      return this.reply(answer, this.done.has(id) ? this.known(id) : { kind: 'pending', reason: 'at work' });
    }
    if (chance.happens(0.1)) return this.reply(answer, { kind: 'not-done', reason: 'busy' });
    const truth: Truth = chance.happens(0.8) ? 'succeeded' : 'failed';
    const finish = () => {
      this.working.delete(id);
      this.done.set(id, [...(this.done.get(id) ?? []), truth]);
      this.world.tell(() => `the other side: ${id} ${truth}`);
    };
    if (chance.happens(0.2)) {
      this.working.add(id);
      this.world.after(chance.next() * 3000, finish);
      return this.reply(answer, { kind: 'pending', reason: 'at work' });
    }
    finish();
    return this.reply(answer, this.known(id));
  }

  private known(id: string): EffectOutcome<string> {
    const [truth] = this.done.get(id) ?? [];
    if (truth === 'succeeded') return { kind: 'succeeded', result: 'done' };
    if (truth === 'failed') return { kind: 'failed', reason: 'refused' };
    return { kind: 'not-done', reason: 'never heard of it' };
  }

  /** A late message may arrive after its sender gave up, where that can do no harm. */
  private arrive(isLate: boolean, run: () => void): void {
    const { chance } = this.world;
    const latest = isLate && this.knowsKeys ? 4000 : TIMEOUT_MS * 0.9;
    this.world.after(chance.next() * (isLate ? latest : 20), run);
  }

  private reply(answer: (outcome: EffectOutcome<string>) => void, outcome: EffectOutcome<string>): void {
    const { world } = this;
    if (world.chance.happens(0.15)) return world.count('answers lost');
    const isLate = world.chance.happens(0.1);
    if (isLate) world.count('answers late');
    world.after(world.chance.next() * (isLate ? TIMEOUT_MS * 3 : 20), () => answer(outcome));
  }
}

/** A process with a worker: the real one over the rows in memory. */
class Working {
  readonly worker: EffectWorker<EffectRow, string>;

  constructor(
    readonly steps: SimulatedProcess,
    effects: MemoryEffects,
    breakage: EffectBreakage | undefined,
    effectOf: (rows: MemoryEffectRows) => NetworkEffect<EffectRow, string>,
  ) {
    const rows = new MemoryEffectRows(effects, steps);
    if (breakage) Object.assign(rows, breakage(rows, effects));
    this.worker = new EffectWorker(effectOf(rows), rows, SETTINGS);
  }
}
