import { hash } from 'node:crypto';
import { createParamDecorator, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { isUniqueViolation } from '../persistence/postgres-errors';
import { jsonSequence } from '../persistence/statement';
import { UnitOfWork } from '../persistence/unit-of-work';
import { httpRefusal } from './error-codes';

/** One request that must have its effect once, however often it is sent. */
export interface IdempotentRequest {
  /** Principal, method and route: keys of different calls never meet. */
  scope: string;
  key: string;
  /** SHA-256 of the canonical body, hex. */
  fingerprint: string;
  /** How long the answer is kept. */
  keepHours: number;
}

export interface Answer {
  status: number;
  /** The body as JSON text: made once, kept and sent as it is. */
  json: string;
}

export const answered = (status: number, body: unknown): Answer => ({ status, json: JSON.stringify(body) });

export type IdempotentAnswer = Answer & { replayed: boolean };

const CHECKOUT_HOURS = 24;
const MONEY_HOURS = 30 * 24;

/** The request's `Idempotency-Key` with its fingerprint. `money` keeps answers for 30 days instead of 24 hours. */
export const Idempotent = createParamDecorator(
  (kept: 'checkout' | 'money', host: ExecutionContext): IdempotentRequest => {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const key = request.headers['idempotency-key'];
    if (key === undefined || key === '') throw httpRefusal('idempotency-key-missing', 'send an Idempotency-Key header');
    if (typeof key !== 'string' || !/^[\x20-\x7e]{1,255}$/.test(key)) {
      throw httpRefusal(
        'idempotency-key-invalid',
        'the Idempotency-Key header has characters or a length that is not taken',
      );
    }
    return {
      scope: `anonymous ${request.method} ${addressed(request)}`,
      key,
      fingerprint: hash('sha256', canonical(request.body)),
      keepHours: kept === 'money' ? MONEY_HOURS : CHECKOUT_HOURS,
    };
  },
);

/** The route with its parameters, so that no other spelling of an address gives a key a second life. */
function addressed({ routeOptions, params }: FastifyRequest): string {
  const values = params as Record<string, string>;
  return (routeOptions.url ?? '').replaceAll(/:(\w+)/g, (_, name: string) => values[name] ?? '');
}

/** JSON with sorted keys: the same value gives the same text. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  let text = '';
  for (const key of Object.keys(value).toSorted()) {
    const member = (value as Record<string, unknown>)[key];
    if (member !== undefined) text += `${text && ','}${JSON.stringify(key)}:${canonical(member)}`;
  }
  return `{${text}}`;
}

interface KeptAnswer {
  scope: string;
  key: string;
  fingerprint: string;
  status: number;
  json: string;
  isExpired: boolean;
}

/** Another process has answered this key since it was looked up: looking again finds its answer. */
export class KeyStoredMeanwhile extends Error {}

/** Answers by key, committed with the effect that they tell of. */
@Injectable()
export class IdempotencyKeys {
  readonly #running = new Set<string>();

  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Runs `work` in one transaction with its answer, or gives the answer of the first request with this key. `finish`
   * may wait, after the commit, for what makes a first answer more telling; its answer then replaces the kept one. No lock is
   * waited for longer than `lockTimeoutMs`.
   */
  async once(
    request: IdempotentRequest,
    work: () => Promise<Answer>,
    finish?: () => Promise<Answer>,
    lockTimeoutMs?: number,
  ): Promise<IdempotentAnswer> {
    return this.alone(request, async () => {
      const answer = await this.#inOneTransaction(() => this.#lookOrWork(request, work), lockTimeoutMs);
      if (answer.replayed || !finish) return answer;
      const finished = await finish();
      await this.#amend(request, finished);
      return { ...finished, replayed: false };
    });
  }

  /** Refuses a second request with this key while the first one runs in this process. */
  async alone<T>(request: IdempotentRequest, work: () => Promise<T>): Promise<T> {
    const id = `${request.scope} ${request.key}`;
    if (this.#running.has(id)) throw inProgress();
    this.#running.add(id);
    try {
      return await work();
    } finally {
      this.#running.delete(id);
    }
  }

  /** For each request its kept answer, `reused` when its key came with another body, or undefined. */
  async lookUp(requests: IdempotentRequest[]): Promise<(IdempotentAnswer | 'reused' | undefined)[]> {
    const keys = [requests.map((request) => request.scope), requests.map((request) => request.key)];
    const rows = await this.unitOfWork.query<KeptAnswer>(
      `SELECT k.scope, k.key, k.fingerprint, k.status, k.body AS json, k.expires_at <= now() AS "isExpired"
         FROM http.idempotency_key k JOIN unnest($1::text[], $2::text[]) AS wanted(scope, key)
           ON k.scope = wanted.scope AND k.key = wanted.key`,
      keys,
    );
    if (rows.some((row) => row.isExpired)) {
      await this.unitOfWork.query(
        `DELETE FROM http.idempotency_key k USING unnest($1::text[], $2::text[]) AS wanted(scope, key)
          WHERE k.scope = wanted.scope AND k.key = wanted.key AND k.expires_at <= now()`,
        keys,
      );
    }
    const kept = new Map(rows.filter((row) => !row.isExpired).map((row) => [`${row.scope} ${row.key}`, row]));
    return requests.map((request) => {
      const row = kept.get(`${request.scope} ${request.key}`);
      if (!row) return undefined;
      if (row.fingerprint !== request.fingerprint) return 'reused';
      return { status: row.status, json: row.json, replayed: true };
    });
  }

  /** Keeps answers, in the transaction of their effects. Throws, and so undoes them, when a key is kept already. */
  store(answers: { request: IdempotentRequest; answer: Answer }[]): Promise<unknown> {
    const stored = this.unitOfWork.query(
      `INSERT INTO http.idempotency_key (scope, key, fingerprint, status, body, expires_at)
       SELECT a.scope, a.key, a.fingerprint, a.status, a.body, now() + a.keep_hours * interval '1 hour'
         FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::int[], string_to_array($6, chr(30)))
           AS a(scope, key, fingerprint, status, keep_hours, body)`,
      [
        answers.map(({ request }) => request.scope),
        answers.map(({ request }) => request.key),
        answers.map(({ request }) => request.fingerprint),
        answers.map(({ answer }) => answer.status),
        answers.map(({ request }) => request.keepHours),
        jsonSequence(answers.map(({ answer }) => answer.json)),
      ],
    );
    return stored.catch((error: unknown) => {
      throw isUniqueViolation(error, 'idempotency_key_pkey') ? new KeyStoredMeanwhile() : error;
    });
  }

  /** Forgets expired keys, a bounded number at a time; returns how many. */
  async sweep(limit: number): Promise<number> {
    const rows = await this.unitOfWork.query(
      `DELETE FROM http.idempotency_key WHERE (scope, key) IN (
         SELECT scope, key FROM http.idempotency_key WHERE expires_at <= now() ORDER BY expires_at LIMIT $1)
       RETURNING key`,
      [limit],
    );
    return rows.length;
  }

  async #lookOrWork(request: IdempotentRequest, work: () => Promise<Answer>): Promise<IdempotentAnswer> {
    const [lock] = await this.unitOfWork.query<{ locked: boolean }>(
      'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS locked',
      [`${request.scope} ${request.key}`],
    );
    if (!lock?.locked) throw inProgress();
    const [stored] = await this.lookUp([request]);
    if (stored === 'reused') throw reused();
    if (stored) return stored;
    const answer = await work();
    await this.store([{ request, answer }]);
    return { ...answer, replayed: false };
  }

  #inOneTransaction<T>(work: () => Promise<T>, lockTimeoutMs: number | undefined): Promise<T> {
    return lockTimeoutMs === undefined ? this.unitOfWork.run(work) : this.unitOfWork.runWithin(lockTimeoutMs, work);
  }

  async #amend(request: IdempotentRequest, answer: Answer): Promise<void> {
    await this.unitOfWork.query(
      'UPDATE http.idempotency_key SET status = $3, body = $4 WHERE scope = $1 AND key = $2',
      [request.scope, request.key, answer.status, answer.json],
    );
  }
}

export const reused = () => httpRefusal('idempotency-key-reused', 'use a new key for a new request');
const inProgress = () => httpRefusal('request-in-progress', 'wait for the first request with this key to finish');
