export { throwIfOver, withinBudget } from './http/deadline';
export { httpRefusal } from './http/error-codes';
export { HttpModule, httpPersistence } from './http/http.module';
export {
  type Answer,
  answered,
  canonical,
  IdempotencyKeys,
  type IdempotentAnswer,
  Idempotent,
  type IdempotentRequest,
  KeyStoredMeanwhile,
  reused,
} from './http/idempotency';
export { parseBodies, parseJsonObject } from './http/json-body';
export { decodeCursor, encodeCursor, isTimeText, NextCursor, type Page, pageOf, PageQuery } from './http/page';
export { type Problem, ProblemFilter } from './http/problem-filter';
export { observeRequests, requestId } from './http/request-hooks';
export { limitRequests, networkOf, type RequestLimits } from './http/rate-limits/limit-requests';
export { type RateLimit, RateLimits } from './http/rate-limits/rate-limits';
export { recordRoutes } from './http/routes';
export { IsCurrency, IsIdOf, IsMinorUnits, IsTime, validationPipe } from './http/validation';
