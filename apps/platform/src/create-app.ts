import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import {
  limitRequests,
  observeRequests,
  parseBodies,
  ProblemFilter,
  RateLimits,
  recordRoutes,
  requestId,
} from '@tradewind/shared-kernel/http';
import {
  collectProcessMetrics,
  createPinoLogger,
  type LogLevel,
  NestLogger,
} from '@tradewind/shared-kernel/observability';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { tryItOut } from './http/try-it-out';
import { PlatformModule } from './platform.module';
import type { Settings } from './start/settings';

const BODY_LIMIT = 512 * 1024;

/** What one client may hold up, milliseconds: no request is a stream, and the longest TIME_BUDGET_MS is a minute. */
const HEADERS_WITHIN_MS = 5000;
const REQUEST_WITHIN_MS = 10_000;
const SILENT_CONNECTION_MS = 75_000;
const MOST_CONNECTIONS = 10_000;

type RawRequest = { headers: Record<string, string | string[] | undefined> };

/** The platform with all its contexts, initialised and not yet listening. */
export async function createApp(settings: Settings, databaseUrl: string): Promise<NestFastifyApplication> {
  const problems = new ProblemFilter();
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    // Fastify's own answers (bad URL, bad header) are problem documents too.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      problems.answer(error, request, reply),
    genReqId: (request: RawRequest) => requestId(request.headers),
    forceCloseConnections: 'idle',
    trustProxy: settings.trustedProxies ?? false,
    routerOptions: { maxParamLength: 300, ignoreTrailingSlash: true },
    requestTimeout: REQUEST_WITHIN_MS,
    connectionTimeout: SILENT_CONNECTION_MS,
    http: { headersTimeout: HEADERS_WITHIN_MS, requestTimeout: REQUEST_WITHIN_MS, connectionsCheckingInterval: 1000 },
  });
  const app = await NestFactory.create<NestFastifyApplication>(
    PlatformModule.register(settings, databaseUrl),
    adapter,
    {
      logger: new NestLogger(createPinoLogger(settings.logLevel as LogLevel)),
      abortOnError: false,
      bodyParser: false,
    },
  );
  const fastify = adapter.getInstance();
  fastify.server.maxConnections = MOST_CONNECTIONS;
  collectProcessMetrics();
  parseBodies(fastify);
  recordRoutes(fastify);
  observeRequests(fastify);
  limitRequests(fastify, app.get(RateLimits), {
    perAddress: settings.addressRequestsPerMinute,
    perKey: settings.keyRequestsPerMinute,
  });
  describeApi(app);
  await app.init();
  await fastify.ready();
  return app;
}

/** In the order in which a newcomer needs them. */
const TAGS = [
  ['Trading', 'Quotes, checkout, orders, stock, payments, refunds, returns'],
  ['Prices', 'Tax and shipping rates'],
  ['Promotions', 'Discounts and coupons'],
  ['Buyers', 'Profiles, levels, points, badges, balances'],
  ['Trading: risk', 'Policies, lists, reviews and their reports'],
  ['Logistics', 'Waybills, and what carriers tell'],
  ['Notification', 'Messages to customers'],
  ['Operations', 'Health, metrics, parked events'],
] as const;

export function describeApi(app: NestFastifyApplication): void {
  const config = new DocumentBuilder()
    .setTitle('Tradewind')
    .setDescription(
      'Order-to-delivery platform. Money is integer minor units; times are RFC 3339 UTC; errors are RFC 9457 problem documents.\n\n' +
        'Every example can be tried as it stands. Begin with `POST /v1/checkout`: from then on this page puts the identifiers that ' +
        'were answered (of an order, payment, refund, return, waybill, …) in the place of those in the examples, and shows what it sent. ' +
        'Elsewhere, for example with curl, put them there yourself.',
    )
    .setVersion('1');
  for (const [name, about] of TAGS) config.addTag(name, about);
  const document = () => SwaggerModule.createDocument(app, config.build());
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
    swaggerOptions: tryItOut,
  });
}
