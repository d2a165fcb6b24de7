import { Injectable, Logger } from '@nestjs/common';
import { PeriodicWorker } from '@tradewind/shared-kernel/messaging';
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
export class PollCarriers extends PeriodicWorker {
  readonly name = 'logistics.poll-carriers';
  readonly #logger = new Logger('Logistics');
  readonly #missing = new Set<string>();

  constructor(
    private readonly schedule: PollSchedule,
    private readonly records: TrackingRecords,
    private readonly messages: ReceiveCarrierMessage,
    private readonly carriers: Carriers,
    private readonly settings: LogisticsSettings,
  ) {
    super();
  }

  protected get everyMs(): number {
    return this.settings.poll.everyMs;
  }

  protected async round(): Promise<void> {
    let due: CarrierNumber[];
    do {
      due = await this.schedule.claim(AT_ONCE);
      await Promise.all(due.map((waybill) => this.#askAbout(waybill)));
    } while (due.length === AT_ONCE && !this.isStopped);
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
      await this.messages.receive(carrier, 'poll', answer);
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
