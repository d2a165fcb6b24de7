import type { OrderStatus } from '../orders/order';
import { type Found, type OpenOperation, RUNBOOK } from './standing';

/** A payment operation that has not ended. While a buyer is awaited, asking whether he paid is no wait of its own. */
export function operationWaits(operation: OpenOperation, status: OrderStatus): Found[] {
  const { id, kind, gateway, state, attempts, requestedAt, dueAt, lastError } = operation;
  const isQuestion = kind === 'authorize' && state === 'pending';
  if (isQuestion && (status === 'created' || status === 'cancelled')) return [];
  const name = `${kind} ${id} at ${gateway}`;
  const because = lastError ? `: ${lastError}` : '';
  const wait = { what: 'payment-operation', since: requestedAt, next: dueAt, needsPerson: false } as const;
  switch (state) {
    case 'stuck':
      return [
        {
          ...wait,
          detail: `${name}: the gateway never told what became of it, asked ${attempts} times${because}`,
          unblock: `find out at the gateway, then see ${RUNBOOK}`,
          needsPerson: true,
        },
      ];
    case 'requested':
      return [
        {
          ...wait,
          detail: attempts === 0 ? `${name} is about to be called` : `${name} could not be called yet${because}`,
          unblock: 'it is called again by itself',
        },
      ];
    default:
      return [
        {
          ...wait,
          detail: `${name}: ${state}, the gateway has not told what became of it${because}`,
          unblock: 'the gateway is asked again by itself; its callback ends it too',
        },
      ];
  }
}
