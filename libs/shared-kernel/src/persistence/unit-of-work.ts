import { AsyncLocalStorage } from 'node:async_hooks';
import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { PoolClient, QueryConfig, QueryResult } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { crashPoint } from '../core/crash-points';
import { isTransient } from './postgres-errors';
import { statement, type Row } from './statement';

interface Transaction {
  manager: EntityManager;
  client: PoolClient;
  /** The last statements of the transaction: what was decided and published becomes rows. */
  beforeCommit: (() => Promise<unknown>)[];
  afterCommit: (() => void)[];
  state: Map<object, unknown>;
}

const current = new AsyncLocalStorage<Transaction>();
const ATTEMPTS = 4;
/**
 * Statements of a unit of work are planned once for all values. PostgreSQL would plan them anew as long as it thinks that a
 * plan for few values is cheaper, and planning takes as long as a small batch itself. So whatever the values are, each
 * statement has to reach its rows by a key. Lists and reports run outside, or say `SET LOCAL plan_cache_mode = auto`.
 */
const BEGIN = 'BEGIN; SET LOCAL plan_cache_mode = force_generic_plan';

/** One transaction for everything that runs inside `run`, without handing a connection around. */
@Injectable()
export class UnitOfWork {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Runs `work` in a transaction and commits it; a nested call joins the outer one. `work` runs again from its start when
   * PostgreSQL reports a deadlock or a serialization failure, so it must keep its effects in the database.
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    return this.#runAgain(work, BEGIN);
  }

  /** Like `run`, but waits for no lock longer than this, milliseconds: then `isOutOfTime` is true of what it throws. */
  async runWithin<T>(lockTimeoutMs: number, work: () => Promise<T>): Promise<T> {
    return this.#runAgain(work, `${BEGIN}; SET LOCAL lock_timeout = ${Math.ceil(lockTimeoutMs)}`);
  }

  async #runAgain<T>(work: () => Promise<T>, begin: string): Promise<T> {
    if (current.getStore()) return work();
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#transaction(work, begin);
      } catch (error) {
        if (attempt >= ATTEMPTS || !isTransient(error)) throw error;
      }
    }
  }

  /** Like `run`, but a deadlock is the caller's to see: for work that leaves marks outside its transaction. */
  async runOnce<T>(work: () => Promise<T>): Promise<T> {
    return current.getStore() ? work() : this.#transaction(work, BEGIN);
  }

  /** SQL in the current transaction, or by itself when there is none. Prepared once per connection. */
  async query<R extends Row>(text: string, values: unknown[] = []): Promise<R[]> {
    return this.#query(statement(text, values));
  }

  /**
   * Like `query`, planned anew each time: for `*` of a table, whose prepared plan breaks when a migration adds a column
   * while this process runs.
   */
  async queryUnprepared<R extends Row>(text: string, values: unknown[] = []): Promise<R[]> {
    return this.#query({ text, values });
  }

  /** The database's time: deadlines that several processes act on are measured by it, not by their own clocks. */
  async now(): Promise<Date> {
    const [row] = await this.query<{ now: Date }>('SELECT now() AS now');
    return (row as { now: Date }).now;
  }

  /** TypeORM's manager of the current transaction, or the default one. */
  get manager(): EntityManager {
    return current.getStore()?.manager ?? this.dataSource.manager;
  }

  get isActive(): boolean {
    return current.getStore() !== undefined;
  }

  /**
   * Registers what must be the last thing before commit; throws outside a unit of work. `work` sends its statements before
   * it waits for anything: they leave together with the COMMIT, in the order of registration. What it throws at once, it
   * throws before anything is committed; so it must not be an `async` function, whose errors would come too late.
   */
  beforeCommit(work: () => Promise<unknown>): void {
    this.#required().beforeCommit.push(work);
  }

  /** Registers what follows a commit (wake-ups); lost on a crash, so never the only way something happens. */
  afterCommit(work: () => void): void {
    this.#required().afterCommit.push(work);
  }

  /** What `owner` keeps for as long as the current transaction lasts; made when it first asks. */
  stateOf<T>(owner: object, make: () => T): T {
    const { state } = this.#required();
    if (!state.has(owner)) state.set(owner, make());
    return state.get(owner) as T;
  }

  async #query<R extends Row>(query: QueryConfig): Promise<R[]> {
    const pool = (this.dataSource.driver as unknown as { master: { query: PoolClient['query'] } }).master;
    const client = current.getStore()?.client;
    const { rows } = await (client ?? pool).query<R>(query);
    if (client) crashPoint('transaction.statement');
    return rows;
  }

  #required(): Transaction {
    const transaction = current.getStore();
    if (!transaction) throw new Error('outside a unit of work');
    return transaction;
  }

  async #transaction<T>(work: () => Promise<T>, begin: string): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    const client = (await runner.connect()) as PoolClient;
    const transaction: Transaction = {
      manager: runner.manager,
      client,
      beforeCommit: [],
      afterCommit: [],
      state: new Map(),
    };
    let committed: Promise<QueryResult> | undefined;
    try {
      inOnePacket(client); // with the first statements of the work
      const begun = client.query(begin);
      begun.catch(() => undefined); // what follows it fails as well
      Object.assign(runner, { isTransactionActive: true, transactionDepth: 1 }); // TypeORM takes no row locks otherwise
      const result = await current.run(transaction, async () => {
        const value = await work();
        crashPoint('transaction.before-commit');
        inOnePacket(client);
        const last = transaction.beforeCommit.map((send) => {
          const sent = send();
          sent.catch(() => undefined); // heard below, unless a later one throws at once
          return sent;
        });
        committed = client.query('COMMIT');
        committed.catch(() => undefined); // awaited below, when the statements before it are known to have succeeded
        // The first that was sent and failed is the cause; those behind it only tell that the transaction is aborted.
        const ends = await Promise.allSettled([begun, ...last]);
        const cause = ends.find((end) => end.status === 'rejected');
        if (cause) throw cause.reason;
        const { command } = await committed;
        // COMMIT of a failed transaction "succeeds" as a rollback: an error swallowed in `work` must not pass for success.
        if (command !== 'COMMIT') throw new Error('a statement failed inside the unit of work');
        return value;
      });
      crashPoint('transaction.after-commit');
      for (const after of transaction.afterCommit) after();
      return result;
    } catch (error) {
      await (committed ?? client.query('ROLLBACK')).catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }
}

/** What is sent in this turn of the event loop leaves together: a write to the network costs more than most statements. */
function inOnePacket(client: PoolClient): void {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  stream.cork();
  process.nextTick(() => stream.uncork());
}
