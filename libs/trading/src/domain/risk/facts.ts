import type { Id } from '@tradewind/shared-kernel';
import type { ListKind, RiskFacts, RiskNeeds, RiskRequest, Subject } from './risk-policy';
import { type Spending, type Window, windowsOf } from './velocity';

/** What policies need to know of several checkouts, each thing once. */
export interface WantedFacts {
  /** Those that may be on a list. */
  subjects: readonly Subject[];
  /** Those whose first payment is asked for. */
  buyers: readonly Id<'buy'>[];
  windows: readonly Window[];
}

/** The answer for all of them. */
export interface ReadFacts {
  listed: ReadonlyMap<Subject, readonly ListKind[]>;
  firstPaidAt: ReadonlyMap<string, Date>;
  spending: Spending;
}

type Asked = Pick<RiskRequest, 'subjects' | 'buyerId'>;

export function allNeeds(needs: readonly RiskNeeds[]): RiskNeeds {
  return {
    lists: needs.some((need) => need.lists),
    history: needs.some((need) => need.history),
    velocity: needs.flatMap((need) => need.velocity ?? []),
  };
}

export function wantedFacts(requests: readonly Asked[], needs: RiskNeeds): WantedFacts {
  const subjects = [...new Set(requests.flatMap((request) => request.subjects))];
  const buyers = needs.history ? requests.flatMap(({ buyerId }) => (buyerId ? [buyerId as Id<'buy'>] : [])) : [];
  return {
    subjects: needs.lists ? subjects : [],
    buyers: [...new Set(buyers)],
    windows: windowsOf(subjects, needs.velocity ?? []),
  };
}

/** What was read, as far as it is about one checkout. */
export function factsOf(
  { subjects, buyerId }: Asked,
  read: ReadFacts,
  spent: RiskFacts['spent'] = (subject, windowMs) => read.spending.spent(subject, windowMs),
): RiskFacts {
  return {
    listed: subjects.flatMap((subject) => (read.listed.get(subject) ?? []).map((list) => ({ list, subject }))),
    firstPaidAt: (buyerId && read.firstPaidAt.get(buyerId)) || null,
    spent,
  };
}
