import { Counter, Gauge, metrics } from '../observability/metrics';

const registers = [metrics];

export const eventsDelivered = new Counter({
  name: 'events_delivered_total',
  help: 'Events handled, by subscription (a transaction that rolls back counts too).',
  labelNames: ['subscription'],
  registers,
});

export const deliveryFailures = new Counter({
  name: 'event_delivery_failures_total',
  help: 'Deliveries whose handler failed, by subscription.',
  labelNames: ['subscription'],
  registers,
});

export const lanesWithHoles = new Counter({
  name: 'event_log_holes_total',
  help: 'Times a subscription met a hole in a lane. Always 0 unless events were removed before delivery.',
  labelNames: ['subscription'],
  registers,
});

export const subscriptionLag = new Gauge({
  name: 'subscription_lag_events',
  help: 'Committed events that a subscription has not passed yet.',
  labelNames: ['subscription'],
  registers,
});

export const parkedEvents = new Gauge({
  name: 'parked_events',
  help: 'Events set aside for a subscription: retrying, parked, or behind an earlier one of their aggregate.',
  labelNames: ['subscription', 'status'],
  registers,
});
