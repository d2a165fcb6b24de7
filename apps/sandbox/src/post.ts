const TIMEOUT_MS = 5000;

export interface Letter {
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** A way in which a report can be wrong. */
export type Spoiled = 'garbage' | 'bad-signature';

/** How one stand-in speaks to the platform, and which answer it takes for an acknowledgement. */
export interface Channel {
  letter(content: string, spoiled?: Spoiled): Letter;
  /** Of the text of a 2xx answer. */
  acknowledges(answer: string): boolean;
}

/** `refused`: the platform understood and said no, so insisting is of little use. `failed`: it may go well next time. */
export type Verdict = 'acknowledged' | 'refused' | 'failed';

/** Sends once. Whatever goes wrong on the way is a `failed`. */
export async function post(channel: Channel, content: string, stop: AbortSignal, spoiled?: Spoiled): Promise<Verdict> {
  if (stop.aborted) return 'failed';
  const { url, headers, body } = channel.letter(content, spoiled);
  const attempt = new AbortController();
  const breakOff = () => attempt.abort();
  const timeout = setTimeout(breakOff, TIMEOUT_MS);
  stop.addEventListener('abort', breakOff);
  try {
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: attempt.signal });
    const answer = await response.text();
    if (response.ok) return channel.acknowledges(answer) ? 'acknowledged' : 'failed';
    return isRefusal(response.status) ? 'refused' : 'failed';
  } catch {
    return 'failed';
  } finally {
    clearTimeout(timeout);
    stop.removeEventListener('abort', breakOff);
  }
}

function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}
