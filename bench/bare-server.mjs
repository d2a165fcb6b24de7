// The least that a Fastify server can do for the same answer: the bytes are in memory.
import Fastify from 'fastify';
import { serve } from './processes.mjs';

async function listen({ order, list }) {
  const app = Fastify();
  app.get('/v1/orders/:id', (_request, reply) => reply.type('application/json; charset=utf-8').send(order));
  app.get('/v1/orders', (_request, reply) => reply.type('application/json; charset=utf-8').send(list));
  await app.listen({ host: '127.0.0.1', port: 0 });
  return app.server.address().port;
}

serve({ listen });
