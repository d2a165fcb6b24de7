import { httpRefusal } from './error-codes';

/** Runs work within a time budget, milliseconds. What has begun to commit then may still commit: the key tells. */
export async function withinBudget<T>(milliseconds: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = httpRefusal('deadline-exceeded', `no answer within ${milliseconds} ms`);
      abort.abort(error);
      reject(error);
    }, milliseconds);
  });
  try {
    return await Promise.race([work(abort.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
