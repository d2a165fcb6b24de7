import { CpuMeter, postgresCpu, processCpu } from './cpu.mjs';
import { startHelper, startPlatforms } from './processes.mjs';

/** Unpaid orders are asked about and expire: not while checkouts are measured, which nobody pays. */
const UNDISTURBED = { ASK_PAYMENT_SECONDS: '86400', HOLD_SECONDS: '86400' };

/**
 * Platforms on a database, and the generator that loads them. `load` resolves with what the generator measured and the
 * processor shares meanwhile; `placed` counts the orders it got. Any answer that was not expected fails the run.
 */
export async function openShop(bench, database, { replicas = bench.replicas, root } = {}) {
  const { note, postgres, backendPid, nodeArgs } = bench;
  note('platform');
  const platforms = await startPlatforms(replicas, postgres, database, { nodeArgs, root, env: UNDISTURBED });
  const generator = startHelper('./generator.mjs');
  const name = 'platform';
  const shop = { db: await postgres.connect(database), database, name, ...platforms, placed: 0 };

  shop.load = async (job, server = shop) => {
    const meter = new CpuMeter({
      [server.name]: processCpu(...server.pids),
      postgres: postgresCpu(backendPid),
      generator: processCpu(generator.pid),
    });
    let cpu;
    const heard = { measuring: () => meter.start(), measured: () => (cpu = meter.stop()) };
    const asked = { ports: server.ports, run: `run-${(openShop.runs = (openShop.runs ?? 0) + 1)}`, ...job };
    const result = await generator.call('load', asked, (phase) => heard[phase]());
    if (job.kind === 'checkout') shop.placed += result.expected;
    for (const [status, { count, body }] of Object.entries(result.unexpected)) {
      bench.failures.push(`${job.kind}, ${job.connections} connections: ${count} answers ${status} ${body}`);
    }
    return { ...result, cpu, threads: server.pids.length };
  };
  shop.close = async () => {
    await generator.stop();
    await platforms.stop();
  };
  return shop;
}
