import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';

/** Whether this process can take work now. */
@Injectable()
export class Readiness {
  #serving = false;
  readonly #parts = new Map<string, () => Promise<string | undefined>>();

  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Set when everything has started, and taken back as the first act of a stop. */
  set serving(value: boolean) {
    this.#serving = value;
  }

  /** Adds a part that is asked why it fails; undefined when it does not. */
  watch(part: string, failing: () => Promise<string | undefined>): void {
    this.#parts.set(part, failing);
  }

  /** Each part that fails, with why; empty when ready. */
  async failing(): Promise<Record<string, string>> {
    const failing: Record<string, string> = {};
    if (!this.#serving) failing.process = 'starting or stopping';
    try {
      await this.unitOfWork.query('SELECT 1');
    } catch {
      failing.database = 'cannot be reached';
    }
    for (const [part, reason] of this.#parts) {
      const why = await reason();
      if (why) failing[part] = why;
    }
    return failing;
  }
}
