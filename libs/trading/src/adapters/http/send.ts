import type { IdempotentAnswer } from '@tradewind/shared-kernel/http';
import type { FastifyReply } from 'fastify';

/** Sends an answer that may be a replay of the first one with its key. */
export function send(reply: FastifyReply, { status, body, replayed }: IdempotentAnswer): void {
  if (replayed) void reply.header('Idempotent-Replayed', 'true');
  void reply.status(status).type('application/json; charset=utf-8').send(JSON.stringify(body));
}
