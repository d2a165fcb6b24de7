import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Complaint } from './complaint';

/** A data folder that this process alone uses until `release`. */
export interface DataFolder {
  path: string;
  release(): void;
}

/**
 * Claims a folder by listening on a socket named after it: the system frees the claim when the process ends, however it
 * ends, so there is nothing stale to clean up.
 */
export async function claimDataFolder(folder: string): Promise<DataFolder> {
  try {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o755); // PostgreSQL's own user passes through when we are root
  } catch (error) {
    throw new Complaint(`the data folder ${folder} cannot be made: ${(error as NodeJS.ErrnoException).code}`);
  }
  const real = realpathSync(path.resolve(folder));
  const name = `tradewind-${createHash('sha256').update(real).digest('hex').slice(0, 24)}`;
  const address = process.platform === 'linux' ? `\0${name}` : path.join(tmpdir(), `${name}.sock`);
  const server = (await listen(address)) ?? (await listenAfterCleanUp(address));
  if (!server)
    throw new Complaint(`the data folder ${folder} is in use by another Tradewind; stop it or set TRADEWIND_DATA_DIR`);
  server.unref();
  return { path: real, release: () => void server.close() };
}

function listen(address: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', () => resolve(undefined)).listen(address, () => resolve(server));
  });
}

/** A socket file without a listener is left over from a killed process (never so on Linux, where names vanish). */
async function listenAfterCleanUp(address: string): Promise<Server | undefined> {
  if (address.startsWith('\0')) return undefined;
  const answered = await new Promise<boolean>((resolve) => {
    const probe = connect(address, () => resolve(true)).once('error', () => resolve(false));
    probe.unref();
  });
  if (answered) return undefined;
  rmSync(address, { force: true });
  return listen(address);
}
