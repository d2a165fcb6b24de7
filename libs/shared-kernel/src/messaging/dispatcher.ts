import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { EventBus } from '@nestjs/cqrs';
import { AttemptMarks } from './attempt-marks';
import { EventLog } from './event-log';
import { LaneDelivery } from './lane-delivery';
import { Lanes } from './lanes';
import { MessagingOptions } from './messaging-options';
import { type DurableSubscription, Subscriptions } from './subscription';
import { type Worker, Workers } from './workers';

interface Task {
  subscription: DurableSubscription;
  lane: number;
  /** Look for failed events that are due again as well. */
  retry: boolean;
}

/**
 * Decides which lane of which subscription is worked on next: at once for what this process committed, by an adaptive
 * poll for what other processes committed and for retries that fall due.
 */
@Injectable()
export class Dispatcher implements OnModuleInit, Worker {
  readonly name = 'event dispatcher';
  readonly #logger = new Logger('EventLog');
  readonly #queue = new Map<string, Task>();
  readonly #running = new Set<string>();
  #subscribersOf = new Map<string, DurableSubscription[]>();
  #timer: NodeJS.Timeout | undefined;
  #pollMs: number;
  #stepAt = 0;
  #stopped = true;
  #idle: (() => void)[] = [];

  constructor(
    private readonly subscriptions: Subscriptions,
    private readonly delivery: LaneDelivery,
    private readonly marks: AttemptMarks,
    private readonly eventLog: EventLog,
    private readonly lanes: Lanes,
    private readonly options: MessagingOptions,
    private readonly eventBus: EventBus,
    private readonly workers: Workers,
  ) {
    this.#pollMs = options.pollMs.busy;
  }

  async onModuleInit(): Promise<void> {
    this.eventBus.publisher = this.eventLog;
    for (const subscription of this.subscriptions.all()) {
      for (const type of subscription.events.keys()) {
        this.#subscribersOf.set(type, [...(this.#subscribersOf.get(type) ?? []), subscription]);
      }
    }
    if (!this.options.deliver) return;
    this.workers.add(this);
    await this.#recordTypes();
  }

  async start(): Promise<void> {
    for (const subscription of this.subscriptions.all()) await this.lanes.open(subscription);
    this.#stopped = false;
    this.eventLog.onAppended((appended) => {
      for (const { type, lane } of appended) {
        for (const subscription of this.#subscribersOf.get(type) ?? []) this.#add({ subscription, lane, retry: false });
      }
      this.#pump();
    });
    void this.#poll();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#queue.clear();
    if (this.#running.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /**
   * Before this process can publish anything, every other one knows what its subscriptions take: processes of several
   * versions share the cursors, and none moves a cursor past what only another one takes. A type that was really given
   * up is removed in a migration, as the subscription's cursors wait before its events until then:
   * `UPDATE messaging.subscription SET types = array_remove(types, 'trading.order-lost.v1') WHERE name = '…'`.
   */
  async #recordTypes(): Promise<void> {
    for (const subscription of this.subscriptions.all()) {
      const recorded = await this.lanes.recordTypes(subscription);
      const elsewhere = recorded.filter((type) => !subscription.events.has(type));
      if (elsewhere.length > 0) {
        this.#logger.warn({
          msg: 'left to processes of another version',
          subscription: subscription.name,
          types: elsewhere,
        });
      }
    }
  }

  #add(task: Task): void {
    const key = `${task.subscription.name}/${task.lane}`;
    const queued = this.#queue.get(key);
    if (queued) queued.retry ||= task.retry;
    else this.#queue.set(key, task);
  }

  #pump(): void {
    for (const [key, task] of this.#queue) {
      if (this.#stopped || this.#running.size >= this.options.workers) return;
      if (this.#running.has(key)) continue;
      this.#queue.delete(key);
      this.#running.add(key);
      void this.#work(task)
        .catch((error: unknown) => {
          this.#logger.error({
            msg: 'delivery stopped and will be tried again',
            subscription: task.subscription.name,
            err: error,
          });
          this.#pollMs = this.options.pollMs.idle;
        })
        .finally(() => {
          this.#running.delete(key);
          this.#pump();
          if (this.#running.size === 0) for (const idle of this.#idle.splice(0)) idle();
        });
    }
  }

  async #work(task: Task): Promise<void> {
    if (task.retry) while (!this.#stopped && (await this.delivery.retry(task.subscription, task.lane)) === 'more');
    if ((await this.delivery.next(task.subscription, task.lane)) === 'more') this.#add({ ...task, retry: false });
  }

  async #poll(): Promise<void> {
    let stepping = false;
    try {
      stepping = await this.#stepOver();
      const all = this.subscriptions.all();
      const known = new Set([...this.#queue.keys(), ...this.#running]);
      const behind = await this.lanes.behind(all);
      const byName = new Map(all.map((subscription) => [subscription.name, subscription]));
      let hasNews = false;
      for (const { subscription: name, lane, retry } of behind) {
        const subscription = byName.get(name);
        const key = `${name}/${lane}`;
        if (!subscription || this.#running.has(key)) continue;
        hasNews ||= retry || !(known.has(key) || this.#queue.has(key));
        this.#add({ subscription, lane, retry });
      }
      // What this process appends it knows at once: only the events of others are worth looking for often.
      this.#pollMs = hasNews ? this.options.pollMs.busy : Math.min(this.#pollMs * 2, this.options.pollMs.idle);
      this.#pump();
    } catch (error) {
      this.#pollMs = this.options.pollMs.idle;
      this.#logger.warn({ msg: 'looking for events failed and will be tried again', err: error });
    }
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#poll(), stepping ? 0 : this.#pollMs);
  }

  /** Cursors need not pass at once what their subscriptions do not take. True while there may be more of it. */
  async #stepOver(): Promise<boolean> {
    if (performance.now() < this.#stepAt) return false;
    const more = await this.marks.stepOver(this.subscriptions.all());
    if (!more) this.#stepAt = performance.now() + this.options.pollMs.idle;
    return more;
  }
}
