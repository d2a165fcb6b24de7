import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Kind = 'book' | 'ask' | 'cancel' | 'routes';
type Answer = [status: number, body: object];

/**
 * What a carrier does next instead of answering well. `cut-off-after` books and drops the connection; `no-number` books
 * and says 202; `hold` waits for `release()` and then books.
 */
export type Fault = 'no-number' | 'refuse' | 'break' | 'busy' | 'cut-off-after' | 'hold' | 'picked-up';

interface Call {
  kind: Kind;
  carrier: string;
  key: string | undefined;
  body: unknown;
}

/** A carrier over real HTTP, small enough to be understood at a glance. */
export class FakeCarrierServer {
  /** Routes by number, in the format of the carrier that is asked. */
  readonly routes = new Map<string, object>();
  readonly waybills = new Map<string, { number: string; status: 'booked' | 'cancelled' }>();
  #calls: Call[] = [];
  #faults = new Map<Kind, Fault[]>();
  #held: (() => void)[] = [];
  #numbers = 0;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  reset(): void {
    this.#calls = [];
    this.#faults.clear();
    this.routes.clear();
    this.waybills.clear();
  }

  next(kind: Kind, ...faults: Fault[]): void {
    this.#faults.set(kind, [...(this.#faults.get(kind) ?? []), ...faults]);
  }

  calls(kind: Kind): Call[] {
    return this.#calls.filter((call) => call.kind === kind);
  }

  release(): void {
    for (const go of this.#held.splice(0)) go();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const url = new URL(request.url ?? '/', 'http://carrier');
    const [, , carrier = '', , number = '', verb] = url.pathname.split('/');
    const kind: Kind = verb === 'cancel' || verb === 'routes' ? verb : request.method === 'POST' ? 'book' : 'ask';
    const key = request.headers['idempotency-key'] as string | undefined;
    this.#calls.push({ kind, carrier, key, body: text === '' ? undefined : JSON.parse(text) });
    const fault = this.#faults.get(kind)?.shift();
    if (fault === 'hold') await new Promise<void>((resolve) => this.#held.push(resolve));
    const answer = this.#answer(kind, fault, key ?? url.searchParams.get('orderId') ?? '', number);
    if (fault === 'cut-off-after') return void request.socket.destroy();
    response.writeHead(answer[0], { 'content-type': 'application/json' }).end(JSON.stringify(answer[1]));
  }

  #answer(kind: Kind, fault: Fault | undefined, orderId: string, number: string): Answer {
    if (fault === 'refuse') return [422, {}];
    if (fault === 'break') return [503, {}];
    if (fault === 'busy') return [429, {}];
    if (fault === 'picked-up') return [409, {}];
    if (kind === 'routes') return this.routes.has(number) ? [200, this.routes.get(number) as object] : [404, {}];
    if (kind === 'cancel') return this.#cancel(number);
    if (kind === 'ask') return this.waybills.has(orderId) ? [200, this.waybills.get(orderId) as object] : [404, {}];
    const known = this.waybills.get(orderId);
    const waybill = known ?? { number: `N${Date.now()}${++this.#numbers}`, status: 'booked' as const };
    this.waybills.set(orderId, waybill);
    if (fault === 'no-number') return [202, { status: 'pending' }];
    return [known ? 200 : 201, waybill];
  }

  #cancel(number: string): Answer {
    for (const waybill of this.waybills.values()) if (waybill.number === number) waybill.status = 'cancelled';
    return [200, { number, status: 'cancelled' }];
  }
}
