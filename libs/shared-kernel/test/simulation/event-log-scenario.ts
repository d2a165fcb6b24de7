import { Logger } from '@nestjs/common';
import type { EventBus } from '@nestjs/cqrs';
import { ContractEvent, type ContractEventClass } from '../../src/core/contract-event';
import { AttemptMarks } from '../../src/messaging/attempt-marks';
import { Dispatcher } from '../../src/messaging/dispatcher';
import type { Appended, EventLog } from '../../src/messaging/event-log';
import { LaneDelivery } from '../../src/messaging/lane-delivery';
import type { ClaimedLane } from '../../src/messaging/lanes';
import { MessagingOptions } from '../../src/messaging/messaging-options';
import type { DurableHandler, DurableSubscription, Subscriptions } from '../../src/messaging/subscription';
import { Workers } from '../../src/messaging/workers';
import { type LoggedRow, MemoryLanes, MemoryLog, MemoryMarks } from '../memory-log';
import { inTransaction, type MemoryTransaction } from '../memory-store';
import { SimulatedProcess, World } from './world';

Logger.overrideLogger(false);

const LANES = 3;
const AGGREGATES = 6;

class Ticked extends ContractEvent<{ aggregate: string }> {
  static override readonly type = 'simulated.ticked.v1';
  get aggregateId(): string {
    return this.data.aggregate;
  }
}

class Tocked extends ContractEvent<{ aggregate: string }> {
  static override readonly type = 'simulated.tocked.v1';
  get aggregateId(): string {
    return this.data.aggregate;
  }
}

const TYPES: ContractEventClass[] = [Ticked, Tocked];

/** Who listens, and how; `older` is what a process of an earlier version takes. */
const SUBSCRIPTIONS = [
  { name: 'singly', takes: [Ticked, Tocked], older: [Ticked, Tocked], batches: false },
  { name: 'batches', takes: [Ticked, Tocked], older: [Ticked], batches: true },
  { name: 'seldom', takes: [Tocked], older: [Tocked], batches: false },
];

/**
 * What one event does to one subscription: `poison` fails until it is mended, `deadly` kills the process that handles it
 * until it is mended, `flaky` fails once.
 */
type Mischief = 'poison' | 'deadly' | 'flaky';

const OPTIONS = { workers: 2, batchSize: 4, maxAttempts: 7, backoffMs: 40, maxBackoffMs: 120 };
const POLL_MS = { busy: 10, idle: 200 };
const HEAL_WITHIN_MS = 60_000;

/** A way to break the log, to see that the simulation notices. */
export interface Breakage {
  lane?: (lane: ClaimedLane, log: MemoryLog, subscription: DurableSubscription) => Partial<ClaimedLane>;
  marks?: Partial<AttemptMarks>;
  /** Several processes may work on one lane of a subscription. */
  sharesLanes?: boolean;
  /** Positions are drawn like those of an identity column, before the commit and without a lock. */
  drawsPositions?: boolean;
}

/**
 * The event log from publishers to handlers: real dispatchers and real delivery, several processes of two versions, and
 * every step a place to die. Returns what is wrong in the end; nothing, if all is well.
 */
export async function simulateEventLog(world: World, breakage: Breakage = {}): Promise<string[]> {
  const scenario = new EventLogScenario(world, breakage);
  return scenario.play();
}

class EventLogScenario {
  private readonly log = new MemoryLog(LANES);
  private readonly versions = new Map<string, number>();
  private readonly lockedAggregates = new Set<string>();
  private readonly laneQueues: { holder: MemoryTransaction | undefined; waiting: (() => void)[] }[];
  private readonly mischief = new Map<string, Mischief>();
  /** What each subscription's handler did and committed. */
  private readonly handled = new Map<string, { aggregateId: string; version: number }[]>();
  private readonly processes: Delivering[] = [];
  private readonly wrong: string[] = [];
  private drawn = 0n;
  private started = 0;
  private publishing = 0;

  constructor(
    private readonly world: World,
    private readonly breakage: Breakage,
  ) {
    this.laneQueues = Array.from({ length: LANES }, () => ({ holder: undefined, waiting: [] }));
  }

