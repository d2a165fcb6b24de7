import { Complaint } from './start/complaint';
import { start } from './start/start';

const STOP_WITHIN_MS = 9500;

async function main(): Promise<void> {
  const [command, ...words] = process.argv.slice(2);
  if (command === 'drop-events') {
    const { dropOldEvents } = await import('./drop-events.js');
    process.stdout.write(`${await dropOldEvents(words, process.env)}\n`);
  } else if (command === undefined) await run();
  else
    throw new Complaint(`there is no command ${command}; there is drop-events, and none at all to start the platform`);
  process.exit(0);
}

/** The platform, until it is told to stop. */
async function run(): Promise<void> {
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
