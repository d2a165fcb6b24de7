import type { Books } from './books';

/** A span of time in RFC 3339, from the first moment until before the second. */
interface Period {
  from?: string;
  to?: string;
}

interface Booking {
  gatewayReference: string;
  reference: string;
  kind: 'capture' | 'refund';
  amount: number;
  currency: string;
  bookedAt: string;
}

const COLUMNS = ['gatewayReference', 'reference', 'kind', 'amount', 'currency', 'bookedAt'] as const;

/**
 * The money that moved, oldest first, as CSV. A payment that was captured as it was paid is booked under its own reference, one
 * that was captured later under those of its captures. A refund that failed in the end is not booked.
 */
export function statement(books: Books, { from, to }: Period): string {
  const begin = from === undefined ? 0 : Date.parse(from);
  const end = to === undefined ? Infinity : Date.parse(to);
  const isWithin = (time: number): boolean => time >= begin && time < end;
  const booked = bookings(books)
    .filter(({ amount, bookedAt }) => amount > 0 && isWithin(Date.parse(bookedAt)))
    .toSorted((a, b) => Date.parse(a.bookedAt) - Date.parse(b.bookedAt));
  return [COLUMNS, ...booked.map((booking) => COLUMNS.map((column) => booking[column]))]
    .map((fields) => `${fields.join(',')}\n`)
    .join('');
}

function bookings(books: Books): Booking[] {
  const payments = [...books.payments.values()]
    .filter(({ status, captured }) => status === 'paid' && captured === undefined)
    .map(({ decidedAt, ...payment }) => ({ ...payment, kind: 'capture' as const, bookedAt: decidedAt }));
  const captures = [...books.operations.values()]
    .filter(({ kind, status }) => kind === 'capture' && status === 'succeeded')
    .map(({ answeredAt, ...capture }) => ({ ...capture, kind: 'capture' as const, bookedAt: answeredAt }));
  const refunds = [...books.refunds.values()]
    .filter(({ status }) => status === 'succeeded')
    .map(({ answeredAt, ...refund }) => ({ ...refund, kind: 'refund' as const, bookedAt: answeredAt }));
  return [...payments, ...captures, ...refunds];
}
