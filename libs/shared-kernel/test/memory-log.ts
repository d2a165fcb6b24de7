import { AttemptMarks } from '../src/messaging/attempt-marks';
import {
  type Attempt,
  type ClaimedLane,
  type EventPlace,
  type LaneBehind,
  Lanes,
  type SetAside,
  STEP,
  type StoredEvent,
} from '../src/messaging/lanes';
import type { DurableSubscription } from '../src/messaging/subscription';
import { inTransaction, type MemoryTransaction, type Steps } from './memory-store';

export type LoggedRow = Omit<StoredEvent, 'payload' | 'elsewhere'> & { payload: Record<string, unknown> };

interface Cursor {
  subscription: string;
  lane: number;
  position: bigint;
  begun: bigint;
  isHeld: boolean;
}

export interface ParkedRow extends EventPlace {
  subscription: string;
  status: 'retrying' | 'parked' | 'behind';
  attempts: number;
  /** Null: the provisional mark of a first attempt. */
  dueAt: number | null;
  lastError: string | null;
}

const keyOf = (...parts: (string | number | bigint)[]) => parts.join('/');

/** The schema `messaging`, in memory. */
export class MemoryLog {
  /** Committed events of each lane, in the order in which they became visible. */
  readonly lanes: LoggedRow[][];
  readonly heads: bigint[];
  readonly cursors = new Map<string, Cursor>();
  readonly parked = new Map<string, ParkedRow>();
  readonly types = new Map<string, Set<string>>();

  constructor(readonly laneCount: number) {
    this.lanes = Array.from({ length: laneCount }, () => []);
    this.heads = Array.from({ length: laneCount }, () => 0n);
  }

  append(event: LoggedRow): void {
    this.lanes[event.lane]!.push(event);
    if (event.position > this.heads[event.lane]!) this.heads[event.lane] = event.position;
  }

  cursor(subscription: string, lane: number): Cursor {
    return this.cursors.get(keyOf(subscription, lane))!;
  }

  after(lane: number, position: bigint, limit: number): LoggedRow[] {
    const events = this.lanes[lane]!;
    // Positions count from one without gaps, unless something is wrong.
    const index = Number(position);
    if (index === 0 || events[index - 1]?.position === position) return events.slice(index, index + limit);
    return events.filter((event) => event.position > position).slice(0, limit);
  }

  parkedOf(subscription: string, lane: number): ParkedRow[] {
    const rows = [...this.parked.values()].filter((row) => row.subscription === subscription && row.lane === lane);
    return rows.toSorted((a, b) => Number(a.position - b.position));
  }

  park(row: ParkedRow): void {
    this.parked.set(keyOf(row.subscription, row.lane, row.position), row);
  }

  parkedAt(subscription: string, lane: number, position: bigint): ParkedRow | undefined {
    return this.parked.get(keyOf(subscription, lane, position));
  }

  unpark(subscription: string, lane: number, position: bigint): void {
    this.parked.delete(keyOf(subscription, lane, position));
  }

  /** As `ParkedEvents.replay` does. */
  replay(subscription: string, now: number): number {
    let count = 0;
    for (const row of this.parked.values()) {
      if (row.subscription !== subscription || row.status !== 'parked') continue;
      Object.assign(row, { status: 'retrying', attempts: 0, dueAt: now });
      count += 1;
    }
    return count;
  }
}

export class MemoryLanes extends Lanes {
  /** The transactions that hold lanes of this process, for what handlers write. */
  private readonly held = new Map<string, MemoryTransaction>();

  constructor(
    private readonly log: MemoryLog,
    private readonly steps: Steps,
  ) {
    super();
  }

  async claim<T>(
    subscription: DurableSubscription,
    lane: number,
    work: (lane: ClaimedLane) => Promise<T>,
  ): Promise<T | 'taken'> {
    return inTransaction<T | 'taken'>(this.steps, async (transaction) => {
      const cursor = this.log.cursor(subscription.name, lane);
      const isMine = await this.steps.step('claim', () => this.hold(cursor, transaction), transaction);
      if (!isMine) return 'taken';
      this.held.set(keyOf(subscription.name, lane), transaction);
      return work(new MemoryLane(this.log, this.steps, transaction, subscription, cursor));
    });
  }

