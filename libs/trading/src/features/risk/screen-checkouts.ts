import { Injectable } from '@nestjs/common';
import { Clock, type Money } from '@tradewind/shared-kernel';
import { GroupCommit, GroupRead, UnitOfWork } from '@tradewind/shared-kernel/persistence';
import type { ShippingAddress } from '../../contract';
import { allNeeds, factsOf, wantedFacts } from '../../domain/risk/facts';
import type { RiskFacts } from '../../domain/risk/risk-policy';
import { RiskFactRows, RiskJournal, RiskReviewTable } from '../../domain/risk/risk-rows';
import { TradingSettings } from '../trading-settings';
import { ActivePolicies, type PolicySet } from './active-policies';
import { evaluateWithin } from './evaluate';
import { RunShadowPolicies } from './run-shadow-policies';
import { ScreenedBatch, type Screening } from './screened-batch';
import { subjectsOf } from './subjects';

/** A checkout as it came in. */
export interface IncomingCheckout {
  lines: readonly { sku: string; quantity: number }[];
  buyerId: string | null;
  paymentMethod: string;
  region: string | null;
  shippingAddress: ShippingAddress;
  email: string | null;
  ip: string | null;
}

/**
 * Asks the policies about checkouts: those that may wait for others before the order's transaction, pure ones inside it, and
 * those in shadow after it.
 */
@Injectable()
export class ScreenCheckouts {
  readonly #prices = new GroupRead<string, Money>((skus) => this.facts.prices(skus));
  readonly #facts = new GroupCommit<{ request: Screening['request']; policies: PolicySet }, RiskFacts>(
    (members) => this.#readFacts(members.map(({ command }) => command)),
    { maxBatch: 100, concurrency: 2 },
  );

  constructor(
    private readonly active: ActivePolicies,
    private readonly facts: RiskFactRows,
    private readonly journal: RiskJournal,
    private readonly reviews: RiskReviewTable,
    private readonly shadow: RunShadowPolicies,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly settings: TradingSettings,
  ) {}

  /** False when there is nothing to ask: the checkout then goes on as if there were no policies. */
  get isAsked(): boolean {
    return this.active.current !== null;
  }

  async begin(checkout: IncomingCheckout): Promise<Screening | undefined> {
    const policies = this.active.current;
    return policies ? this.#askBefore(policies, checkout) : undefined;
  }

  /** Those of one transaction, which must be open: reads, and holds, what pure policies need. */
  async open(screenings: readonly Screening[], at: Date): Promise<ScreenedBatch> {
    const needs = allNeeds(screenings.flatMap(({ policies }) => policies.within.map((policy) => policy.needs)));
    const read = await this.facts.read(
      wantedFacts(
        screenings.map(({ request }) => request),
        needs,
      ),
      at,
      'locked',
    );
    return new ScreenedBatch(read, at, this.settings.reviewMs, (batch) => this.#keep(batch));
  }

  async #askBefore(policies: PolicySet, checkout: IncomingCheckout): Promise<Screening> {
    const { lines, buyerId, paymentMethod, region, shippingAddress } = checkout;
    const { country } = shippingAddress;
    const skus = [...new Set(lines.map(({ sku }) => sku))];
    const subjects = subjectsOf({ ...checkout, skus }, policies.salt);
    const request = { lines, buyerId, paymentMethod, region, country, subjects };
    if (policies.before.length === 0) return { policies, request, evaluations: [] };
    const [total, facts] = await Promise.all([this.#listPrice(lines), this.#facts.submit({ request, policies })]);
    // What has no price is refused by the checkout itself.
    if (!total) return { policies, request, evaluations: [] };
    const asked = { ...request, at: this.clock.now(), total, facts };
    const evaluations = await Promise.all(policies.before.map((policy) => evaluateWithin(policy, asked)));
    return { policies, request, evaluations };
  }

  async #listPrice(lines: IncomingCheckout['lines']): Promise<Money | undefined> {
    const prices = await Promise.all(lines.map(({ sku }) => this.#prices.find(sku)));
    try {
      return lines
        .map(({ quantity }, index) => (prices[index] as Money).times(quantity))
        .reduce((sum, price) => sum.plus(price));
    } catch {
      return undefined;
    }
  }

  async #readFacts(asked: { request: Screening['request']; policies: PolicySet }[]) {
    const needs = allNeeds(asked.flatMap(({ policies }) => policies.before.map((policy) => policy.needs)));
    const wanted = wantedFacts(
      asked.map(({ request }) => request),
      needs,
    );
    const read = await this.facts.read(wanted, this.clock.now(), 'read');
    return asked.map(({ request }) => ({ ok: true as const, answer: factsOf(request, read) }));
  }

  /** With the orders, and with the COMMIT: journal, counters and what waits for a reviewer. */
  #keep(batch: ScreenedBatch): void {
    const { at, entries, placed, parked, judged } = batch;
    const enforced = entries.filter(({ evaluations }) => evaluations.length > 0);
    if (placed.length > 0) this.unitOfWork.beforeCommit(() => this.facts.count(placed, at));
    if (parked.length > 0) this.unitOfWork.beforeCommit(() => this.reviews.open(parked));
    if (enforced.length > 0) this.unitOfWork.beforeCommit(() => this.journal.add(enforced, at));
    const shadowed = judged.filter(({ screening }) => screening.policies.shadow.length > 0);
    if (shadowed.length > 0) this.unitOfWork.afterCommit(() => this.shadow.see(shadowed));
  }
}
