import { AsyncLocalStorage } from 'node:async_hooks';

/** Who and what caused the code that runs now; found in every log line, event and problem document. */
export interface RequestContext {
  requestId: string | null;
  /** `anonymous`, `buyer:…`, `gateway:sandbox`, `subscription:logistics.book-shipment`, `worker:…` */
  actor: string;
  /** The event being handled. */
  causationId: string | null;
  /** W3C `traceparent` of the request, carried into what it causes. */
  trace?: string | null;
}

const NOBODY: RequestContext = { requestId: null, actor: 'system', causationId: null };
const storage = new AsyncLocalStorage<RequestContext>();

export function currentContext(): RequestContext {
  return storage.getStore() ?? NOBODY;
}

export function runInContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** Narrows who acts, for the rest of this request: a verified gateway, a named carrier. */
export function actAs(actor: string): void {
  const context = storage.getStore();
  if (context) context.actor = actor;
}
