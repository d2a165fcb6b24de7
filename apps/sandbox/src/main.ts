import { startSandbox, type RunningSandbox } from './sandbox';
import { settingsFrom } from './settings';

const STOP_WITHIN_MS = 1500;

let running: RunningSandbox | undefined;
let stopping = false;

async function start(): Promise<void> {
  try {
    running = await startSandbox(settingsFrom(process.env));
  } catch (error) {
    fail(explain(error as NodeJS.ErrnoException));
    return;
  }
  if (stopping) return void stop();
  process.stdout.write(`Sandbox ready at ${running.url}\n`);
  process.send?.({ ready: true, url: running.url });
}

async function stop(): Promise<void> {
  stopping = true;
  setTimeout(() => process.exit(0), STOP_WITHIN_MS).unref();
  if (!running) return;
  await running.close().catch((error: Error) => process.stderr.write(`sandbox: ${error.message}\n`));
  process.exit(0);
}

function fail(reason: string): void {
  process.stderr.write(`sandbox: ${reason}\n`);
  if (process.send && process.connected) process.send({ error: reason }, () => process.exit(1));
  else process.exit(1);
}

function explain(error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') return `SANDBOX_PORT is in use: ${error.message}`;
  if (error.code === 'EACCES' && error.syscall === 'listen') return `SANDBOX_PORT is not allowed: ${error.message}`;
  return error.message;
}

process.on('SIGTERM', () => void stop());
process.on('SIGINT', () => void stop());
if (process.send) process.on('disconnect', () => void stop());
void start();
