import { Injectable } from '@nestjs/common';
import { Clock, type Id } from '@tradewind/shared-kernel';
import { factsOf, type ReadFacts, wantedFacts } from '../../domain/risk/facts';
import { type PastOrder, PastOrders, type Span } from '../../domain/risk/reports';
import { type Evaluation, kindOf, type RiskRequest, type VerdictKind } from '../../domain/risk/risk-policy';
import { type PolicyVersion, RiskFactRows } from '../../domain/risk/risk-rows';
import { SpendingLog } from '../../domain/risk/spending-log';
import { refusal } from '../../domain/refusals';
import { TradingSettings } from '../trading-settings';
import { type ActivePolicy, ActivePolicies } from './active-policies';
import { evaluateWithin } from './evaluate';
import { subjectsOf } from './subjects';

export interface BacktestResult {
  orders: number;
  verdicts: Record<VerdictKind, number>;
  /** Some orders, the oldest first. */
  examples: Record<'review' | 'decline', Id<'ord'>[]>;
  /** Orders for which the verdict is that of the failure mode. */
  failures: number;
  /** Null: every order of the span was seen. `memory`: too many subjects within the window of a velocity policy. */
  stoppedBy: 'limit' | 'time' | 'memory' | null;
  /** When the last order that was seen was placed: from there another backtest can go on. */
  seenUntil: Date | null;
}

const PAGE = 1000;
/** Evaluations at the same time, of a policy that waits for others. */
const AT_ONCE = 25;
const MOST_EXAMPLES = 10;
/** About 100 bytes each. */
const MOST_BUCKETS = 500_000;

/**
 * What a policy would have said of stored orders. It reads page by page: the memory is that of a page, and other work goes on
 * between pages. Orders are seen in the order in which they were placed, with what had been spent and paid for by then, and
 * with the lists as they stand now. IP addresses are not stored with orders, so no policy sees them here.
 */
@Injectable()
export class Backtest {
  #isRunning = false;

  constructor(
    private readonly past: PastOrders,
    private readonly facts: RiskFactRows,
    private readonly active: ActivePolicies,
    private readonly clock: Clock,
    private readonly settings: TradingSettings,
  ) {}

  /** At most `limit` orders. Throws `backtest-running` while another one runs in this process. */
  async run(stored: PolicyVersion, span: Span, limit: number): Promise<BacktestResult> {
    if (this.#isRunning) throw refusal('backtest-running', 'wait for the other one to end');
    this.#isRunning = true;
    try {
      return await this.#run(this.active.active(stored), span, limit);
    } finally {
      this.#isRunning = false;
    }
  }

  async #run(policy: ActivePolicy, span: Span, limit: number): Promise<BacktestResult> {
    const until = performance.now() + this.settings.backtestMs;
    const tally = new Tally();
    const { velocity = [] } = policy.needs;
    const counted = new Set<string>(velocity.map(({ per }) => per));
    const longestWindowMs = Math.max(0, ...velocity.map(({ windowMs }) => windowMs));
    const spending = new SpendingLog(longestWindowMs);
    // Orders of the window before the span are counted and not judged.
    const reading = { from: new Date(span.from.getTime() - longestWindowMs), to: span.to };
    let after: Id<'ord'> | undefined;
    for (;;) {
      const page = await this.past.read(reading, PAGE, after);
      const requests = page.map((order) => ({ order, request: this.#requestOf(order) }));
      const read = await this.facts.read(
        wantedFacts(
          requests.map(({ request }) => request),
          { ...policy.needs, velocity: [] },
        ),
        this.clock.now(),
        'read',
      );
      for (const some of chunks(requests, policy.isPure ? 1 : AT_ONCE)) {
        const judged = some.filter(({ order }) => order.placedAt >= span.from).slice(0, limit - tally.orders);
        const evaluations = await Promise.all(
          judged.map(({ request }) => evaluateOne(policy, request, read, spending)),
        );
        judged.forEach(({ order }, index) => tally.add(order, evaluations[index] as Evaluation));
        for (const { request } of some) {
          const subjects = request.subjects.filter((subject) => counted.has(kindOf(subject)));
          for (const subject of subjects) spending.place(subject, request.total, request.at);
        }
        if (tally.orders >= limit) return tally.result('limit');
      }
      const last = page.at(-1);
      if (!last || page.length < PAGE) return tally.result(null);
      after = last.id;
      spending.forgetBefore(last.placedAt);
      if (spending.size > MOST_BUCKETS) return tally.result('memory');
      if (performance.now() > until) return tally.result('time');
    }
  }

  #requestOf(order: PastOrder): Asked {
    const { lines, buyerId, paymentMethod, region, shippingAddress, total, email } = order;
    const skus = [...new Set(lines.map(({ sku }) => sku))];
    const subjects = subjectsOf({ buyerId, email, shippingAddress, skus, ip: null }, this.active.salt);
    const { country } = shippingAddress;
    return { at: order.placedAt, lines, total, buyerId, paymentMethod, country, region, subjects };
  }
}

type Asked = Omit<RiskRequest, 'facts'>;

function evaluateOne(
  policy: ActivePolicy,
  request: Asked,
  read: ReadFacts,
  spending: SpendingLog,
): Promise<Evaluation> {
  const facts = factsOf(request, read, (subject, windowMs) => spending.spent(subject, windowMs, request.at));
  // Who paid for the first time only later was new.
  const isLater = facts.firstPaidAt !== null && facts.firstPaidAt > request.at;
  return evaluateWithin(policy, { ...request, facts: isLater ? { ...facts, firstPaidAt: null } : facts });
}

class Tally {
  orders = 0;
  readonly #verdicts: Record<VerdictKind, number> = { approve: 0, review: 0, decline: 0 };
  readonly #examples: BacktestResult['examples'] = { review: [], decline: [] };
  #failures = 0;
  #seenUntil: Date | null = null;

  add({ id, placedAt }: PastOrder, { verdict: { kind }, failure }: Evaluation): void {
    this.orders += 1;
    this.#verdicts[kind] += 1;
    if (failure) this.#failures += 1;
    if (kind !== 'approve' && this.#examples[kind].length < MOST_EXAMPLES) this.#examples[kind].push(id);
    this.#seenUntil = placedAt;
  }

  result(stoppedBy: BacktestResult['stoppedBy']): BacktestResult {
    const [verdicts, examples, failures, seenUntil] = [this.#verdicts, this.#examples, this.#failures, this.#seenUntil];
    return { orders: this.orders, verdicts, examples, failures, stoppedBy, seenUntil };
  }
}

function* chunks<T>(all: readonly T[], size: number): Generator<T[]> {
  for (let start = 0; start < all.length; start += size) yield all.slice(start, start + size);
}
