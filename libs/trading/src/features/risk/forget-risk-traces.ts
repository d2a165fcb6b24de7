import { Injectable } from '@nestjs/common';
import { Clock } from '@tradewind/shared-kernel';
import { PeriodicWorker, Workers } from '@tradewind/shared-kernel/messaging';
import { RiskFactRows, RiskJournal } from '../../domain/risk/risk-rows';
import { TradingSettings } from '../trading-settings';

const HOUR_MS = 3_600_000;
const AT_ONCE = 5000;

/** Forgets evaluations that are kept no longer, and counters that no window reaches. */
@Injectable()
export class ForgetRiskTraces extends PeriodicWorker {
  readonly name = 'trading.forget-risk-traces';
  protected readonly everyMs = HOUR_MS;

  constructor(
    private readonly facts: RiskFactRows,
    private readonly journal: RiskJournal,
    private readonly clock: Clock,
    private readonly settings: TradingSettings,
    workers: Workers,
  ) {
    super();
    workers.add(this);
  }

  /** A bounded number in each statement, so that nobody waits for long. */
  async round(): Promise<void> {
    const now = this.clock.now();
    const before = new Date(now.getTime() - this.settings.riskJournalMs);
    while ((await this.journal.forget(before, AT_ONCE)) === AT_ONCE && !this.isStopped);
    while ((await this.facts.forget(now, AT_ONCE)) === AT_ONCE && !this.isStopped);
  }
}