  /** The transaction in which this process handles that lane. */
  transactionOf(subscription: string, lane: number): MemoryTransaction {
    return this.held.get(keyOf(subscription, lane))!;
  }

  async behind(subscriptions: readonly DurableSubscription[]): Promise<LaneBehind[]> {
    return this.steps.step('poll', () => {
      const found = new Map<string, LaneBehind>();
      for (const subscription of subscriptions) {
        for (let lane = 0; lane < this.log.laneCount; lane++) {
          const retry = this.log
            .parkedOf(subscription.name, lane)
            .some((row) =>
              isProvisional(row)
                ? row.position <= this.log.cursor(subscription.name, lane).position
                : isDue(row, this.steps.now()) && subscription.events.has(row.type),
            );
          if (retry || this.hasNext(subscription, lane)) {
            found.set(keyOf(subscription.name, lane), { subscription: subscription.name, lane, retry });
          }
        }
      }
      return [...found.values()];
    });
  }

  async open({ name, startFrom }: DurableSubscription): Promise<void> {
    await this.steps.step('open', () => {
      for (let lane = 0; lane < this.log.laneCount; lane++) {
        const key = keyOf(name, lane);
        if (this.log.cursors.has(key)) continue;
        const position = startFrom === 'now' ? this.log.heads[lane]! : 0n;
        this.log.cursors.set(key, { subscription: name, lane, position, begun: 0n, isHeld: false });
      }
    });
  }

  async recordTypes({ name, events }: DurableSubscription): Promise<string[]> {
    return this.steps.step('record types', () => {
      const types = this.log.types.get(name) ?? new Set();
      for (const type of events.keys()) types.add(type);
      this.log.types.set(name, types);
      return [...types].toSorted();
    });
  }

  private hold(cursor: Cursor, transaction: MemoryTransaction): boolean {
    if (cursor.isHeld) return false;
    cursor.isHeld = true;
    transaction.holds(() => (cursor.isHeld = false));
    return true;
  }

  private hasNext({ name, events }: DurableSubscription, lane: number): boolean {
    const { position } = this.log.cursor(name, lane);
    if (this.log.heads[lane]! <= position) return false;
    const ahead = this.log.after(lane, position, STEP).filter((event) => event.position <= position + BigInt(STEP));
    if (ahead[0]?.position !== position + 1n) return true;
    const next = ahead.find(({ type }) => events.has(type) || this.log.types.get(name)?.has(type));
    return next !== undefined && events.has(next.type);
  }
}

const isProvisional = (row: ParkedRow): boolean => row.status === 'retrying' && row.dueAt === null;
const isDue = (row: ParkedRow, now: number): boolean =>
  row.status === 'retrying' && row.dueAt !== null && row.dueAt <= now;

class MemoryLane implements ClaimedLane {
  readonly position: bigint;
  readonly begun: bigint;

  constructor(
    private readonly log: MemoryLog,
    private readonly steps: Steps,
    private readonly transaction: MemoryTransaction,
    private readonly subscription: DurableSubscription,
    private readonly cursor: Cursor,
  ) {
    this.position = cursor.position;
    this.begun = cursor.begun;
  }

  async read(after: bigint, limit: number): Promise<StoredEvent[]> {
    const { name, events } = this.subscription;
    return this.step('read', () =>
      this.log.after(this.cursor.lane, after, limit).map((event) => {
        const isTaken = events.has(event.type);
        const elsewhere = !isTaken && (this.log.types.get(name)?.has(event.type) ?? false);
        return { ...event, payload: isTaken ? event.payload : null, elsewhere };
      }),
    );
  }

  async moveTo(position: bigint): Promise<void> {
    await this.step('move', () => this.transaction.write(() => (this.cursor.position = position)));
  }

  async setAsideOf(aggregateIds: string[]): Promise<SetAside[]> {
    return this.step('set aside?', () =>
      this.parked()
        .filter((row) => aggregateIds.includes(row.aggregateId) && !this.isLate(row))
        .map((row) => ({ aggregateId: row.aggregateId, position: row.position, isProvisional: isProvisional(row) })),
    );
  }

