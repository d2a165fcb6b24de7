import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError, errorCatalogue } from '../core/errors';
import { isOutOfTime, isUnavailable } from '../persistence/postgres-errors';
import { httpRefusal } from './error-codes';
import { allowedMethods } from './routes';

/** A problem document (RFC 9457) as this product answers it. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
  requestId: string;
  retryable: boolean;
  [member: string]: unknown;
}

/** The one place where what was thrown becomes an HTTP answer. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger('HTTP');

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(thrown, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  answer(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const refusal = refusalOf(thrown, request);
    const entry = errorCatalogue().get(refusal.code) ?? { status: 500, title: refusal.code, retryable: false };
    if (entry.status >= 500) {
      this.#logger.error({ msg: refusal.code, method: request.method, route: request.routeOptions?.url, err: thrown });
    }
    const problem: Problem = {
      type: `/errors#${refusal.code}`,
      title: entry.title,
      status: entry.status,
      detail: refusal.message,
      instance: request.url.split('?')[0] ?? '/',
      code: refusal.code,
      requestId: request.id,
      retryable: entry.retryable,
      ...refusal.members,
    };
    if (entry.retryable)
      void reply.header('retry-after', (refusal.members.retryAfterSeconds as number | undefined) ?? 1);
    if (refusal.code === 'method-not-allowed') void reply.header('allow', String(refusal.members.allow));
    if (!reply.hasHeader('x-request-id')) void reply.header('x-request-id', request.id);
    void reply.status(entry.status).type('application/problem+json').send(JSON.stringify(problem));
  }
}

function refusalOf(thrown: unknown, request: FastifyRequest): DomainError {
  // First of all: a body is looked at, and may be refused, even where no route takes it.
  const allow = request.is404 ? allowedMethods(request.server, request.url) : [];
  if (allow.length > 0 && !allow.includes(request.method)) {
    return httpRefusal('method-not-allowed', `use ${allow.join(' or ')}`, { allow: allow.join(', ') });
  }
  if (thrown instanceof DomainError) return thrown;
  if (isOutOfTime(thrown)) return httpRefusal('deadline-exceeded', 'the database did not get to it in time');
  if (isUnavailable(thrown)) return httpRefusal('service-unavailable', 'the database cannot be reached at the moment');
  const status = thrown instanceof HttpException ? thrown.getStatus() : (thrown as { statusCode?: number })?.statusCode;
  if (status === 404) return httpRefusal('not-found', 'no such address');
  if (status === 413) return httpRefusal('body-too-large', 'send a smaller body');
  if (status === 415) return httpRefusal('unsupported-media-type', 'send application/json');
  if (status !== undefined && status >= 400 && status < 500) {
    return httpRefusal('bad-request', 'the request cannot be read');
  }
  return httpRefusal('internal-error', 'an unexpected failure; nothing of this request was kept');
}
