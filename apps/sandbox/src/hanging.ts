import type { FastifyReply } from 'fastify';
import type { Fault } from './faults';
import type { Timers } from './timers';

const DEFAULT_HANG_MS = 30_000;

/** Plays the faults that strike before anything is done. True when the request has got all the answer it will get. */
export function strikesBefore(fault: Fault | undefined, reply: FastifyReply, timers: Timers): boolean {
  if (fault?.kind === 'error') {
    void reply.code(500).send({ error: 'this failure was asked for' });
    return true;
  }
  if (fault?.kind !== 'timeout-before') return false;
  leaveHanging(reply, timers, fault.ms);
  return true;
}

/** Plays the fault that strikes after the work is done: no answer, and in the end a broken connection. */
export function strikesAfter(fault: Fault | undefined, reply: FastifyReply, timers: Timers): boolean {
  if (fault?.kind !== 'timeout-after-success') return false;
  leaveHanging(reply, timers, fault.ms);
  return true;
}

function leaveHanging(reply: FastifyReply, timers: Timers, ms = DEFAULT_HANG_MS): void {
  reply.hijack();
  timers.after(ms, () => reply.raw.destroy());
}
