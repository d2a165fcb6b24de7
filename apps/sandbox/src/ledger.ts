import { appendFileSync, closeSync, ftruncateSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Books, type Entry } from './books';

/**
 * The books on disk, as JSON lines: one line holds all entries of one change, so a crash leaves a change whole or absent.
 * Writing is synchronous: what was decided is on file before anybody is told, and no two decisions interleave.
 * It survives the death of the process, not of the machine (no fsync).
 */
export class Ledger {
  readonly books = new Books();
  readonly #file: number;
  #length: number;
  #torn: boolean;

  /** Opens `<dataDir>/sandbox/ledger.jsonl` and replays it. Throws when a line other than a torn last one is unreadable. */
  constructor(dataDir: string) {
    const directory = path.join(dataDir, 'sandbox');
    mkdirSync(directory, { recursive: true });
    const file = path.join(directory, 'ledger.jsonl');
    this.#file = openSync(file, 'a+');
    const bytes = readFileSync(file);
    this.#length = bytes.lastIndexOf('\n') + 1;
    this.#torn = this.#length < bytes.length;
    this.#replay(bytes.toString('utf8', 0, this.#length), file);
  }

  /** Writes the entries as one change, then applies them. */
  record(...entries: Entry[]): void {
    const line = Buffer.from(`${JSON.stringify(entries)}\n`);
    if (this.#torn) ftruncateSync(this.#file, this.#length);
    this.#torn = true;
    appendFileSync(this.#file, line);
    this.#torn = false;
    this.#length += line.length;
    for (const entry of entries) this.books.apply(entry);
  }

  close(): void {
    closeSync(this.#file);
  }

  #replay(text: string, file: string): void {
    for (const [index, line] of text.split('\n').entries()) {
      if (line === '') continue;
      try {
        for (const entry of JSON.parse(line) as Entry[]) this.books.apply(entry);
      } catch (error) {
        throw new Error(`${file}, line ${index + 1} cannot be read: ${(error as Error).message}`, { cause: error });
      }
    }
  }
}
