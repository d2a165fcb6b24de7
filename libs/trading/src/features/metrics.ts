import { Counter, Histogram, metrics } from '@tradewind/shared-kernel/observability';

const registers = [metrics];

export const orderProcessDuration = new Histogram({
  name: 'order_process_duration_ms',
  help: 'Time that one step of an order took, milliseconds, by the status it led to (or `refused`) and the region.',
  labelNames: ['status', 'region'],
  buckets: [50, 100, 200, 500, 1000],
  registers,
});

export const paymentsTotal = new Counter({
  name: 'payments_total',
  help: 'News of payments by what became of them.',
  labelNames: ['outcome'],
  registers,
});

const MOST_REGIONS = 50;
const regions = new Set<string>();

/** Regions are what callers write: only so many become label values. */
function regionLabel(region: string | null): string {
  if (region === null) return 'none';
  if (regions.size < MOST_REGIONS) regions.add(region);
  return regions.has(region) ? region : 'other';
}

/** Measures one step: `const done = startStep(); … done(order.state)`. */
export function startStep(): (order: { status: string; region: string | null }) => void {
  const start = performance.now();
  return ({ status, region }) =>
    orderProcessDuration.observe({ status, region: regionLabel(region) }, performance.now() - start);
}

export const riskVerdictsTotal = new Counter({
  name: 'risk_verdicts_total',
  help: 'Verdicts of risk policies by mode, verdict and failure (`none`, `timeout`, `error`).',
  labelNames: ['mode', 'verdict', 'failure'],
  registers,
});

export const riskShadowSkippedTotal = new Counter({
  name: 'risk_shadow_skipped_total',
  help: 'Checkouts that policies in shadow did not see because too many were waiting for them.',
  registers,
});
