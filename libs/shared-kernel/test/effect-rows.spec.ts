import { describeEffectRows } from './effect-rows-contract';
import { MemoryEffectRows, MemoryEffects } from './memory-effects';
import { atOnce } from './memory-store';

describeEffectRows('memory', () => {
  const effects = new MemoryEffects();
  return Promise.resolve({
    rows: new MemoryEffectRows(effects, atOnce),
    request: (id, state) => Promise.resolve(effects.request(id, Date.now(), state)),
    stateOf: (id) => {
      const { state, dueAt, lastError } = effects.rows.get(id)!;
      return Promise.resolve({ state, isDueAgain: dueAt !== null, lastError });
    },
  });
});