  async play(): Promise<string[]> {
    const { world } = this;
    const { chance } = world;
    this.contrive();
    // The newer version has been running before: what it takes is known.
    for (const { name, takes } of SUBSCRIPTIONS) this.log.types.set(name, new Set(takes.map(({ type }) => type)));
    const versions = ['newer', chance.oneOf(['newer', 'older']), ...(chance.happens(0.3) ? ['newer'] : [])];
    for (const version of versions) this.startProcess(version as Version);
    const publications = chance.whole(6, 16);
    this.publishing = publications;
    for (let n = 0; n < publications; n++) world.after(chance.next() * 600, () => void this.publish());
    if (chance.happens(0.3)) world.after(chance.next() * 1000, () => this.replay());
    if (chance.happens(0.2)) world.after(chance.next() * 1000, () => this.restartGently());
    const isPublished = await world.run(() => this.publishing === 0 && world.now > 700, HEAL_WITHIN_MS);
    if (!isPublished) this.wrong.push('a publication never ended');
    Object.assign(world.faults, { kills: 0, errors: 0 });
    world.tell(() => 'no more faults');
    await this.drain('after the faults');
    this.check();

    world.tell(() => 'mended, replayed');
    this.mischief.clear();
    this.replay();
    await this.drain('after the replay');
    this.check();
    for (const { subscription, position, lane } of this.log.parked.values()) {
      this.wrong.push(`${subscription} still keeps ${lane}/${position} aside`);
    }
    for (const process of this.processes) process.steps.isAlive = false;
    return this.wrong;
  }

  /** Decides beforehand which events make trouble, and for whom. */
  private contrive(): void {
    const { chance } = this.world;
    const makeTrouble = (kind: Mischief) => {
      const { name } = chance.oneOf(SUBSCRIPTIONS);
      this.mischief.set(`${name}/${aggregate(chance.whole(0, AGGREGATES - 1))}/${chance.whole(1, 4)}`, kind);
    };
    for (let n = chance.whole(0, 2); n > 0; n--) makeTrouble('poison');
    if (chance.happens(0.3)) makeTrouble('deadly');
    if (chance.happens(0.3)) makeTrouble('flaky');
  }

  private startProcess(version: Version): void {
    const { world } = this;
    const steps = new SimulatedProcess(world, `p${++this.started}`);
    const process = new Delivering(steps, this.log, version, this.breakage, (...args) => this.handlerOf(...args));
    this.processes.push(process);
    // As a supervisor does: start it again, sooner or later.
    steps.whenKilled(() => {
      this.processes.splice(this.processes.indexOf(process), 1);
      world.after(world.chance.next() * 200, () => this.startProcess(version));
    });
    void process.start();
  }

  private restartGently(): void {
    const process = this.processes[0];
    if (!process?.steps.isAlive) return;
    this.world.tell(() => `${process.steps.name} is told to stop`);
    void process.dispatcher.stop().then(() => {
      if (process.steps.isAlive) process.steps.kill('after a gentle stop');
    });
  }

  private replay(): void {
    for (const { name } of SUBSCRIPTIONS) {
      const count = this.log.replay(name, this.world.now);
      this.world.count('events replayed', count);
      if (count > 0) this.world.tell(() => `replayed ${count} of ${name}`);
    }
  }

  /** One transaction of a request: changes aggregates and tells of it, as the last act before its commit. */
  private async publish(): Promise<void> {
    const { world } = this;
    const { chance } = world;
    const process = chance.oneOf(this.processes.length > 0 ? this.processes : [undefined]);
    const free = Array.from({ length: AGGREGATES }, (_, n) => aggregate(n)).filter(
      (id) => !this.lockedAggregates.has(id),
    );
    if (!process || free.length === 0) {
      world.after(50, () => void this.publish());
      return;
    }
    const changed = [...new Set(Array.from({ length: chance.whole(1, 2) }, () => chance.oneOf(free)))];
    for (const id of changed) this.lockedAggregates.add(id);
    const counts = new Map(changed.map((id) => [id, chance.whole(1, 2)]));
    let isOver = false;
    const over = () => {
      for (const id of changed) this.lockedAggregates.delete(id);
      if (!isOver) this.publishing -= 1;
      isOver = true;
    };
    const appended: Appended[] = [];
    await inTransaction(process.steps, async (transaction) => {
      transaction.holds(over);
      await process.steps.step('change', () => changed, transaction);
      if (chance.happens(0.1)) throw new Error('rolled back');
      await this.flush(process.steps, transaction, counts, appended);
    }).then(
      () => {
        if (!chance.happens(0.2)) process.wake(appended);
        else world.count('wake-ups lost');
        if (chance.happens(0.1)) process.wake(appended);
      },
      () => undefined,
    );
  }

