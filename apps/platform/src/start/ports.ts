import { createServer } from 'node:net';
import { Complaint } from './complaint';

/** Complains early, before anything was started, when a port is taken. */
export async function requireFreePort(host: string, port: number, variable: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${error.code})`;
      reject(new Complaint(`port ${port} on ${host} ${why}; set ${variable} to another one`));
    });
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}

/** This port, or a free one when it is taken. */
export async function portOr(host: string, wished: number): Promise<number> {
  try {
    await requireFreePort(host, wished, '');
    return wished;
  } catch (error) {
    if (error instanceof Complaint) return freePort();
    throw error;
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
