import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DomainError } from '../core/errors';
import { httpRefusal } from './error-codes';

const MAX_DEPTH = 16;
// C0 except tab, line feed and carriage return; DEL and C1.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The handler gets the untouched bytes, as signatures need them; any content type but text/csv is taken. */
    raw?: boolean;
    /** The handler gets the body as it arrives, of this content type only, and sets its own limit of size. */
    streamed?: 'text/csv';
  }
}

/** Replaces Fastify's parsers: JSON objects only, checked once for everything no field may ever hold. */
export function parseBodies(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const { raw, streamed } = request.routeOptions.config;
    if (raw) return done(null, body);
    if (streamed) return done(httpRefusal('unsupported-media-type', `send ${streamed}`));
    try {
      done(null, parseJsonObject(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (request: FastifyRequest, body, done) => {
    const { raw, streamed = 'application/json' } = request.routeOptions.config;
    if (raw) done(null, body);
    else done(httpRefusal('unsupported-media-type', `send ${streamed}`));
  });
  fastify.addContentTypeParser('text/csv', (request, body, done) => {
    const { streamed = 'application/json' } = request.routeOptions.config;
    if (streamed === 'text/csv') done(null, body);
    else done(httpRefusal('unsupported-media-type', `send ${streamed}`));
  });
}

/** Parses UTF-8 JSON text that must be an object; refuses it with a JSON pointer to the place. */
export function parseJsonObject(body: Buffer): Record<string, unknown> {
  if (!isUtf8(body)) throw httpRefusal('malformed-body', 'the body is not UTF-8');
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw httpRefusal('malformed-body', 'the body is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw httpRefusal('malformed-body', 'the body must be a JSON object');
  }
  if (!isClean(value, 1)) inspect(value, '', 1);
  return value as Record<string, unknown>;
}

/** The common case of `inspect`, without the names of places. */
function isClean(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return !CONTROL.test(value) && value.isWellFormed();
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((member) => isClean(member, depth + 1));
  for (const key in value) {
    if (key === '__proto__' || !isClean((value as Record<string, unknown>)[key], depth + 1)) return false;
  }
  return true;
}

function inspect(value: unknown, pointer: string, depth: number): void {
  if (typeof value === 'string') {
    if (CONTROL.test(value)) refuse(pointer, 'control characters are not taken');
    if (!value.isWellFormed()) refuse(pointer, 'the text holds half a surrogate pair');
  } else if (typeof value === 'number') {
    if (!Number.isFinite(value)) refuse(pointer, 'the number is too large');
  } else if (typeof value === 'object' && value !== null) {
    if (depth > MAX_DEPTH) refuse(pointer, `nested deeper than ${MAX_DEPTH} levels`);
    for (const [key, member] of Object.entries(value)) {
      const at = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      if (key === '__proto__') refuse(pointer, 'a field may not be named __proto__');
      inspect(member, at, depth + 1);
    }
  }
}

/** The rule for control characters, for parameters of a path or a query. */
export function addressRefusal(values: unknown): DomainError | undefined {
  for (const [name, value] of Object.entries(values ?? {})) {
    if (![value].flat().some((text) => typeof text === 'string' && CONTROL.test(text))) continue;
    const detail = 'control characters are not taken';
    return httpRefusal('invalid-request', `/${name}: ${detail}`, { errors: [{ pointer: `/${name}`, detail }] });
  }
  return undefined;
}

function refuse(pointer: string, detail: string): never {
  throw httpRefusal('malformed-body', detail, { errors: [{ pointer: pointer.slice(0, 200), detail }] });
}
