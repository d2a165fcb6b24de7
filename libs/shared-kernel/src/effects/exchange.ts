/** An HTTP exchange seen from what it may have caused on the other side. */
export type Exchange =
  | { kind: 'answer'; status: number; body: string }
  /** No connection came about: it had no effect. */
  | { kind: 'not-sent'; reason: string }
  /** It was sent and nothing, or half an answer, came back. */
  | { kind: 'no-answer'; reason: string };

const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

/** `fetch` that tells apart what callers must treat differently. */
export async function exchange(url: string, init: RequestInit & { signal: AbortSignal }): Promise<Exchange> {
  try {
    const response = await fetch(url, { ...init, redirect: 'error' });
    return { kind: 'answer', status: response.status, body: await response.text() };
  } catch (error) {
    const code = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).name;
    return { kind: NEVER_CONNECTED.has(code) ? 'not-sent' : 'no-answer', reason: code };
  }
}

/** The body as JSON; undefined when it is none. */
export function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
