export { Aggregate } from './core/aggregate';
export { Clock, ManualClock, SystemClock } from './core/clock';
export { ContractEvent, type ContractEventClass, type Delivered, type EventMeta } from './core/contract-event';
export { CRASH_POINTS, type CrashPoint, crashPoint, onCrashPoint } from './core/crash-points';
export { ContractQuery } from './core/contract-query';
export { DomainError, errorCatalogue, errorCodes, tellWhen, type ErrorEntry } from './core/errors';
export { firstUuidOf, type Id, idOf, Ids, isId, LANES, laneOf, lanesInTurn, SystemIds, uuidOf } from './core/ids';
export { allocate, currencyExponent, Money, type MoneyJson } from './core/money';
