import { type EffectBreakage, simulateEffects } from './effects-scenario';
import { type Breakage, simulateEventLog } from './event-log-scenario';
import { World } from './world';

/** What one seed came to: what is wrong (nothing, if all is well), how it went, and what happened how often. */
export interface Result {
  wrong: string[];
  trace: string[];
  statistics: Map<string, number>;
}

/** One schedule of the event log and one of network effects. The trace is kept on request: what went wrong is run again. */
export async function simulate(
  seed: number,
  breakages: { log?: Breakage; effects?: EffectBreakage } = {},
  isTraced = false,
): Promise<Result> {
  const worldOf = () => new World(seed, { kills: seed % 4, errors: (seed >> 2) % 3 }, isTraced);
  const log = worldOf();
  const effects = worldOf();
  const wrong = [
    ...(await simulateEventLog(log, breakages.log)),
    ...(await simulateEffects(effects, breakages.effects)),
  ];
  const statistics = new Map(log.statistics);
  for (const [what, count] of effects.statistics) statistics.set(what, (statistics.get(what) ?? 0) + count);
  return { wrong, trace: [...log.trace, '', ...effects.trace], statistics };
}
