import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '@tradewind/shared-kernel';
import { type Worker, Workers } from '@tradewind/shared-kernel/messaging';
import { RiskFactRows, RiskJournal } from '../../domain/risk/risk-rows';
import { TradingSettings } from '../trading-settings';

const EVERY_MS = 60 * 60_000;
const AT_ONCE = 5000;

/** Forgets evaluations that are kept no longer, and counters that no window reaches. */
@Injectable()
export class ForgetRiskTraces implements Worker {
  readonly name = 'trading.forget-risk-traces';
  readonly #logger = new Logger(ForgetRiskTraces.name);
  #timer: NodeJS.Timeout | undefined;
  #stopped = true;
  #round: Promise<void> = Promise.resolve();

  constructor(
    private readonly facts: RiskFactRows,
    private readonly journal: RiskJournal,
    private readonly clock: Clock,
    private readonly settings: TradingSettings,
    workers: Workers,
  ) {
    workers.add(this);
  }

  start(): void {
    this.#stopped = false;
    this.#timer = setInterval(() => {
      this.#round = this.forget().catch((error: unknown) =>
        this.#logger.warn({ msg: 'traces of risk policies could not be forgotten; the next turn comes', err: error }),
      );
    }, EVERY_MS);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#round;
  }

  /** A bounded number in each statement, so that nobody waits for long. */
  async forget(): Promise<void> {
    const now = this.clock.now();
    const before = new Date(now.getTime() - this.settings.riskJournalMs);
    while ((await this.journal.forget(before, AT_ONCE)) === AT_ONCE && !this.#stopped);
    while ((await this.facts.forget(now, AT_ONCE)) === AT_ONCE && !this.#stopped);
  }
}
