import { Injectable } from '@nestjs/common';
import { Clock } from '@tradewind/shared-kernel';
import { PeriodicWorker, Workers } from '@tradewind/shared-kernel/messaging';
import { Quotes } from '../../domain/pricing/quote';

const HOUR_MS = 3_600_000;
/** Who comes with a quote that expired no longer ago is shown the new price; later it is a quote that nobody knows. */
const REMEMBERED_MS = 24 * HOUR_MS;
const BATCH = 5000;

/** Deletes quotes that expired long ago. */
@Injectable()
export class ForgetQuotes extends PeriodicWorker {
  readonly name = 'trading.forget-quotes';
  protected readonly everyMs = HOUR_MS;

  constructor(
    private readonly quotes: Quotes,
    private readonly clock: Clock,
    workers: Workers,
  ) {
    super();
    workers.add(this);
  }

  async round(): Promise<void> {
    const before = new Date(this.clock.now().getTime() - REMEMBERED_MS);
    while ((await this.quotes.forget(before, BATCH)) === BATCH && !this.isStopped);
  }
}
