/** How a store in memory waits: whoever runs it decides when, and whether, each of its steps happens. */
export interface Steps {
  /** One round trip to the database; a connection that breaks in it ends the transaction. */
  step<T>(name: string, execute: () => T, transaction?: MemoryTransaction): Promise<T>;
  /** The database's time, milliseconds. */
  now(): number;
  /** Tells of a transaction, so that the end of its process can end it. */
  began(transaction: MemoryTransaction): void;
}

/** Every step happens at once. */
export const atOnce: Steps = {
  step: async (_name, execute) => execute(),
  now: () => Date.now(),
  began: () => undefined,
};

/** What was written becomes true at the commit; what was locked is free after the end. */
export class MemoryTransaction {
  private readonly writes: (() => void)[] = [];
  private readonly releases: (() => void)[] = [];
  private isOpen = true;

  write(write: () => void): void {
    this.requireOpen();
    this.writes.push(write);
  }

  holds(release: () => void): void {
    this.releases.push(release);
  }

  commit(): void {
    this.requireOpen();
    for (const write of this.writes) write();
    this.end();
  }

  rollBack(): void {
    if (this.isOpen) this.end();
  }

  requireOpen(): void {
    if (!this.isOpen) throw Object.assign(new Error('the connection broke'), { code: '08006' });
  }

  private end(): void {
    this.isOpen = false;
    for (const release of this.releases) release();
  }
}

/** Runs `work` and commits what it wrote; whatever it throws rolls everything back. */
export async function inTransaction<T>(steps: Steps, work: (transaction: MemoryTransaction) => Promise<T>): Promise<T> {
  const transaction = new MemoryTransaction();
  steps.began(transaction);
  try {
    const result = await work(transaction);
    await steps.step('commit', () => transaction.commit(), transaction);
    return result;
  } catch (error) {
    transaction.rollBack();
    throw error;
  }
}
