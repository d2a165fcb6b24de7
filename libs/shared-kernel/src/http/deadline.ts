import type { Deadline } from '../persistence/group-commit';
import { httpRefusal } from './error-codes';

/** Runs work within a time budget, milliseconds. What has begun to commit then may still commit: the key tells. */
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
