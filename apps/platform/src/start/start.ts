import { setImmediate as nextTurn } from 'node:timers/promises';
import { onCrashPoint } from '@tradewind/shared-kernel';
import { Complaint } from './complaint';
import { claimDataFolder, type DataFolder } from './data-folder';
import { startEmbeddedPostgres } from './embedded-postgres';
import { growSparingly } from './memory';
import { requireFreePort } from './ports';
import { startSandbox } from './sandbox-process';
import { loadSettings } from './load-settings';
import type { Settings } from './settings';
import { type Undo, undoAll } from './undo';

export interface RunningPlatform {
  /** One line that names the URLs to open. */
  announcement: string;
  /** Takes no new work, finishes what it has and leaves no process behind. */
  stop(): Promise<void>;
}

/**
 * Starts everything; what fails stops, in reverse, what had started before it. Told to stop meanwhile, it does the same as
 * soon as the step under way is done, and gives nothing.
 */
export async function start(env: NodeJS.ProcessEnv, stopping: AbortSignal): Promise<RunningPlatform | undefined> {
  growSparingly();
  const settings = loadSettings(env);
  armCrashPoint(settings.crashPoint);
  const undo: Undo[] = [];
  const stop = () => undoAll(undo);
  try {
    // First of all, so that a second start on one folder is told of the folder and not of a port.
    const folder = await claimed(settings, undo);
    await requireFreePort(settings.host, settings.port, 'PORT');
    if (settings.grpcPort) await requireFreePort(settings.host, settings.grpcPort, 'GRPC_PORT');
    const runsSandbox = settings.sandbox === 'on' && !settings.sandboxUrl;
    if (runsSandbox) await requireFreePort(settings.host, settings.sandboxPort, 'SANDBOX_PORT');

    const [databaseUrl, { serve }] = await Promise.all([
      folder ? embeddedDatabase(folder, undo, stopping) : (settings.databaseUrl as string),
      loadCode(),
      runsSandbox && sandboxProcess(settings, undo),
    ]);
    stopping.throwIfAborted();
    await serve(settings, databaseUrl, undo, stopping);
    return { announcement: announce(settings, runsSandbox), stop };
  } catch (error) {
    if (stopping.aborted) {
      await stop();
      return undefined;
    }
    await stop().catch(() => undefined);
    throw complaintOf(error, settings);
  }
}

/** Makes the process end at this place as by `kill -9`. */
function armCrashPoint(armed: Settings['crashPoint']): void {
  if (!armed) return;
  const [point, nth = '1'] = armed.split(':');
  let left = Number(nth);
  onCrashPoint((reached) => {
    if (reached === point && --left === 0) process.kill(process.pid, 'SIGKILL');
  });
}

/** The data folder of the embedded PostgreSQL; undefined with a DATABASE_URL. */
export async function claimed(settings: Settings, undo: Undo[]): Promise<DataFolder | undefined> {
  if (settings.databaseUrl) return undefined;
  const folder = await claimDataFolder(settings.dataDir);
  undo.push(() => folder.release());
  return folder;
}

export async function embeddedDatabase(folder: DataFolder, undo: Undo[], stopping: AbortSignal): Promise<string> {
  const starting = startEmbeddedPostgres(folder.path, [], stopping);
  undo.push(async () => (await starting.catch(() => undefined))?.stop());
  return (await starting).url;
}

async function sandboxProcess(settings: Settings, undo: Undo[]): Promise<void> {
  const sandbox = startSandbox(settings);
  undo.push(() => sandbox.stop());
  await sandbox.ready;
}

/**
 * Loads the code of the platform while PostgreSQL and the sandbox start in processes of their own. It takes most of a
 * second, and nothing else happens in this process meanwhile: in pieces, so that those two are attended to between them.
 */
async function loadCode(): Promise<typeof import('./serve')> {
  await nextTurn();
  await import('@tradewind/shared-kernel/persistence');
  await nextTurn();
  await import('@tradewind/trading');
  await nextTurn();
  return import('./serve.js');
}

function complaintOf(error: unknown, settings: Settings): unknown {
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
    return new Complaint(`port ${settings.port} on ${settings.host} is in use; set PORT to another one`);
  }
  return error;
}

function announce(settings: Settings, runsSandbox: boolean): string {
  const base = `http://${settings.host}:${settings.port}`;
  const sandbox = runsSandbox ? ` · sandbox http://${settings.host}:${settings.sandboxPort}` : '';
  const grpc = settings.grpcPort === 0 ? '' : ` · gRPC ${settings.host}:${settings.grpcPort}`;
  const mailbox = settings.smtpUrl ? '' : ` · mailbox ${base}/dev/mailbox`;
  return `Tradewind is ready: ${base} · reference ${base}/docs${grpc}${mailbox}${sandbox}`;
}
