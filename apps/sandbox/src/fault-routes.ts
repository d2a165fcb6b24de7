import type { FastifyInstance } from 'fastify';
import { readPlan } from './faults';
import type { Parts } from './parts';

/** Faults on demand. Clearing them also sends what a reorder fault still holds back. */
export function faultRoutes({ faults, callbacks }: Parts) {
  return async (app: FastifyInstance): Promise<void> => {
    app.get('/faults', async () => faults.list());

    app.put('/faults', async ({ body }, reply) => {
      const plan = readPlan(body);
      if (typeof plan === 'string') return reply.code(400).send({ error: plan });
      faults.replace(plan);
      return faults.list();
    });

    app.delete('/faults', async (_, reply) => {
      faults.replace([]);
      callbacks.release();
      return reply.code(204).send();
    });
  };
}
