import { isUnavailable, migrate, sqlState, UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { crashPoint, onCrashPoint } from '@tradewind/shared-kernel';
import { Workers } from '@tradewind/shared-kernel/messaging';
import { seedDemoCatalogue } from '@tradewind/trading';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from '../create-app';
import { Readiness } from '../http/readiness';
import { databaseSettings, persistence } from '../platform.module';
import { Complaint } from './complaint';
import { claimDataFolder, type DataFolder } from './data-folder';
import { startEmbeddedPostgres } from './embedded-postgres';
import { requireFreePort } from './ports';
import { startSandbox } from './sandbox-process';
import { loadSettings, type Settings } from './settings';

export interface RunningPlatform {
  /** One line that names the URLs to open. */
  announcement: string;
  /** Takes no new work, finishes what it has and leaves no process behind. */
  stop(): Promise<void>;
}

/**
 * Starts everything in order; what fails stops, in reverse, what had started before it. Told to stop meanwhile, it does
 * the same as soon as the step under way is done, and gives nothing.
 */
export async function start(env: NodeJS.ProcessEnv, stopping: AbortSignal): Promise<RunningPlatform | undefined> {
  const settings = loadSettings(env);
  armCrashPoint(settings.crashPoint);
  const undo: Undo[] = [];
  const stop = () => undoAll(undo);
  try {
    // First of all, so that a second start on one folder is told of the folder and not of a port.
    const folder = await claimed(settings, undo);
    await requireFreePort(settings.host, settings.port, 'PORT');
    const runsSandbox = settings.sandbox === 'on' && !settings.sandboxUrl;
    if (runsSandbox) await requireFreePort(settings.host, settings.sandboxPort, 'SANDBOX_PORT');

    const databaseUrl = folder ? await embeddedDatabase(folder, undo, stopping) : (settings.databaseUrl as string);
    stopping.throwIfAborted();
    await migrateOrComplain(settings, databaseUrl);
    stopping.throwIfAborted();

    const app = await createApp(settings, databaseUrl);
    const workers = app.get(Workers);
    const readiness = app.get(Readiness);
    undo.push(() => app.close());
    undo.push(async () => {
      await workers.stop();
      crashPoint('stop.workers-ended');
    });
    undo.push(() => stopListening(app));
    undo.push(() => {
      readiness.serving = false;
      crashPoint('stop.begun');
    });
    if (settings.seed === 'demo') await seedDemoCatalogue(app.get(UnitOfWork));
    await app.listen(settings.port, settings.host);
    if (runsSandbox) {
      const sandbox = await startSandbox(settings);
      undo.unshift(() => sandbox.stop());
    }
    stopping.throwIfAborted();
    await workers.start();
    stopping.throwIfAborted();
    readiness.serving = true;
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

/** How long a client may take to finish what it began to ask, milliseconds. */
const CLIENT_PATIENCE_MS = 2000;

/** Takes no new connection and answers what was asked; whoever does not come to an end is cut off. */
async function stopListening(app: NestFastifyApplication): Promise<void> {
  const { server } = app.getHttpAdapter().getInstance();
  const impatient = setTimeout(() => server.closeAllConnections(), CLIENT_PATIENCE_MS);
  await app.getHttpAdapter().close();
  clearTimeout(impatient);
}

type Undo = () => Promise<void> | void;

/** The last first, and all of them: one that fails must not leave the others, a database server among them, running. */
async function undoAll(undo: Undo[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of undo.splice(0).toReversed()) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0)
    throw new AggregateError(failures, `the stop was not clean: ${failures.map(String).join('; ')}`);
}

/** The data folder of the embedded PostgreSQL; undefined with a DATABASE_URL. */
async function claimed(settings: Settings, undo: Undo[]): Promise<DataFolder | undefined> {
  if (settings.databaseUrl) return undefined;
  const folder = await claimDataFolder(settings.dataDir);
  undo.push(() => folder.release());
  return folder;
}

async function embeddedDatabase(folder: DataFolder, undo: Undo[], stopping: AbortSignal): Promise<string> {
  const postgres = await startEmbeddedPostgres(folder.path, [], stopping);
  undo.push(() => postgres.stop());
  return postgres.url;
}

async function migrateOrComplain(settings: Settings, url: string): Promise<void> {
  try {
    await migrate(databaseSettings(settings, url), persistence);
  } catch (error) {
    const state = sqlState(error);
    const { message, syscall } = error as NodeJS.ErrnoException;
    const isOutOfReach = isUnavailable(error) || syscall === 'getaddrinfo' || syscall === 'connect';
    if (isOutOfReach || /^(28|3D|42501|ERR_)/.test(state ?? '') || message.includes('SSL')) {
      const where = new URL(url);
      throw new Complaint(
        `DATABASE_URL: PostgreSQL at ${where.hostname}:${where.port || 5432} cannot be used: ${reason(error)}`,
      );
    }
    throw error;
  }
}

const reason = (error: unknown): string => {
  const state = sqlState(error) ?? 'no answer';
  if (state.startsWith('28')) return 'it refuses the user or password';
  if (state === '42501') return 'the user may not create schemas in it';
  if (state === '3D000') return 'there is no such database';
  return state;
};

function complaintOf(error: unknown, settings: Settings): unknown {
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
    return new Complaint(`port ${settings.port} on ${settings.host} is in use; set PORT to another one`);
  }
  return error;
}

function announce(settings: Settings, runsSandbox: boolean): string {
  const base = `http://${settings.host}:${settings.port}`;
  const sandbox = runsSandbox ? ` · sandbox http://${settings.host}:${settings.sandboxPort}` : '';
  const mailbox = settings.smtpUrl ? '' : ` · mailbox ${base}/dev/mailbox`;
  return `Tradewind is ready: ${base} · reference ${base}/docs${mailbox}${sandbox}`;
}
