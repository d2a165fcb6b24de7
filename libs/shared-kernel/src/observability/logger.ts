import type { LoggerService } from '@nestjs/common';
import pino, { type Level, type Logger as PinoLogger } from 'pino';
import pretty from 'pino-pretty';
import { currentContext } from './request-context';

export type LogLevel = Level | 'silent';

/** Structured logs on standard error: JSON lines, or readable ones on a terminal. */
export function createPinoLogger(level: LogLevel): PinoLogger {
  const destination = process.stderr.isTTY
    ? pretty({ colorize: true, destination: 2, sync: true, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname' })
    : pino.destination({ dest: 2, sync: false });
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: loggedError },
      mixin: () => {
        const { requestId, actor, causationId } = currentContext();
        return requestId || causationId ? { requestId, actor, ...(causationId && { causationId }) } : {};
      },
    },
    destination,
  );
}

/** What a log line shows of an error. */
export interface LoggedError {
  type: string;
  message: string;
  stack?: string;
  /** SQLSTATE, errno or the code of a refusal. */
  code?: string;
  constraint?: string;
  cause?: LoggedError;
}

const MOST_CAUSES = 8;

/**
 * Names what is shown, as errors of the database carry personal data: `parameters` and `query` of TypeORM, `detail` and
 * `where` of PostgreSQL hold values of rows.
 */
export function loggedError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  const { code, constraint, cause } = error as { code?: unknown; constraint?: unknown; cause?: unknown };
  return {
    type: error.constructor.name,
    message: error.message,
    stack: error.stack,
    ...(typeof code === 'string' && { code }),
    ...(typeof constraint === 'string' && { constraint }),
    ...(cause instanceof Error && depth < MOST_CAUSES && { cause: loggedError(cause, depth + 1) as LoggedError }),
  } satisfies LoggedError;
}

/** Nest's own account of its start, of no use to operators. */
const FRAMEWORK = new Set([
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestFactory',
  'NestApplication',
  'NestMicroservice',
]);

/**
 * Nest's `Logger` on pino. Code logs with `new Logger(Name)`; pass one object for fields:
 * `logger.warn({ msg: 'event parked', subscription, err })`.
 */
export class NestLogger implements LoggerService {
  constructor(private readonly pino: PinoLogger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.#write(FRAMEWORK.has(String(rest.at(-1))) ? 'debug' : 'info', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.#write('error', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.#write('warn', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.#write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.#write('trace', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.#write('fatal', message, rest);
  }

  #write(level: Level, message: unknown, rest: unknown[]): void {
    if (!this.pino.isLevelEnabled(level)) return;
    const context = rest.at(-1);
    const fields = {
      context: typeof context === 'string' ? context : undefined,
      ...(rest.length > 1 && typeof rest[0] === 'string' ? { stack: rest[0] } : {}),
    };
    if (message instanceof Error) this.pino[level]({ ...fields, err: message }, message.message);
    else if (typeof message === 'object' && message !== null) this.pino[level]({ ...fields, ...message });
    else this.pino[level](fields, String(message));
  }
}
