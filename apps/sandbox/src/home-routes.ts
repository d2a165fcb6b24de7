import type { FastifyInstance } from 'fastify';
import { homePage, type PaymentLink } from './pages';
import type { Parts } from './parts';
import { signTerms } from './signing';

const LATEST = 20;

export function homeRoutes({ settings, ledger: { books }, faults }: Parts) {
  return async (app: FastifyInstance): Promise<void> => {
    app.get('/health', async () => ({ status: 'ok' }));

    app.get('/', async (_, reply) => {
      const payments = latest(books.payments).map((payment): PaymentLink => {
        const { reference: paymentId, amount, currency, orderId, capture } = payment;
        const sig = signTerms({ paymentId, amount, currency, orderId, capture }, settings.gatewaySecret);
        const terms = { amount: String(amount), currency, orderId, ...(capture ? { capture } : {}), sig };
        const query = new URLSearchParams(terms);
        return { payment, href: `/pay/${encodeURIComponent(paymentId)}?${query.toString()}` };
      });
      const waybills = latest(books.waybills).map((waybill) => ({
        waybill,
        scans: books.scans(waybill.carrier, waybill.number).length,
      }));
      void reply.type('text/html; charset=utf-8');
      return homePage({ payments, waybills, faults: faults.list(), owed: books.owed.size });
    });
  };
}

function latest<T>(records: ReadonlyMap<string, T>): T[] {
  return [...records.values()].slice(-LATEST).toReversed();
}
