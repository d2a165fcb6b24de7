import { Complaint } from './start/complaint';
import { start } from './start/start';

const STOP_WITHIN_MS = 9500;

async function main(): Promise<void> {
  const stopping = new AbortController();
  const told = new Promise((resolve) => stopping.signal.addEventListener('abort', resolve));
  const stop = () => {
    if (stopping.signal.aborted) return;
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    stopping.abort();
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
  const platform = await start(process.env, stopping.signal);
  if (platform) {
    process.stdout.write(`${platform.announcement}\n`);
    await told;
    await platform.stop();
  }
  process.exit(0);
}

function fail(error: unknown): never {
  const text =
    error instanceof Complaint
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  process.stderr.write(`tradewind: ${text}\n`);
  process.exit(1);
}

main().catch(fail);
