import { GroupCommit } from './group-commit';

/**
 * Reads together what is asked for together: keys collect while earlier reads are under way, then one call of `read` answers
 * them all, in their order. A read begins after it was asked for, so it sees everything that had committed by then.
 */
export class GroupRead<Key, Value> {
  readonly #group: GroupCommit<Key, Value>;

  constructor(read: (keys: Key[]) => Promise<Value[]>, options = { maxBatch: 100, concurrency: 2 }) {
    this.#group = new GroupCommit(async (members) => {
      const values = await read(members.map(({ command }) => command));
      return values.map((answer) => ({ ok: true, answer }));
    }, options);
  }

  find(key: Key): Promise<Value> {
    return this.#group.submit(key);
  }
}
