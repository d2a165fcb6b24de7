import {
  type Booking,
  type MoneyFact,
  operationOf,
  type Pair,
  type Period,
} from '../src/domain/reconciliation/bookings';

/** What `StatementComparison` tells, worked out in memory: each row with the fact it names, then what moved and no row names. */
export function pairsOf(bookings: readonly Booking[], facts: readonly MoneyFact[], { from, to }: Period): Pair[] {
  const rowsOf = new Map<string, number>();
  const named = new Set<string>();
  const ofRows = bookings.map((booking): Pair => {
    const key = JSON.stringify([booking.kind, booking.reference, booking.reference ?? booking.gatewayReference]);
    const nth = (rowsOf.get(key) ?? 0) + 1;
    rowsOf.set(key, nth);
    const fact = facts.find(({ reference }) => reference === operationOf(booking)?.id);
    if (fact) named.add(fact.reference);
    return { booking, nth, ...(fact && { fact }) };
  });
  const unnamed = facts.filter(
    ({ reference, status, at }) => status === 'success' && at >= from && at < to && !named.has(reference),
  );
  return [...ofRows, ...unnamed.map((fact): Pair => ({ fact }))];
}
