import { isIP } from 'node:net';

const NAMED = ['loopback', 'linklocal', 'uniquelocal'];

/** One proxy as Fastify takes it: an address, a network or the name of such. Throws what is expected. */
export function trustedProxy(proxy: string): string {
  const [address = '', bits, ...rest] = proxy.split('/');
  const most = isIP(address) === 6 ? 128 : 32;
  const isNetwork = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most && rest.length === 0);
  if (!NAMED.includes(proxy) && !(isIP(address) && isNetwork)) {
    throw new Error('IP addresses, networks such as 10.0.0.0/8, loopback, linklocal or uniquelocal, comma separated');
  }
  return proxy;
}
