import { Complaint } from './start/complaint';
import { start } from './start/start';

const STOP_WITHIN_MS = 9500;

async function main(): Promise<void> {
  const platform = await start(process.env);
  process.stdout.write(`${platform.announcement}\n`);
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    void platform.stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
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
