import { callWaits, parcelWaits } from './waybill-waits';
import { operationWaits } from './operation-waits';
import { type Diagnosis, type Found, RUNBOOK, type Standing } from './standing';

/** A subscription that has not come to an event for so long is not on its way to it, milliseconds. */
const LAGGING_MS = 60_000;
/** An order whose hold ran out is cancelled within seconds, or when its gateway has not told for a minute, milliseconds. */
const EXPIRED_MS = 120_000;

/** A review whose deadline has passed is decided within seconds, milliseconds. */
const OVERDUE_MS = 120_000;

/** Names everything that an order waits for, the longest wait first. Ids and codes only, no personal data. */
export function diagnose(standing: Standing, now: Date): Diagnosis {
  const found = [
    ...buyer(standing, now),
    ...review(standing, now),
    ...standing.operations.flatMap((operation) => operationWaits(operation, standing.status)),
    ...standing.parked.map(parked),
    ...standing.undelivered.map((events) => undelivered(events, now)),
    ...standing.waybills.flatMap((waybill) => [...callWaits(waybill), ...parcelWaits(waybill, standing.status)]),
    ...standing.messages.map(message),
  ].toSorted((a, b) => a.since.getTime() - b.since.getTime());
  return {
    moving: !found.some(({ needsPerson }) => needsPerson),
    waitsFor: found.map(({ what, since, next, detail, unblock }) => ({ what, since, next, detail, unblock })),
  };
}

function buyer({ status, paymentStatus, placedAt, holdExpiresAt, review: open }: Standing, now: Date): Found[] {
  if (status !== 'created' || open) return [];
  const overdue = now.getTime() - holdExpiresAt.getTime();
  if (overdue >= 0) {
    return [
      {
        what: 'hold-expiry',
        since: holdExpiresAt,
        next: overdue < EXPIRED_MS ? now : null,
        detail: 'its hold ran out before it was paid',
        unblock:
          'its gateway is asked whether it was paid; told no, it is cancelled within seconds, and after a while without an answer; if not, look for "could not be expired" in the log',
        needsPerson: overdue >= EXPIRED_MS,
      },
    ];
  }
  if (paymentStatus !== 'pending' && paymentStatus !== 'failed') return [];
  return [
    {
      what: 'buyer-payment',
      since: placedAt,
      next: holdExpiresAt,
      detail: paymentStatus === 'failed' ? 'the last attempt to pay was declined' : 'the buyer has not paid yet',
      unblock: 'the buyer pays; otherwise the order is cancelled when its hold ends',
      needsPerson: false,
    },
  ];
}

/** Who asks for it is told, and not why: the reason is for reviewers. */
function review({ review: open }: Standing, now: Date): Found[] {
  if (!open) return [];
  const { orderId, since, deadline, byDefault, policies } = open;
  const overdue = now.getTime() - deadline.getTime();
  const needsPerson = overdue >= OVERDUE_MS;
  const endpoint = `POST /v1/risk/reviews/${orderId}`;
  const otherwise = needsPerson
    ? 'its default could not be applied, look for "could not be decided" in the log'
    : `undecided by ${deadline.toISOString()}, it is ${byDefault} by default`;
  return [
    {
      what: 'risk-review',
      since,
      next: needsPerson ? null : overdue >= 0 ? now : deadline,
      detail: `held for a reviewer, as ${policies.join(', ')} asked`,
      unblock: `${endpoint}/approve or ${endpoint}/reject; ${otherwise}`,
      needsPerson,
    },
  ];
}

function parked(event: Standing['parked'][number]): Found {
  const { subscription, eventId, type, aggregateId, attempts, lastError, since, dueAt } = event;
  const needsPerson = event.status === 'parked';
  const which = JSON.stringify({ subscription, aggregateId });
  return {
    what: 'parked-event',
    since,
    next: needsPerson ? null : dueAt,
    detail: `${subscription} failed ${attempts} times at ${type} (${eventId}): ${errorClass(lastError)}`,
    unblock: needsPerson
      ? `mend the cause, which the log tells, then POST /v1/operations/parked-events/replay ${which}`
      : 'it is tried again by itself; the log tells the cause',
    needsPerson,
  };
}

function undelivered({ subscription, events, since }: Standing['undelivered'][number], now: Date): Found {
  const needsPerson = now.getTime() - since.getTime() > LAGGING_MS;
  return {
    what: 'subscription',
    since,
    next: needsPerson ? null : now,
    detail: `${subscription} has not come to ${events} ${events === 1 ? 'event' : 'events'} of this order`,
    unblock: needsPerson
      ? 'no process runs this subscription, or it is behind: see subscription_lag_events, and "delivery stopped" in the log'
      : 'it is delivered by itself',
    needsPerson,
  };
}

const OF_MESSAGES: Record<string, string> = {
  pending: 'it is sent by itself once the channel takes it',
  failed: 'the channel refused it for good: reach the buyer in another way',
  stuck: `see ${RUNBOOK}`,
};

/** An order never waits for a message: it holds nothing up. */
function message(unsent: Standing['messages'][number]): Found {
  const { deliveryId, template, channel, status, attempts, dueAt, lastError, createdAt } = unsent;
  return {
    what: 'message',
    since: new Date(createdAt),
    next: dueAt === null ? null : new Date(dueAt),
    detail: `message ${template} (${deliveryId}) over ${channel}: ${lastError ?? status}, ${attempts} attempts`,
    unblock: OF_MESSAGES[status] ?? 'it is sent by itself',
    needsPerson: false,
  };
}

/** What an error says may hold what was worked on: only its class is shown. */
const errorClass = (lastError: string | null): string =>
  /^\w+/.exec(lastError ?? '')?.[0] ?? 'it ended with its process';
