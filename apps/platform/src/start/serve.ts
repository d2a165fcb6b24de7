import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { crashPoint } from '@tradewind/shared-kernel';
import { Workers } from '@tradewind/shared-kernel/messaging';
import { isUnavailable, migrate, sqlState, UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { seedDemoBuyer, seedDemoCatalogue, seedDemoPromotion } from '@tradewind/trading';
import { createApp } from '../create-app';
import { Readiness } from '../http/readiness';
import { databaseSettings, persistence } from '../platform.module';
import { Complaint } from './complaint';
import { type GrpcServer, startGrpc } from './grpc';
import { releaseMemory } from './memory';
import { portOr } from './ports';
import type { Settings } from './settings';
import type { Undo } from './undo';

/** The one that gRPC tools try first. */
const DEFAULT_GRPC_PORT = 50_051;

/**
 * Brings the database up to date and the application to work on it, and adds to `undo` how each step is taken back.
 * Importing this file loads all of the platform's code.
 */
export async function serve(
  settings: Settings,
  databaseUrl: string,
  undo: Undo[],
  stopping: AbortSignal,
): Promise<void> {
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
  let grpc: GrpcServer | undefined;
  undo.push(async () => {
    await Promise.all([stopListening(app), grpc?.stop()]);
  });
  undo.push(() => {
    readiness.serving = false;
    crashPoint('stop.begun');
  });
  if (settings.seed === 'demo') {
    await seedDemoCatalogue(app.get(UnitOfWork));
    await seedDemoBuyer(app.get(UnitOfWork));
    await seedDemoPromotion(app.get(UnitOfWork));
  }
  await releaseMemory(); // stops everything for a tenth of a second: before anyone waits
  // Nobody who did not ask for it is kept from a second process on one machine.
  settings.grpcPort ??= await portOr(settings.host, DEFAULT_GRPC_PORT);
  if (settings.grpcPort) {
    const started = await startGrpc(app, settings.host, settings.grpcPort);
    readiness.watch('grpc', () => started.failing());
    grpc = started;
  }
  await app.listen(settings.port, settings.host);
  stopping.throwIfAborted();
  await workers.start();
  stopping.throwIfAborted();
  readiness.serving = true;
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
