import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '@tradewind/shared-kernel';
import { type Worker, Workers } from '@tradewind/shared-kernel/messaging';
import { Quotes } from '../../domain/pricing/quote';

const HOUR_MS = 3_600_000;
/** Who comes with a quote that expired no longer ago is shown the new price; later it is a quote that nobody knows. */
const REMEMBERED_MS = 24 * HOUR_MS;
const BATCH = 5000;

/** Deletes quotes that expired long ago. */
@Injectable()
export class ForgetQuotes implements Worker {
  readonly name = 'trading.forget-quotes';
  readonly #logger = new Logger(ForgetQuotes.name);
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();

  constructor(
    private readonly quotes: Quotes,
    private readonly clock: Clock,
    workers: Workers,
  ) {
    workers.add(this);
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#round = this.forget();
    }, HOUR_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#round;
  }

  async forget(): Promise<void> {
    const before = new Date(this.clock.now().getTime() - REMEMBERED_MS);
    try {
      while ((await this.quotes.forget(before, BATCH)) === BATCH);
    } catch (error) {
      this.#logger.warn({ msg: 'old quotes could not be deleted and will be tried again', err: error });
    }
  }
}
