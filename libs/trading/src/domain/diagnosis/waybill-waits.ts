import type { OrderStatus } from '../orders/order';
import { type Found, type OpenWaybill, RUNBOOK } from './standing';

type Call = OpenWaybill['calls'][number];

/** Calls to the carrier that did not succeed. A booking that failed as its order was cancelled is awaited by nobody. */
export function callWaits(waybill: OpenWaybill): Found[] {
  return waybill.calls
    .filter(({ kind, state }) => !(kind === 'book' && state === 'failed' && waybill.status === 'CANCELLED'))
    .map((call) => callWait(waybill, call));
}

function callWait({ waybillId, carrier, createdAt }: OpenWaybill, call: Call): Found {
  const { kind, state, attempts, dueAt, lastError } = call;
  const what = kind === 'book' ? 'waybill-number' : 'waybill-cancellation';
  const next = dueAt === null ? null : new Date(dueAt);
  const wait = { what, since: new Date(createdAt), next, needsPerson: false } as const;
  const because = lastError ? `: ${lastError}` : '';
  const action = `${kind} ${waybillId}`;
  switch (state) {
    case 'failed':
      return {
        ...wait,
        detail: `${carrier} refused to ${action}${because}`,
        unblock: kind === 'book' ? 'cancel the order, or book it by hand' : 'call the parcel back at the carrier',
        needsPerson: true,
      };
    case 'stuck':
      return {
        ...wait,
        detail: `${carrier} never told whether it did ${action}, asked ${attempts} times${because}`,
        unblock: `find out at the carrier, then see ${RUNBOOK}`,
        needsPerson: true,
      };
    case 'requested':
      return {
        ...wait,
        detail:
          attempts === 0
            ? `${carrier} is about to be called to ${action}`
            : `${carrier} could not be called to ${action} yet${because}`,
        unblock: 'it is called again by itself',
      };
    default:
      return {
        ...wait,
        detail: `${state}: it is not known whether ${carrier} did ${action}${because}`,
        unblock: 'the carrier is asked again by itself',
      };
  }
}

/** A parcel that has a number and has not arrived. */
export function parcelWaits(waybill: OpenWaybill, order: OrderStatus): Found[] {
  const { carrier, number, status, createdAt, dispatchedAt, nextPollAt } = waybill;
  if (number === null || order === 'cancelled' || order === 'delivered') return [];
  return [
    {
      what: dispatchedAt === null ? 'carrier-pickup' : 'carrier-delivery',
      since: new Date(dispatchedAt ?? createdAt),
      next: nextPollAt === null ? null : new Date(nextPollAt),
      detail: `waybill ${number} of ${carrier} is ${status}`,
      unblock: 'the carrier reports a scan; it is also asked by itself',
      needsPerson: false,
    },
  ];
}
