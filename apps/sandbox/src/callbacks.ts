import { setMaxListeners } from 'node:events';
import type { Callback, ChannelName, Entry } from './books';
import type { Fault, Faults, Kind, Target } from './faults';
import { Gate } from './gate';
import type { Ledger } from './ledger';
import { post, type Channel, type Spoiled, type Verdict } from './post';
import type { Timers } from './timers';

const FIRST_BACKOFF_MS = 200;
const LONGEST_BACKOFF_MS = 10_000;
const MOST_TRIES = 15;
const MOST_TRIES_WHEN_REFUSED = 3;
const MOST_AT_ONCE = 32;
const DEFAULT_DELAY_MS = 1000;

type CallbackTarget = Extract<Target, `${string}.callback`>;

/** A report with the fault it will suffer. Its entries go into the ledger together with what it reports. */
export interface Outgoing {
  callback: Callback;
  entries: Entry[];
  fault?: Fault<CallbackTarget>;
}

/**
 * Reports to the platform, at least once each: retried until acknowledged, and again after a restart.
 * A fault that spoils a report (`garbage`, `bad-signature`) spoils its first try only.
 */
export class Callbacks {
  /** The last first try under way for each subject: the next report about it waits for that one. */
  readonly #lanes = new Map<string, Promise<void>>();
  /** Reports that wait until a later one has been sent. */
  readonly #held = new Map<CallbackTarget, Callback>();
  readonly #underway = new Set<Promise<void>>();
  readonly #gate = new Gate(MOST_AT_ONCE);
  readonly #stop = new AbortController();

  constructor(
    private readonly ledger: Ledger,
    private readonly faults: Faults,
    private readonly timers: Timers,
    private readonly channels: Record<ChannelName, Channel>,
  ) {
    setMaxListeners(MOST_AT_ONCE, this.#stop.signal);
  }

  /** Decides the fate of a report. Record its entries, then send it. */
  prepare(callback: Callback): Outgoing {
    const target = targetOf(callback);
    const fault = this.faults.take(target, callback.about, (kind) => this.#allows(target, kind));
    if (fault?.kind === 'lose') return { callback, entries: [], fault };
    if (fault?.kind !== 'delay') return { callback, entries: [{ kind: 'callback-owed', callback }], fault };
    const notBefore = new Date(Date.now() + (fault.ms ?? DEFAULT_DELAY_MS)).toISOString();
    const delayed = { ...callback, notBefore };
    return { callback: delayed, entries: [{ kind: 'callback-owed', callback: delayed }], fault };
  }

  send({ callback, fault }: Outgoing): void {
    if (fault?.kind === 'lose') return;
    if (fault?.kind === 'reorder') this.#held.set(targetOf(callback), callback);
    else this.#sendWhenDue(callback, fault?.kind);
  }

  /** Sends whatever an earlier run still owed. */
  resume(): void {
    for (const callback of this.ledger.books.owed.values()) this.#sendWhenDue(callback);
  }

  /** Sends the reports held back for reordering. */
  release(): void {
    const held = [...this.#held.values()];
    this.#held.clear();
    for (const callback of held) this.#start(callback);
  }

  /** Breaks off what is under way; it stays owed. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#underway);
  }

  /** One report is held at a time, so that two neighbours swap; unknown codes are settled when the scan is recorded. */
  #allows(target: CallbackTarget, kind: Kind): boolean {
    return kind !== 'unknown-code' && !(kind === 'reorder' && this.#held.has(target));
  }

  #sendWhenDue(callback: Callback, fault?: Kind): void {
    const wait = callback.notBefore === undefined ? 0 : Date.parse(callback.notBefore) - Date.now();
    if (wait > 0) this.timers.after(wait, () => this.#start(callback));
    else this.#start(callback, fault);
  }

  #start(callback: Callback, fault?: Kind): void {
    const held = this.#held.get(targetOf(callback));
    this.#held.delete(targetOf(callback));
    const lane = `${callback.channel} ${callback.subject}`;
    const before = this.#lanes.get(lane) ?? Promise.resolve();
    const firstTry = this.#track(this.#firstTry(before, callback, fault)).then(() => {
      if (this.#lanes.get(lane) === firstTry) this.#lanes.delete(lane);
      if (held) this.#start(held);
    });
    this.#lanes.set(lane, firstTry);
  }

  async #firstTry(before: Promise<void>, callback: Callback, fault?: Kind): Promise<void> {
    await before;
    const again = fault === 'duplicate' ? [this.#deliver(callback)] : [];
    const spoiled = fault === 'garbage' || fault === 'bad-signature' ? fault : undefined;
    await Promise.all([this.#try(callback, 1, spoiled), ...again]);
  }

  async #try(callback: Callback, nth: number, spoiled?: Spoiled): Promise<void> {
    const verdict = await this.#deliver(callback, spoiled);
    if (verdict === 'acknowledged' || this.#stop.signal.aborted) return;
    if (nth >= (verdict === 'refused' ? MOST_TRIES_WHEN_REFUSED : MOST_TRIES)) {
      const what = `callback ${callback.id} (${callback.subject})`;
      process.stderr.write(`sandbox: ${what} was not acknowledged in ${nth} tries; the next start sends it again\n`);
      return;
    }
    const backoff = Math.min(FIRST_BACKOFF_MS * 2 ** (nth - 1), LONGEST_BACKOFF_MS);
    this.timers.after(backoff, () => void this.#track(this.#try(callback, nth + 1)));
  }

  async #deliver(callback: Callback, spoiled?: Spoiled): Promise<Verdict> {
    const channel = this.channels[callback.channel];
    const verdict = await this.#gate.through(() => post(channel, callback.content, this.#stop.signal, spoiled));
    if (verdict === 'acknowledged' && this.ledger.books.owed.has(callback.id)) {
      this.ledger.record({ kind: 'callback-acknowledged', id: callback.id });
    }
    return verdict;
  }

  /** Never rejects: one broken callback must not hold up the next. */
  #track(work: Promise<void>): Promise<void> {
    const tracked = work
      .catch((error: Error) => void process.stderr.write(`sandbox: a callback broke off: ${error.message}\n`))
      .finally(() => this.#underway.delete(tracked));
    this.#underway.add(tracked);
    return tracked;
  }
}

function targetOf(callback: Callback): CallbackTarget {
  return callback.channel === 'gateway' ? 'gateway.callback' : 'carrier.callback';
}
