import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Outcome } from './books';
import { paymentView } from './gateway-routes';
import { forbiddenPage, paymentPage, resultPage } from './pages';
import type { Parts } from './parts';
import { decisionSchema, paymentPageSchema } from './schemas';
import { sameSecret, signTerms, type PaymentTerms } from './signing';

interface PageAddress {
  Params: { paymentId: string };
  Querystring: { amount: string; currency: string; orderId: string; capture?: 'manual'; sig: string };
}

/** The payment page that buyers are redirected to. The address itself carries the signed terms. */
export function paymentRoutes({ settings, ledger: { books }, gateway }: Parts) {
  return async (app: FastifyInstance): Promise<void> => {
    app.get<PageAddress>('/pay/:paymentId', { schema: paymentPageSchema }, async (request, reply) => {
      void reply.type('text/html; charset=utf-8');
      const terms = signedTerms(request, settings.gatewaySecret);
      if (!terms) return reply.code(403).send(forbiddenPage());
      const decided = books.payments.get(terms.paymentId);
      return decided ? resultPage(decided, settings.platformUrl) : paymentPage(terms);
    });

    app.post<PageAddress & { Body: { outcome: Outcome } }>(
      '/pay/:paymentId',
      { schema: decisionSchema },
      async (request, reply) => {
        const byForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;
        if (byForm) void reply.type('text/html; charset=utf-8');
        const terms = signedTerms(request, settings.gatewaySecret);
        if (!terms) return reply.code(403).send(byForm ? forbiddenPage() : { error: 'the signature is wrong' });
        const payment = gateway.decide(terms, request.body.outcome);
        if (byForm) return resultPage(payment, settings.platformUrl);
        const { refunded: _, captured: __, ...answer } = paymentView(payment, books);
        return answer;
      },
    );
  };
}

/** What the address says, when its signature is right. */
function signedTerms({ params, query }: FastifyRequest<PageAddress>, secret: string): PaymentTerms | undefined {
  const { amount, currency, orderId, capture, sig } = query;
  const terms = { paymentId: params.paymentId, amount: Number(amount), currency, orderId, capture };
  return sameSecret(sig, signTerms(terms, secret)) ? terms : undefined;
}