  async settleMark(position: bigint, { number, status, dueInMs }: Attempt): Promise<void> {
    await this.step('settle mark', () =>
      this.transaction.write(() => {
        const row = this.log.parkedAt(this.subscription.name, this.cursor.lane, position);
        if (row) Object.assign(row, { status, attempts: number, dueAt: this.steps.now() + dueInMs });
      }),
    );
  }

  async dropLateMarks(): Promise<void> {
    await this.step('drop late marks', () => {
      const late = this.parked().filter((row) => this.isLate(row));
      this.transaction.write(() => {
        for (const { position } of late) this.log.unpark(this.subscription.name, this.cursor.lane, position);
      });
    });
  }

  async setBehind(events: EventPlace[]): Promise<void> {
    await this.step('set behind', () =>
      this.transaction.write(() => {
        for (const { lane, position, aggregateId, type } of events) {
          const place = { subscription: this.subscription.name, lane, position, aggregateId, type };
          this.log.park({ ...place, status: 'behind', attempts: 0, dueAt: Infinity, lastError: null });
        }
      }),
    );
  }

  async firstDue(): Promise<{ position: bigint; attempts: number } | undefined> {
    return this.step('due?', () =>
      this.parked().find((row) => isDue(row, this.steps.now()) && this.subscription.events.has(row.type)),
    );
  }

  async forget({ lane, position, aggregateId }: EventPlace): Promise<void> {
    await this.step('forget', () =>
      this.transaction.write(() => {
        this.log.unpark(this.subscription.name, lane, position);
        const next = this.parked().find((row) => row.aggregateId === aggregateId && !isProvisional(row));
        if (next?.status === 'behind') Object.assign(next, { status: 'retrying', dueAt: this.steps.now() });
      }),
    );
  }

  private isLate(row: ParkedRow): boolean {
    return isProvisional(row) && row.position <= this.position;
  }

  private parked(): ParkedRow[] {
    return this.log.parkedOf(this.subscription.name, this.cursor.lane);
  }

  private async step<T>(name: string, execute: () => T): Promise<T> {
    return this.steps.step(name, execute, this.transaction);
  }
}

export class MemoryMarks extends AttemptMarks {
  constructor(
    private readonly log: MemoryLog,
    private readonly steps: Steps,
  ) {
    super();
  }

  async batchBegun(subscription: string, lane: number, position: bigint): Promise<void> {
    await this.steps.step('mark batch', () => {
      const cursor = this.log.cursor(subscription, lane);
      if (position > cursor.begun) cursor.begun = position;
    });
  }

  async firstAttempted(subscription: string, event: EventPlace): Promise<void> {
    await this.steps.step('mark first attempt', () => {
      const { lane, position, aggregateId, type } = event;
      if (this.log.parkedAt(subscription, lane, position)) return;
      const place = { subscription, lane, position, aggregateId, type };
      this.log.park({ ...place, status: 'retrying', attempts: 1, dueAt: null, lastError: null });
    });
  }

  async attempted(subscription: string, { lane, position }: EventPlace, attempt: Attempt): Promise<void> {
    await this.steps.step('mark attempt', () => {
      const row = this.log.parkedAt(subscription, lane, position);
      const dueAt = this.steps.now() + attempt.dueInMs;
      if (row) Object.assign(row, { status: attempt.status, attempts: attempt.number, dueAt });
    });
  }

  async failed(subscription: string, lane: number, position: bigint, error: unknown): Promise<void> {
    await this.steps.step('mark failure', () => {
      const row = this.log.parkedAt(subscription, lane, position);
      if (row) row.lastError = `${(error as Error).name}: ${(error as Error).message}`;
    });
  }

  async stepOver(subscriptions: readonly DurableSubscription[]): Promise<boolean> {
    return this.steps.step('step over', () => {
      let more = false;
      for (const { name, events } of subscriptions) {
        for (let lane = 0; lane < this.log.laneCount; lane++) {
          const cursor = this.log.cursor(name, lane);
          if (cursor.isHeld) continue;
          const start = cursor.position;
          for (const { position, type } of this.log.after(lane, start, STEP)) {
            if (position !== cursor.position + 1n || events.has(type) || this.log.types.get(name)?.has(type)) break;
            cursor.position = position;
          }
          more ||= cursor.position - start === BigInt(STEP);
        }
      }
      return more;
    });
  }
}
