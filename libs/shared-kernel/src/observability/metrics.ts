import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** One registry for the process; contexts add their own metrics to it. */
export const metrics = new Registry();

let collecting = false;

/** Process and event loop metrics; called once by the process that serves `/metrics`. */
export function collectProcessMetrics(): void {
  if (!collecting) collectDefaultMetrics({ register: metrics });
  collecting = true;
}

export const httpDuration = new Histogram({
  name: 'http_request_duration_ms',
  help: 'HTTP requests by route pattern, milliseconds.',
  labelNames: ['method', 'route', 'status'],
  buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000],
  registers: [metrics],
});

export { Counter, Gauge, Histogram };
