import type { FastifyInstance } from 'fastify';

const routesOf = new WeakMap<object, { methods: string[]; pattern: RegExp }[]>();

/** Remembers every route, so that a wrong method on a known path is told apart from an unknown path. */
export function recordRoutes(fastify: FastifyInstance): void {
  const routes: { methods: string[]; pattern: RegExp }[] = [];
  routesOf.set(fastify.server, routes);
  fastify.addHook('onRoute', ({ method, url }) => {
    if (url.includes('*')) return;
    const path = url.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll(/:[A-Za-z]+/g, '[^/]+');
    routes.push({ methods: [method].flat(), pattern: new RegExp(`^${path}/?$`) });
  });
}

export function allowedMethods(fastify: FastifyInstance, url: string): string[] {
  const path = url.split('?')[0] ?? '';
  const methods = (routesOf.get(fastify.server) ?? [])
    .filter(({ pattern }) => pattern.test(path))
    .flatMap((route) => route.methods);
  return [...new Set(methods)].toSorted();
}
