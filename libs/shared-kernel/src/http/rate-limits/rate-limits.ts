import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { GroupCommit, type Outcome } from '../../persistence/group-commit';
import { UnitOfWork } from '../../persistence/unit-of-work';
import { httpRefusal } from '../error-codes';

/** A token bucket for each key: `perMinute` tokens come back in a minute, and no more than that gather. */
export interface RateLimit {
  name: string;
  perMinute: number;
}

/** How long tokens that were taken ahead may be spent, milliseconds. */
const LEASE_MS = 1000;
/** Share of a bucket that one process takes ahead at most: other processes need some too. */
const MOST_AHEAD = 1 / 8;
const MOST_KEYS = 20_000;
const MINUTE_MS = 60_000;

/** What this process knows of one bucket. Times are `performance.now()`. */
interface Purse {
  limit: RateLimit;
  /** Taken ahead, to be spent before `until`. */
  tokens: number;
  until: number;
  /** The bucket is empty until then: it need not be asked. */
  emptyUntil: number;
  /** Spent since the bucket was asked last, at `askedAt`. */
  spent: number;
  askedAt: number;
}

interface Ask {
  id: string;
  purse: Purse;
}

interface Wanting {
  purse: Purse;
  wanted: number;
}

/** Milliseconds until there is a token again; 0 when one was given. */
type Wait = number;

/**
 * Limits that hold over all processes on one database. Buckets stand in PostgreSQL and go by its clock; a process asks for the
 * tokens of all requests that came together in one statement, and takes some ahead for keys that come often, as many as it
 * spent lately. A process that dies wastes those; nobody spends more than the limit.
 */
@Injectable()
export class RateLimits {
  readonly #purses = new LRUCache<string, Purse>({ max: MOST_KEYS });
  readonly #asks = new GroupCommit<Ask, Wait>((members) => this.#take(members.map(({ command }) => command)));

  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Spends one token of this key's bucket. Throws `rate-limited` when there is none, with the time until there is one. */
  async spend(limit: RateLimit, key: string): Promise<void> {
    const id = `${limit.name} ${createHash('sha256').update(key).digest('base64url')}`;
    let purse = this.#purses.get(id);
    if (!purse) {
      purse = { limit, tokens: 0, until: 0, emptyUntil: 0, spent: 0, askedAt: -Infinity };
      this.#purses.set(id, purse);
    }
    const wait = spendFrom(purse) ?? (await this.#asks.submit({ id, purse }));
    if (wait > 0) throw refusal(limit, wait);
  }

  /** Forgets full buckets: they are as good as none. */
  async sweep(): Promise<void> {
    await this.unitOfWork.query(
      `DELETE FROM http.rate_bucket
        WHERE key IN (SELECT key FROM http.rate_bucket WHERE full_at <= now() FOR UPDATE SKIP LOCKED)`,
    );
  }

  async #take(asks: Ask[]): Promise<Outcome<Wait>[]> {
    const waits = asks.map(({ purse }) => spendFrom(purse)); // tokens may have come since they were asked for
    const wanting = new Map<string, Wanting>();
    asks.forEach(({ id, purse }, index) => {
      if (waits[index] === undefined) wanting.set(id, { purse, wanted: (wanting.get(id)?.wanted ?? 0) + 1 });
    });
    const given = await this.#fill([...wanting]);
    return asks.map(({ id, purse }, index) => {
      const left = given.get(id) ?? 0;
      given.set(id, left - 1);
      return { ok: true, answer: waits[index] ?? (left > 0 ? 0 : purse.emptyUntil - performance.now()) };
    });
  }

  /** Asks the buckets for what is wanted now, and ahead as much as was spent lately; returns how many of the wanted came. */
  async #fill(wanting: [id: string, Wanting][]): Promise<Map<string, number>> {
    if (wanting.length === 0) return new Map();
    const sentAt = performance.now();
    const rows = await this.unitOfWork.query<{ key: string; granted: number; fullInMs: number }>(
      `WITH asked AS (
         SELECT key, interval '1 minute' / per_minute AS spacing, per_minute, wanted, ahead
           FROM unnest($1::text[], $2::int[], $3::int[], $4::int[]) AS a(key, per_minute, wanted, ahead)),
       lease AS (SELECT $5 * interval '1 millisecond' AS life)
       INSERT INTO http.rate_bucket AS b (key, full_at, granted)
       SELECT a.key, t.new_full_at, t.granted
         FROM asked a, lease, http.take_tokens(now(), now(), a.spacing, a.per_minute, a.wanted, a.ahead, life) t
        ORDER BY a.key
       ON CONFLICT (key) DO UPDATE SET (full_at, granted) = (
         SELECT t.new_full_at, t.granted
           FROM asked a, lease, http.take_tokens(b.full_at, now(), a.spacing, a.per_minute, a.wanted, a.ahead, life) t
          WHERE a.key = b.key)
       RETURNING key, granted, (extract(epoch FROM full_at - now()) * 1000)::float8 AS "fullInMs"`,
      [
        wanting.map(([id]) => id),
        wanting.map(([, { purse }]) => purse.limit.perMinute),
        wanting.map(([, { wanted }]) => wanted),
        wanting.map(([, { purse }]) => aheadOf(purse, sentAt)),
        LEASE_MS,
      ],
    );
    const rowOf = new Map(rows.map((row) => [row.key, row]));
    return new Map(
      wanting.map(([id, { purse, wanted }]) => {
        const { granted = 0, fullInMs = 0 } = rowOf.get(id) ?? {};
        const given = Math.min(granted, wanted);
        Object.assign(purse, { tokens: granted - given, until: sentAt + LEASE_MS, spent: given, askedAt: sentAt });
        const spacing = MINUTE_MS / purse.limit.perMinute;
        if (given < wanted) purse.emptyUntil = performance.now() + Math.max(fullInMs - MINUTE_MS + spacing, 1);
        return [id, given];
      }),
    );
  }
}

function aheadOf({ limit, spent, askedAt }: Purse, now: number): number {
  return askedAt + LEASE_MS > now ? Math.min(spent, Math.floor(limit.perMinute * MOST_AHEAD)) : 0;
}

/** What can be told without asking the bucket: 0 for a token spent, the wait while it is empty, undefined otherwise. */
function spendFrom(purse: Purse): Wait | undefined {
  const now = performance.now();
  if (purse.tokens > 0 && now < purse.until) {
    purse.tokens -= 1;
    purse.spent += 1;
    return 0;
  }
  return now < purse.emptyUntil ? purse.emptyUntil - now : undefined;
}

function refusal(limit: RateLimit, waitMs: number) {
  const retryAfterSeconds = Math.max(Math.ceil(waitMs / 1000), 1);
  const detail = `${limit.name}: at most ${limit.perMinute} a minute; try again in ${retryAfterSeconds} s`;
  return httpRefusal('rate-limited', detail, { limit: limit.name, retryAfterSeconds });
}
