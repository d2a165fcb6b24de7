import type { FastifyInstance } from 'fastify';
import { type Books, capturedOf, type Operation, type Payment, type Refund } from './books';
import type { Fault } from './faults';
import type { RefundFate, RefundRequest } from './gateway';
import { strikesAfter, strikesBefore } from './hanging';
import type { Parts } from './parts';
import { captureSchema, refundSchema, statementSchema, voidSchema } from './schemas';
import { sameSecret } from './signing';
import { statement } from './statement';

const DEFAULT_FAIL_LATER_MS = 1000;

/** The gateway's interface for merchants, under `/gateway`, behind its bearer secret. */
export function gatewayRoutes({ settings, ledger: { books }, faults, timers, gateway }: Parts) {
  return async (app: FastifyInstance): Promise<void> => {
    app.addHook('onRequest', async (request, reply) => {
      if (sameSecret(request.headers.authorization ?? '', `Bearer ${settings.gatewaySecret}`)) return;
      await reply
        .code(401)
        .header('www-authenticate', 'Bearer')
        .send({ error: 'the bearer secret is missing or wrong' });
    });

    app.get<{ Params: { reference: string } }>('/payments/:reference', async ({ params }, reply) => {
      if (strikesBefore(faults.take('gateway.query', [params.reference]), reply, timers)) return reply;
      const payment = books.payments.get(params.reference);
      return payment ? paymentView(payment, books) : reply.code(404).send({ status: 'not-found' });
    });

    app.get<{ Params: { reference: string } }>('/refunds/:reference', async ({ params }, reply) => {
      const refund = books.refunds.get(params.reference);
      return refund ? refundView(refund) : reply.code(404).send({ status: 'not-found' });
    });

    app.post<{ Headers: { 'idempotency-key': string }; Body: RefundRequest }>(
      '/refunds',
      { schema: refundSchema },
      async ({ headers, body }, reply) => {
        const key = headers['idempotency-key'];
        const earlier = gateway.earlierRefund(body, key);
        if (earlier === 'conflict') {
          return reply.code(409).send({ error: 'the idempotency key or the reference belongs to another refund' });
        }
        const fault = faults.take(
          'gateway.refund',
          [body.reference, body.payment, key],
          (kind) => earlier === undefined || (kind !== 'fail' && kind !== 'fail-later'),
        );
        if (strikesBefore(fault, reply, timers)) return reply;
        const refund = earlier ?? gateway.refund(body, key, fateOf(fault));
        if (strikesAfter(fault, reply, timers)) return reply;
        return reply.code(refund.refused ? 422 : 200).send(refundView(refund));
      },
    );

    for (const kind of ['capture', 'void'] as const) {
      app.get<{ Params: { reference: string } }>(`/${kind}s/:reference`, async ({ params }, reply) => {
        const operation = books.operations.get(params.reference);
        return operation?.kind === kind ? refundView(operation) : reply.code(404).send({ status: 'not-found' });
      });

      app.post<{ Headers: { 'idempotency-key': string }; Body: RefundRequest & { final?: boolean } }>(
        `/${kind}s`,
        { schema: kind === 'capture' ? captureSchema : voidSchema },
        async ({ headers, body }, reply) => {
          const key = headers['idempotency-key'];
          const request = { ...body, kind, final: kind === 'void' || (body.final ?? false) };
          const earlier = gateway.earlierOperation(request, key);
          if (earlier === 'conflict') {
            return reply.code(409).send({ error: `the idempotency key or the reference belongs to another ${kind}` });
          }
          const fault = faults.take(
            `gateway.${kind}`,
            [body.reference, body.payment, key],
            (name) => earlier === undefined || name !== 'fail',
          );
          if (strikesBefore(fault, reply, timers)) return reply;
          const operation = earlier ?? gateway.operate(request, key, fault?.kind === 'fail');
          if (strikesAfter(fault, reply, timers)) return reply;
          return reply.code(operation.refused ? 422 : 200).send(refundView(operation));
        },
      );
    }

    app.get<{ Querystring: { from?: string; to?: string } }>(
      '/statement',
      { schema: statementSchema },
      async ({ query }, reply) => {
        void reply.type('text/csv; charset=utf-8');
        return statement(books, query);
      },
    );

    app.get('/ledger', async () => ({
      payments: [...books.payments.values()].map((payment) => paymentView(payment, books)),
      refunds: [...books.refunds.values()].map((refund) => ({ ...refundView(refund), payment: refund.payment })),
      totals: totals(books),
    }));
  };
}

export function paymentView(payment: Payment, books: Books) {
  const { reference, gatewayReference, status, amount, currency } = payment;
  const captured = capturedOf(payment);
  return { reference, gatewayReference, status, amount, currency, captured, refunded: books.refunded(reference) };
}

function refundView({ reference, gatewayReference, status, amount, currency, reason }: Refund | Operation) {
  return { reference, gatewayReference, status, amount, currency, ...(reason === undefined ? {} : { reason }) };
}

/** For each currency: what was captured, what of it went back, and what the merchant keeps. */
function totals(books: Books) {
  const byCurrency = new Map<string, { currency: string; captured: number; refunded: number; net: number }>();
  for (const payment of books.payments.values()) {
    const { reference, currency } = payment;
    const captured = capturedOf(payment);
    if (captured === 0) continue;
    const total = byCurrency.get(currency) ?? { currency, captured: 0, refunded: 0, net: 0 };
    const refunded = books.refunded(reference);
    total.captured += captured;
    total.refunded += refunded;
    total.net += captured - refunded;
    byCurrency.set(currency, total);
  }
  return [...byCurrency.values()];
}

function fateOf(fault: Fault<'gateway.refund'> | undefined): RefundFate | undefined {
  if (fault?.kind === 'fail') return { kind: 'fail' };
  return fault?.kind === 'fail-later' ? { kind: 'fail-later', ms: fault.ms ?? DEFAULT_FAIL_LATER_MS } : undefined;
}
