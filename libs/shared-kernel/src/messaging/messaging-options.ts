import type { DatabaseSettings } from '../persistence/data-source';

/** How this process delivers events. */
export class MessagingOptions {
  /** Where the attempt marks are written, beside the transaction that they describe. */
  database: DatabaseSettings;
  /** Off in a process that only appends. */
  deliver = true;
  /** Lanes that this process works on at the same time, each on a connection of its own. */
  workers = 4;
  /** Most events that one transaction delivers. */
  batchSize = 200;
  /** Attempts of one event before it is parked. */
  maxAttempts = 6;
  /** Wait after the first failed attempt, milliseconds; doubles each time up to `maxBackoffMs`. */
  backoffMs = 500;
  maxBackoffMs = 60_000;
  /** How often events of other processes are looked for, milliseconds: while there is news of them, and at least. */
  pollMs = { busy: 50, idle: 250 };

  constructor(database: DatabaseSettings, overrides: Partial<MessagingOptions> = {}) {
    this.database = database;
    Object.assign(this, overrides);
  }
}
