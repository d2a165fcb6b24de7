import type { Deadline } from '../persistence/group-commit';
import { httpRefusal } from './error-codes';

/**
 * Runs work within a time budget, milliseconds. Whatever it waits for, the answer is there in time; the work left behind asks
 * the deadline before it decides anything. What has begun to commit then may still commit: the key tells.
 */
export function withinBudget<T>(milliseconds: number, work: (deadline: Deadline) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    // An AbortController would do the same, for twenty times its price.
    const deadline: Deadline = { aborted: false, reason: undefined };
    const timer = setTimeout(() => {
      const refusal = httpRefusal('deadline-exceeded', `no answer within ${milliseconds} ms`);
      Object.assign(deadline, { aborted: true, reason: refusal });
      reject(refusal);
    }, milliseconds);
    work(deadline)
      .finally(() => clearTimeout(timer))
      .then(resolve, reject);
  });
}

/** Ends work that nobody waits for any more, before it has an effect. */
export function throwIfOver(deadline: Deadline | undefined): void {
  if (deadline?.aborted) throw deadline.reason;
}
