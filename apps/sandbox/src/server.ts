import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { carrierRoutes } from './carrier-routes';
import { faultRoutes } from './fault-routes';
import { gatewayRoutes } from './gateway-routes';
import { homeRoutes } from './home-routes';
import { messagePage } from './pages';
import type { Parts } from './parts';
import { paymentRoutes } from './payment-routes';

const BODY_LIMIT = 256 * 1024;
const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'";

/** The HTTP face of all stand-ins. What callers do wrong is answered 4xx with `{error}`, or a page for browsers. */
export function buildServer(parts: Parts): FastifyInstance {
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: true,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: true } },
    frameworkErrors: answerError,
  });
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_: FastifyRequest, body: string) => Object.fromEntries(new URLSearchParams(body)),
  );
  app.addHook('onSend', async (_, reply) => {
    void reply.headers({ 'content-security-policy': PAGE_POLICY, 'x-content-type-options': 'nosniff' });
  });
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) =>
    answerError({ statusCode: 404, message: `there is no ${request.method} ${request.url}` }, request, reply),
  );
  void app.register(homeRoutes(parts));
  void app.register(paymentRoutes(parts));
  void app.register(faultRoutes(parts));
  void app.register(gatewayRoutes(parts), { prefix: '/gateway' });
  void app.register(carrierRoutes(parts), { prefix: '/carriers/:carrier' });
  return app;
}

function answerError(error: Partial<FastifyError>, request: FastifyRequest, reply: FastifyReply): void {
  const { statusCode = 500, message = 'unknown' } = error;
  const ours = statusCode >= 500;
  if (ours) process.stderr.write(`sandbox: ${request.method} ${request.url} failed: ${error.stack ?? message}\n`);
  const text = ours ? 'the sandbox itself failed' : message;
  void reply.code(statusCode);
  if (!request.headers.accept?.includes('text/html')) void reply.send({ error: text });
  else void reply.type('text/html; charset=utf-8').send(messagePage('That did not work', text));
}
