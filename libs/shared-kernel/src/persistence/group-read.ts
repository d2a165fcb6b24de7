import { GroupCommit } from './group-commit';

/**
 * Reads together what is asked for together: keys collect while earlier reads are under way, then one call of `read` answers
 * them all. A read begins after it was asked for, so it sees everything that had committed by then. For reads outside any
 * unit of work: those of several callers share one.
 */
export class GroupRead<Key, Value> {
  readonly #group: GroupCommit<Key, Value | undefined>;

  constructor(read: (keys: Key[]) => Promise<ReadonlyMap<Key, Value>>, options = { maxBatch: 100, concurrency: 2 }) {
    this.#group = new GroupCommit(async (members) => {
      const values = await read([...new Set(members.map(({ command }) => command))]);
      return members.map(({ command }) => ({ ok: true, answer: values.get(command) }));
    }, options);
  }

  /** Undefined when the read found nothing for this key. */
  find(key: Key): Promise<Value | undefined> {
    return this.#group.submit(key);
  }
}
