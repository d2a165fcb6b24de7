import path from 'node:path';
import { residentMiB } from './memory.mjs';
import { freePort, scratchFolder, sleep, startPlatform } from './processes.mjs';
import { median, spread } from './statistics.mjs';

/** Starts as an installation without settings does, with its own PostgreSQL and the sandbox. */
export async function measureFootprint({ quick, postgres, note }) {
  const rounds = quick ? 1 : 3;
  const settleMs = quick ? 3000 : 10_000;
  const ready = { nothing: [], existing: [] };
  const idle = [];
  for (let round = 0; round < rounds; round++) {
    const env = {
      DATABASE_URL: '',
      SANDBOX_URL: '',
      SANDBOX_PORT: String(await freePort()),
      TRADEWIND_DATA_DIR: path.join(scratchFolder(), `footprint-${round}`),
    };
    for (const from of ['nothing', 'existing']) {
      note(`footprint: from ${from}`);
      const platform = await startPlatform(postgres, 'postgres', { env });
      ready[from].push(platform.readyMs);
      if (from === 'existing') {
        await sleep(settleMs);
        idle.push(residentMiB(platform.pid));
      }
      await platform.stop();
    }
  }
  const row = (name, key, values) => ({
    name,
    main: { key, better: 'lower' },
    [key]: median(values),
    rounds: values,
    spread: rounds > 1 ? `${Math.round(spread(values) * 100)} %` : '',
  });
  return {
    title: 'Footprint: node dist/apps/platform/src/main.js without any setting, sandbox included',
    main: { key: 'ms', better: 'lower' },
    columns: { name: 'what', ms: 'ms', mib: 'MiB', spread: 'spread' },
    rows: [
      row('ready, from an empty folder', 'ms', ready.nothing),
      row('ready, with an existing data folder', 'ms', ready.existing),
      row(`resident memory of the platform, idle for ${settleMs / 1000} s`, 'mib', idle),
    ],
  };
}
