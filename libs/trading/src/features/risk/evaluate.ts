import { Logger } from '@nestjs/common';
import { type Evaluation, type RiskRequest, type RiskVerdict, verdictOfFailure } from '../../domain/risk/risk-policy';
import { riskVerdictsTotal } from '../metrics';
import type { ActivePolicy } from './active-policies';

const LONGEST_REASON = 200;
const UNLIMITED = new AbortController().signal;
const logger = new Logger('RiskPolicy');

/** Asks a pure policy, which answers at once. */
export function evaluateAtOnce(active: ActivePolicy, request: RiskRequest): Evaluation {
  const begun = performance.now();
  try {
    const verdict = active.policy.evaluate(request, UNLIMITED);
    // No verdict, and nobody waits for what becomes of it.
    if (verdict instanceof Promise) verdict.catch(() => undefined);
    return told(active, begun, checked(verdict), null);
  } catch (error) {
    return failed(active, begun, 'error', error);
  }
}

/** Asks a policy and waits no longer than its time limit, whether it heeds the signal or not. */
export async function evaluateWithin(active: ActivePolicy, request: RiskRequest): Promise<Evaluation> {
  if (active.isPure) return evaluateAtOnce(active, request);
  const begun = performance.now();
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<'timeout'>((resolve) => {
    timer = setTimeout(() => resolve('timeout'), active.stored.timeLimitMs);
  });
  try {
    const answer = await Promise.race([active.policy.evaluate(request, abort.signal), limit]);
    return answer === 'timeout' ? failed(active, begun, 'timeout') : told(active, begun, checked(answer), null);
  } catch (error) {
    return failed(active, begun, 'error', error);
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}

/** Policies are code of any team: what is no verdict counts as a failure. */
function checked(answer: unknown): RiskVerdict {
  const { kind, reason, final } = (answer ?? {}) as { kind?: unknown; reason?: unknown; final?: unknown };
  if (kind === 'approve') return { kind, final: final === true };
  if ((kind === 'review' || kind === 'decline') && typeof reason === 'string') {
    return { kind, reason: reason.slice(0, LONGEST_REASON), final: final === true };
  }
  throw new TypeError('the policy answered with what is no verdict');
}

function failed(active: ActivePolicy, begun: number, failure: 'timeout' | 'error', error?: unknown): Evaluation {
  return { ...told(active, begun, verdictOfFailure(active.stored.onFailure), failure), error };
}

function told(
  { stored: { id, version, mode } }: ActivePolicy,
  begun: number,
  verdict: RiskVerdict,
  failure: Evaluation['failure'],
): Evaluation {
  const latencyUs = Math.round((performance.now() - begun) * 1000);
  return { policyId: id, version, mode, verdict, latencyUs, failure };
}

/** Counts evaluations of checkouts, and logs those that gave no verdict. */
export function note(evaluations: readonly Evaluation[]): void {
  for (const { policyId, version, mode, verdict, failure, error } of evaluations) {
    riskVerdictsTotal.inc({ mode, verdict: verdict.kind, failure: failure ?? 'none' });
    if (failure) logger.warn({ msg: 'a risk policy gave no verdict', policyId, version, mode, failure, err: error });
  }
}
