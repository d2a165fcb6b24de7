import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '@tradewind/shared-kernel';
import { type Worker, Workers } from '@tradewind/shared-kernel/messaging';
import { allNeeds, factsOf, type ReadFacts, wantedFacts } from '../../domain/risk/facts';
import type { RiskRequest } from '../../domain/risk/risk-policy';
import { type JournalEntry, RiskFactRows, RiskJournal } from '../../domain/risk/risk-rows';
import { riskShadowSkippedTotal } from '../metrics';
import { evaluateWithin, note } from './evaluate';
import type { Judged } from './screened-batch';

/** Checkouts that may wait; those beyond are counted and not seen. */
const MOST_WAITING = 10_000;
const AT_ONCE = 100;

/**
 * Asks the policies in shadow, after the buyer has the answer and without any effect but the journal's. Checkouts wait in
 * memory: what a process that dies had not come to is lost, and only the report is poorer for it.
 */
@Injectable()
export class RunShadowPolicies implements Worker {
  readonly name = 'trading.risk-shadow';
  readonly #logger = new Logger(RunShadowPolicies.name);
  readonly #waiting: Judged[] = [];
  #running: Promise<void> | undefined;

  constructor(
    private readonly facts: RiskFactRows,
    private readonly journal: RiskJournal,
    private readonly clock: Clock,
    workers: Workers,
  ) {
    workers.add(this);
  }

  start(): void {
    // Begins with the first checkout.
  }

  /** Resolves when what waits has been seen. */
  async stop(): Promise<void> {
    await this.#running;
  }

  see(checkouts: readonly Judged[]): void {
    const taken = checkouts.slice(0, MOST_WAITING - this.#waiting.length);
    riskShadowSkippedTotal.inc(checkouts.length - taken.length);
    this.#waiting.push(...taken);
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const seen = this.#waiting.splice(0, AT_ONCE);
      try {
        await this.#evaluate(seen);
      } catch (error) {
        riskShadowSkippedTotal.inc(seen.length);
        this.#logger.warn({ msg: 'policies in shadow could not be asked', checkouts: seen.length, err: error });
      }
    }
  }

  async #evaluate(seen: Judged[]): Promise<void> {
    const now = this.clock.now();
    const needs = allNeeds(seen.flatMap(({ screening }) => screening.policies.shadow.map((policy) => policy.needs)));
    const read = await this.facts.read(
      wantedFacts(
        seen.map(({ request }) => request),
        needs,
      ),
      now,
      'read',
    );
    const entries = await Promise.all(
      seen.map(async ({ screening, request, entry }): Promise<JournalEntry> => {
        const asked = { ...request, facts: factsAsOf(request, read, entry.orderId !== null) };
        const evaluations = await Promise.all(screening.policies.shadow.map((policy) => evaluateWithin(policy, asked)));
        note(evaluations);
        return { ...entry, evaluations };
      }),
    );
    await this.journal.add(entries, now);
  }
}

/** An order that was placed has been counted meanwhile: it is not one of those before it. */
function factsAsOf(request: RiskRequest, read: ReadFacts, isPlaced: boolean) {
  if (!isPlaced) return factsOf(request, read);
  return factsOf(request, read, (subject, windowMs) => read.spending.without(subject, windowMs, request.total));
}
