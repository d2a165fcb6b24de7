import { Socket } from 'node:net';
import { type ClientBase, types } from 'pg';
import type { DataSourceOptions, EntitySchema, MigrationInterface } from 'typeorm';

/** What a context adds to the database: its rows and the migrations of its own schema. */
export interface Persistence {
  entities: EntitySchema[];
  migrations: (new () => MigrationInterface)[];
}

export interface DatabaseSettings {
  url: string;
  /** Connections of this process. */
  poolSize: number;
}

const INT8 = types.builtins.INT8;

/** `bigint` columns become `bigint` values, never strings or inexact numbers. */
const typeParsers = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === INT8 && format !== 'binary' ? BigInt : types.getTypeParser(oid, format),
};

/**
 * Prepared statements keep the plan of their first days, when tables are small and reading one from end to end is cheap.
 * Ours touch a few rows by their keys, so that plans for anything else are not wanted: they would grow with the tables.
 */
const PLANS = ['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'jit']
  .map((name) => `-c ${name}=off`)
  .join(' ');

/** Longer than any statement may take: who has not heard from PostgreSQL for so long never will, milliseconds. */
const SILENT_MS = 45_000;

/** A network that forgot a connection ends nothing: a query would wait for ever, and with it all that waits for the query. */
function openSocket(): Socket {
  const socket = new Socket();
  return socket.setTimeout(SILENT_MS, () =>
    socket.destroy(new Error(`Connection terminated: silent for ${SILENT_MS} ms`)),
  );
}

/**
 * A pool stops listening to a connection as it hands it out, and whoever takes it listens a moment later: when PostgreSQL
 * ends the connection in between, nobody would hear the error, and that ends the process. The next query fails anyway.
 */
function surviveErrors(client: ClientBase): void {
  client.on('error', () => undefined);
}

/** Options of every connection: no statement, lock or forgotten transaction may hold others up for ever. */
export function connectionOptions(settings: DatabaseSettings) {
  return {
    connectionString: settings.url,
    max: settings.poolSize,
    connectionTimeoutMillis: 10_000,
    statement_timeout: 30_000,
    lock_timeout: 15_000,
    idle_in_transaction_session_timeout: 60_000,
    keepAlive: true,
    options: PLANS,
    application_name: 'tradewind',
    // Statements are sent without waiting for the answers to earlier ones; PostgreSQL runs them in order.
    pipeline: true,
    types: typeParsers,
    stream: openSocket,
    onConnect: surviveErrors,
  };
}

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

export function dataSourceOptions(settings: DatabaseSettings, parts: Persistence[]): PostgresOptions {
  const { connectionString, max, connectionTimeoutMillis, ...extra } = connectionOptions(settings);
  return {
    type: 'postgres',
    url: connectionString,
    poolSize: max,
    connectTimeoutMS: connectionTimeoutMillis,
    // Where the table of migrations stands, so that nothing of ours is in `public`.
    schema: 'tradewind',
    installExtensions: false,
    synchronize: false,
    entities: parts.flatMap((part) => part.entities),
    migrations: parts.flatMap((part) => part.migrations),
    migrationsTableName: 'migration',
    migrationsTransactionMode: 'each',
    extra,
  };
}