  private async flush(
    steps: SimulatedProcess,
    transaction: MemoryTransaction,
    counts: Map<string, number>,
    appended: Appended[],
  ): Promise<void> {
    const lanes = [...new Set([...counts.keys()].map(laneOf))].toSorted();
    if (!this.breakage.drawsPositions) for (const lane of lanes) await this.lockLane(steps, transaction, lane);
    await steps.step(
      'append',
      () => {
        const heads = [...this.log.heads];
        for (const [aggregateId, count] of counts) {
          const lane = laneOf(aggregateId);
          const known = this.versions.get(aggregateId) ?? 0;
          for (let version = known + 1; version <= known + count; version++) {
            const position = this.breakage.drawsPositions ? (this.drawn += 1n) : (heads[lane]! += 1n);
            const row = rowOf(aggregateId, lane, position, version, this.world.chance.oneOf(TYPES).type);
            appended.push({ lane, type: row.type });
            transaction.write(() => {
              this.log.append(row);
              this.versions.set(aggregateId, version);
              this.world.count('events committed');
            });
          }
        }
      },
      transaction,
    );
  }

  private async lockLane(steps: SimulatedProcess, transaction: MemoryTransaction, lane: number): Promise<void> {
    const queue = this.laneQueues[lane]!;
    for (let isMine = false; !isMine;) {
      isMine = await steps.step(
        'lock lane',
        () => {
          if (queue.holder) return false;
          queue.holder = transaction;
          transaction.holds(() => {
            queue.holder = undefined;
            for (const go of queue.waiting.splice(0)) go();
          });
          return true;
        },
        transaction,
      );
      if (!isMine) await new Promise<void>((resolve) => queue.waiting.push(resolve));
    }
  }

  private handlerOf(process: Delivering, name: string, batches: boolean): DurableHandler {
    const act = async (event: ContractEvent): Promise<void> => {
      const key = `${name}/${event.aggregateId}/${event.aggregateVersion}`;
      const transaction = process.lanes.transactionOf(name, laneOf(event.aggregateId));
      const mischief = this.mischief.get(key);
      await process.steps.step(
        'handle',
        () => {
          if (mischief === 'deadly') return key;
          const { aggregateId, aggregateVersion: version } = event;
          transaction.write(() => this.handledBy(name).push({ aggregateId, version }));
          return key;
        },
        transaction,
      );
      if (mischief === 'deadly') {
        process.steps.kill(`by ${mischief} event`);
        await new Promise(() => undefined);
      }
      if (mischief === 'flaky') this.mischief.delete(key);
      if (mischief) throw new Error(mischief);
    };
    return batches
      ? {
          handleBatch: async (events) => {
            for (const event of events) await act(event);
          },
        }
      : { handle: act };
  }

  private handledBy(name: string) {
    let handled = this.handled.get(name);
    if (!handled) this.handled.set(name, (handled = []));
    return handled;
  }

  /** Quiet: every cursor is at its head and no failed event will be tried again by itself. */
  private async drain(when: string): Promise<void> {
    const isQuiet = () =>
      [...this.log.cursors.values()].every(
        ({ lane, position, isHeld }) => !isHeld && position === this.log.heads[lane],
      ) &&
      this.log.cursors.size === SUBSCRIPTIONS.length * LANES &&
      [...this.log.parked.values()].every(({ status }) => status !== 'retrying');
    if (await this.world.run(isQuiet, HEAL_WITHIN_MS)) return;
    for (const { subscription, lane, position, isHeld } of this.log.cursors.values()) {
      const head = this.log.heads[lane]!;
      if (position !== head) this.wrong.push(`${when}, ${subscription}/${lane} stays at ${position} of ${head}`);
      if (isHeld) this.wrong.push(`${when}, ${subscription}/${lane} is held for ever`);
    }
    for (const { subscription, lane, position, status } of this.log.parked.values()) {
      if (status === 'retrying') this.wrong.push(`${when}, ${subscription} retries ${lane}/${position} for ever`);
    }
  }

