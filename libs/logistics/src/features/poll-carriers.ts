import { Injectable, Logger } from '@nestjs/common';
import type { Worker } from '@tradewind/shared-kernel/messaging';
import { runInContext } from '@tradewind/shared-kernel/observability';
import { LogisticsSettings } from '../settings';
import { Carriers } from './carrier';
import { PollSchedule } from './poll-schedule';
import { ReceiveCarrierMessage } from './receive-carrier-message';
import { TrackingRecords } from './tracking-records';
import type { CarrierNumber } from './waybills';

/** Questions under way at the same time. */
const AT_ONCE = 8;

/** The second way in: asks carriers about waybills that have been quiet, so that a lost callback only delays. */
@Injectable()
export class PollCarriers implements Worker {
  readonly name = 'logistics.poll-carriers';
  readonly #logger = new Logger('Logistics');
  readonly #missing = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = true;

  constructor(
    private readonly schedule: PollSchedule,
    private readonly records: TrackingRecords,
    private readonly messages: ReceiveCarrierMessage,
    private readonly carriers: Carriers,
    private readonly settings: LogisticsSettings,
  ) {}

  start(): void {
    this.#stopped = false;
    this.#next();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  #next(): void {
    this.#timer = setTimeout(() => {
      this.#round = this.#askAboutDue().finally(() => {
        if (!this.#stopped) this.#next();
      });
    }, this.settings.poll.everyMs);
  }

  async #askAboutDue(): Promise<void> {
    try {
      let due: CarrierNumber[];
      do {
        due = await this.schedule.claim(AT_ONCE);
        await Promise.all(due.map((waybill) => this.#askAbout(waybill)));
      } while (due.length === AT_ONCE && !this.#stopped);
    } catch (error) {
      this.#logger.warn({ msg: 'looking for waybills to ask about failed and will be tried again', err: error });
    }
  }

  /** Nothing is stored when the carrier tells only what is known; an entry that cannot be read is no news. */
  async #askAbout({ carrier: name, number }: CarrierNumber): Promise<void> {
    const carrier = this.carriers.find(name);
    if (!carrier) return this.#miss(name);
    try {
      const answer = await carrier.routes(number, AbortSignal.timeout(this.settings.callTimeoutMs));
      if (!answer) return;
      const read = carrier.read(answer);
      if (read.kind === 'malformed') {
        const { detail } = read;
        this.#logger.warn({ msg: 'the answer of a carrier was not taken', carrier: name, number, detail });
        return;
      }
      const fingerprints = read.scans.filter((scan) => scan.number === number).map((scan) => scan.fingerprint);
      if (!(await this.records.hasNews({ carrier: name, number }, fingerprints))) return;
      const context = { requestId: null, actor: `worker:${this.name}`, causationId: null };
      await runInContext(context, () => this.messages.receive(carrier, 'poll', answer));
    } catch (error) {
      this.#logger.warn({
        msg: 'asking about a waybill failed; its next turn comes',
        carrier: name,
        number,
        err: error,
      });
    }
  }

  /** Its turns go on, later each time, so it is asked again should it come back. */
  #miss(carrier: string): void {
    if (this.#missing.has(carrier)) return;
    this.#missing.add(carrier);
    this.#logger.warn({ msg: 'a carrier with waybills under way is not connected any more', carrier });
  }
}
