import type { FastifyInstance } from 'fastify';
import { Logger } from '@nestjs/common';
import { SystemIds } from '../core/ids';
import { httpDuration } from '../observability/metrics';
import { type RequestContext, runInContext } from '../observability/request-context';
import { addressRefusal } from './json-body';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who and what caused this request; undefined until its first hook has run. */
    requestContext?: RequestContext;
  }
}

const ids = new SystemIds();

/** An id that the caller gave and that is fit for headers and logs, or a new one. */
export function requestId(headers: Record<string, string | string[] | undefined>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\x21-\x7e]{1,128}$/.test(given) ? given : ids.next('req');
}

/** Gives every request its context, its id header, its log line and its measurement. */
export function observeRequests(fastify: FastifyInstance): void {
  const logger = new Logger('HTTP');
  fastify.decorateRequest('requestContext', undefined);
  fastify.addHook('onRequest', (request, reply, done) => {
    const traceparent = request.headers.traceparent;
    const context: RequestContext = {
      requestId: request.id,
      actor: 'anonymous',
      causationId: null,
      trace: typeof traceparent === 'string' && traceparent.length <= 64 ? traceparent : null,
    };
    request.requestContext = context;
    void reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff');
    runInContext(context, done);
  });
  // Reading a body leaves the asynchronous context: enter it again.
  fastify.addHook('preValidation', (request, _reply, done) => {
    const refusal = addressRefusal(request.params) ?? addressRefusal(request.query);
    runInContext(request.requestContext as RequestContext, () => done(refusal));
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    const ms = reply.elapsedTime;
    httpDuration.observe({ method: request.method, route, status: reply.statusCode }, ms);
    if (!route.startsWith('/health') && route !== '/metrics') {
      logger.log({
        msg: 'request',
        method: request.method,
        route,
        status: reply.statusCode,
        ms: Math.round(ms * 10) / 10,
        requestId: request.id,
      });
    }
    done();
  });
}