  /** Once each, in the order of the aggregate; kept aside only what makes trouble and what is behind it. */
  private check(): void {
    for (const { name, takes } of SUBSCRIPTIONS) {
      const types = new Set<string>(takes.map(({ type }) => type));
      for (let n = 0; n < AGGREGATES; n++) {
        const id = aggregate(n);
        const handled = this.handledBy(name).flatMap((event) => (event.aggregateId === id ? [event.version] : []));
        const aside = [...this.log.parked.values()]
          .filter((row) => row.subscription === name && row.aggregateId === id)
          .toSorted((a, b) => Number(a.position - b.position));
        const expected = this.log.lanes[laneOf(id)]!.filter(
          (event) => event.aggregateId === id && types.has(event.type),
        );
        const kept = aside.map((row) => expected.find((event) => event.position === row.position)?.version);
        const found = [...handled, ...kept].join(' ');
        const wanted = expected.map((event) => event.version).join(' ');
        if (found !== wanted) {
          this.wrong.push(`${name} handled ${id} ${handled.join(' ')} and keeps [${kept.join(' ')}], of ${wanted}`);
        }
        const [first, ...rest] = aside;
        const mischief = first && this.mischief.get(`${name}/${id}/${kept[0]}`);
        if (first && (first.status !== 'parked' || !mischief || first.attempts !== OPTIONS.maxAttempts)) {
          this.wrong.push(`${name} keeps ${id} ${kept[0]} as ${first.status} after ${first.attempts} attempts`);
        }
        for (const row of rest) {
          if (row.status !== 'behind') this.wrong.push(`${name} keeps ${row.position} of ${id} as ${row.status}`);
        }
      }
    }
  }
}

type Version = 'newer' | 'older';

/** A process that delivers: the real dispatcher and delivery over the log in memory. */
class Delivering {
  readonly dispatcher: Dispatcher;
  readonly lanes: MemoryLanes;
  private listener: (appended: Appended[]) => void = () => undefined;

  constructor(
    readonly steps: SimulatedProcess,
    log: MemoryLog,
    readonly version: Version,
    breakage: Breakage,
    handlerOf: (process: Delivering, name: string, batches: boolean) => DurableHandler,
  ) {
    const options = new MessagingOptions({ url: '', poolSize: 0 }, { ...OPTIONS, pollMs: POLL_MS });
    const all: DurableSubscription[] = SUBSCRIPTIONS.map(({ name, takes, older, batches }) => ({
      name,
      startFrom: 'beginning',
      events: new Map((version === 'newer' ? takes : older).map((type) => [type.type, type])),
      handler: handlerOf(this, name, batches),
    }));
    this.lanes = brokenLanes(new MemoryLanes(log, steps), log, breakage);
    const marks = Object.assign(new MemoryMarks(log, steps), breakage.marks);
    this.dispatcher = new Dispatcher(
      { all: () => all } as unknown as Subscriptions,
      new LaneDelivery(this.lanes, marks, options),
      marks,
      { onAppended: (listener: typeof this.listener) => (this.listener = listener) } as unknown as EventLog,
      this.lanes,
      options,
      {} as EventBus,
      new Workers(),
    );
  }

  /** Tried again like the start of a process that finds its database away. */
  async start(): Promise<void> {
    try {
      await this.dispatcher.onModuleInit();
      await this.dispatcher.start();
    } catch {
      this.steps.kill('at its start');
    }
  }

  wake(appended: Appended[]): void {
    if (this.steps.isAlive) this.listener(appended);
  }
}

function brokenLanes(lanes: MemoryLanes, log: MemoryLog, { lane: change, sharesLanes }: Breakage): MemoryLanes {
  const claim = lanes.claim.bind(lanes);
  return Object.assign(lanes, {
    claim: <T>(subscription: DurableSubscription, lane: number, work: (lane: ClaimedLane) => Promise<T>) => {
      if (sharesLanes) log.cursor(subscription.name, lane).isHeld = false;
      return claim(subscription, lane, (claimed) =>
        work(change ? Object.assign(claimed, change(claimed, log, subscription)) : claimed),
      );
    },
  });
}

const aggregate = (n: number): string => `a${n}`;
const laneOf = (aggregateId: string): number => Number(aggregateId.slice(1)) % LANES;

const rowOf = (aggregateId: string, lane: number, position: bigint, version: number, type: string): LoggedRow => ({
  ...{ lane, position, type, aggregateId, version, correlationId: aggregateId },
  id: '00000000-0000-7000-8000-000000000000',
  payload: { aggregate: aggregateId },
  ...{ causationId: null, requestId: null, actor: 'simulated', trace: null, occurredAt: new Date(0) },
});
