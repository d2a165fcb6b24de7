import type { IdempotentAnswer } from '@tradewind/shared-kernel/http';
import type { FastifyReply } from 'fastify';

/** Sends an answer that may be a replay of the first one with its key. */
export function send(reply: FastifyReply, { status, json, replayed }: IdempotentAnswer): void {
  if (replayed) void reply.header('Idempotent-Replayed', 'true');
  sendJson(reply.status(status), json);
}

/** Sends what is JSON already. */
export function sendJson(reply: FastifyReply, json: string): void {
  void reply.header('content-type', 'application/json; charset=utf-8').send(json);
}
