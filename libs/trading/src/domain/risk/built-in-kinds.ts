import type { MoneyJson } from '@tradewind/shared-kernel';
import { type Check, integer, money, oneOf, optional, problemsOf, someOf, text } from './parameters';
import type { ParameterProblem, RiskParameters, RiskPolicyKind } from './risk-policy-kind';
import { APPROVED, kindOf, type RiskNeeds, type RiskRequest, type RiskVerdict, type SubjectKind } from './risk-policy';
import { LONGEST_WINDOW_MS } from './velocity';

type Then = 'review' | 'decline';

const DAY_MS = 86_400_000;

const then = oneOf('review', 'decline');

/** A kind whose policies are a pure function of the request and its parameters. */
function pureKind<Parameters>(
  name: string,
  checks: Record<keyof Parameters & string, Check>,
  decide: (request: RiskRequest, parameters: Parameters) => RiskVerdict,
  needs: (parameters: Parameters) => RiskNeeds = () => ({}),
  lacks: (parameters: Parameters) => ParameterProblem[] = () => [],
): RiskPolicyKind {
  return {
    name,
    isPure: true,
    problems: (given: RiskParameters) => {
      const problems = problemsOf(given, checks);
      return problems.length > 0 ? problems : lacks(given as Parameters);
    },
    policy: (given: RiskParameters) => ({ evaluate: (request) => decide(request, given as Parameters) }),
    needs: (given: RiskParameters) => needs(given as Parameters),
  };
}

const exceeds = (request: RiskRequest, limit: MoneyJson): boolean =>
  request.total.currency === limit.currency && request.total.amount > BigInt(limit.amount);

/** Orders of more than an amount. Orders in other currencies are not looked at. */
const amount = pureKind<{ over: MoneyJson; then: Then }>('amount', { over: money, then }, (request, parameters) =>
  exceeds(request, parameters.over)
    ? { kind: parameters.then, reason: `more than ${parameters.over.amount} ${parameters.over.currency} minor units` }
    : APPROVED,
);

/** More units of one SKU than a cap, in all lines together; of any SKU when none is named. */
const quantity = pureKind<{ sku?: string; most: number; then: Then }>(
  'quantity',
  { sku: optional(text(64)), most: integer(1, 1_000_000), then },
  ({ lines }, parameters) => {
    const units = new Map<string, number>();
    for (const line of lines) units.set(line.sku, (units.get(line.sku) ?? 0) + line.quantity);
    const over = [...units].find(
      ([sku, count]) => count > parameters.most && (parameters.sku === undefined || parameters.sku === sku),
    );
    return over ? { kind: parameters.then, reason: `more than ${parameters.most} units of ${over[0]}` } : APPROVED;
  },
);

/** A high amount of a buyer who is not known, or who first paid for an order less than some days ago. */
const newBuyer = pureKind<{ over: MoneyJson; days: number; then: Then }>(
  'new-buyer',
  { over: money, days: integer(0, 3650), then },
  (request, { over, days, ...parameters }) => {
    const { firstPaidAt } = request.facts;
    const isKnown = firstPaidAt !== null && firstPaidAt.getTime() <= request.at.getTime() - days * DAY_MS;
    return exceeds(request, over) && !isKnown
      ? { kind: parameters.then, reason: `a new buyer spends more than ${over.amount} ${over.currency} minor units` }
      : APPROVED;
  },
  () => ({ history: true }),
);

interface Velocity {
  per: SubjectKind;
  windowSeconds: number;
  maxOrders?: number;
  maxAmount?: MoneyJson;
  then: Then;
}

/**
 * More orders, or a higher amount in one currency, of one buyer, address, IP address or e-mail address within a window than a
 * maximum, this order included. What was declined or never placed does not count.
 */
const velocity = pureKind<Velocity>(
  'velocity',
  {
    per: oneOf('buyer', 'address', 'ip', 'email'),
    windowSeconds: integer(60, LONGEST_WINDOW_MS / 1000),
    maxOrders: optional(integer(0, 1_000_000)),
    maxAmount: optional(money),
    then,
  },
  ({ subjects, facts, total }, { per, windowSeconds, maxOrders, maxAmount, ...parameters }) => {
    for (const subject of subjects.filter((candidate) => kindOf(candidate) === per)) {
      const spent = facts.spent(subject, windowSeconds * 1000);
      const within = `per ${per} within ${windowSeconds} s`;
      if (maxOrders !== undefined && spent.orders + 1 > maxOrders) {
        return { kind: parameters.then, reason: `more than ${maxOrders} orders ${within}` };
      }
      if (
        maxAmount?.currency === total.currency &&
        spent.amountIn(total.currency) + total.amount > BigInt(maxAmount.amount)
      ) {
        return { kind: parameters.then, reason: `more than ${maxAmount.amount} ${maxAmount.currency} ${within}` };
      }
    }
    return APPROVED;
  },
  ({ per, windowSeconds }) => ({ velocity: [{ per, windowMs: windowSeconds * 1000 }] }),
  ({ maxOrders, maxAmount }) =>
    maxOrders === undefined && maxAmount === undefined
      ? [{ pointer: '/maxOrders', detail: 'maxOrders or maxAmount must be given' }]
      : [],
);

/**
 * The block and allow lists: an entry that stands for a subject of the checkout decides it, whatever other policies say; an
 * entry of the block list before one of the allow list.
 */
const lists = pureKind<{ subjects?: SubjectKind[]; then: Then }>(
  'lists',
  { subjects: optional(someOf('buyer', 'address', 'ip', 'email', 'sku')), then },
  ({ facts }, { subjects, ...parameters }) => {
    const counting = facts.listed.filter(({ subject }) => !subjects || subjects.includes(kindOf(subject)));
    const blocked = counting.find(({ list }) => list === 'block');
    if (blocked) {
      const reason = `the ${kindOf(blocked.subject)} is on the block list`;
      return { kind: parameters.then, reason, final: true };
    }
    return counting.length > 0 ? { kind: 'approve', final: true } : APPROVED;
  },
  () => ({ lists: true }),
);

export const BUILT_IN_KINDS: readonly RiskPolicyKind[] = [amount, quantity, newBuyer, velocity, lists];
