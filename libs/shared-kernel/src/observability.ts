export { createPinoLogger, type LogLevel, NestLogger } from './observability/logger';
export { collectProcessMetrics, Counter, Gauge, Histogram, httpDuration, metrics } from './observability/metrics';
export { actAs, currentContext, type RequestContext, runInContext } from './observability/request-context';
