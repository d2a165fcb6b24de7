export { EffectTable } from './effects/effect-table';
export { EffectWorker, type EffectSettings } from './effects/effect-worker';
export { type Exchange, exchange, jsonOf } from './effects/exchange';
export {
  type EffectOutcome,
  type EffectRow,
  type NetworkEffect,
  type Settled,
  type SettledAttempt,
} from './effects/network-effect';
