import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Clock, isId } from '@tradewind/shared-kernel';
import type { EffectOutcome } from '@tradewind/shared-kernel/effects';
import { Channel, type Message } from '../../features/channel';

/** A message in the dev mailbox. */
export interface Letter extends Message {
  /** RFC 3339 UTC. */
  at: string;
}

const EXTENSION = '.json';
const SHOWN = 200;

/** Mail for people who develop: a folder with one file for each delivery, so that a repeat overwrites itself. */
export class DevMailbox extends Channel {
  constructor(
    private readonly folder: string,
    private readonly clock: Clock,
  ) {
    super();
  }

  async send(message: Message): Promise<EffectOutcome<void>> {
    try {
      await this.#write({ ...message, at: this.clock.now().toISOString() });
      return { kind: 'succeeded', result: undefined };
    } catch (error) {
      // Only the last step makes a file appear, so one that failed before left nothing.
      return { kind: 'not-done', reason: (error as NodeJS.ErrnoException).code?.toLowerCase() ?? 'file-error' };
    }
  }

  /** The newest letters, newest first. */
  async list(): Promise<Letter[]> {
    const names = await readdir(this.folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const ids = names.filter((name) => name.endsWith(EXTENSION)).map((name) => name.slice(0, -EXTENSION.length));
    // Identifiers begin with their time.
    const newest = ids
      .filter((id) => isId('ntf', id))
      .toSorted()
      .toReversed()
      .slice(0, SHOWN);
    const letters = await Promise.all(newest.map((id) => this.read(id)));
    return letters.filter((letter) => letter !== undefined);
  }

  /** Undefined when there is no such letter, or when this is no id: nothing else ever becomes part of a path. */
  async read(id: string): Promise<Letter | undefined> {
    if (!isId('ntf', id)) return undefined;
    try {
      return JSON.parse(await readFile(this.#fileOf(id), 'utf8')) as Letter;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  #fileOf(id: string): string {
    return path.join(this.folder, `${id}${EXTENSION}`);
  }

  /** A letter appears whole or not at all. It outlives the process; a power cut may take it, as this is for development. */
  async #write(letter: Letter): Promise<void> {
    const draft = path.join(this.folder, `.${letter.id}.${randomBytes(6).toString('hex')}`);
    const write = () => writeFile(draft, JSON.stringify(letter, null, 2), { flag: 'wx', mode: 0o600 });
    await write().catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      await write();
    });
    await rename(draft, this.#fileOf(letter.id));
  }
}
