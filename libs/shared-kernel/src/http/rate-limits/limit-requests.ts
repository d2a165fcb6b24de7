import { isIPv6 } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RateLimits } from './rate-limits';

/** Requests a minute of one caller; 0 is no limit. */
export interface RequestLimits {
  perAddress: number;
  /** By `X-Api-Key`, which nobody checks until authentication is in: it parts callers that behave. */
  perKey: number;
}

/** Limits the requests of each address and of each API key. What watches the process itself is never refused. */
export function limitRequests(
  fastify: FastifyInstance,
  limits: RateLimits,
  { perAddress, perKey }: RequestLimits,
): void {
  if (perAddress === 0 && perKey === 0) return;
  fastify.addHook('onRequest', async (request) => {
    if (isOfOperators(request)) return;
    const key = request.headers['x-api-key'];
    if (perAddress > 0) await limits.spend({ name: 'address', perMinute: perAddress }, networkOf(request.ip));
    if (perKey > 0 && typeof key === 'string' && key !== '')
      await limits.spend({ name: 'api-key', perMinute: perKey }, key);
  });
}

function isOfOperators({ routeOptions }: FastifyRequest): boolean {
  const route = routeOptions.url ?? '';
  return route.startsWith('/health') || route === '/metrics';
}

/** The customer behind an address: with IPv6 one has a whole /64, and could come from another of it with each request. */
export function networkOf(ip: string): string {
  if (!isIPv6(ip)) return ip;
  const mapped = /^::ffff:([\d.]+)$/i.exec(ip);
  if (mapped) return mapped[1] as string;
  const [head = '', tail] = (ip.split('%')[0] as string).split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail ? tail.split(':') : [];
  const groups =
    tail === undefined
      ? first
      : [...first, ...Array<string>(Math.max(8 - first.length - last.length, 0)).fill('0'), ...last];
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
