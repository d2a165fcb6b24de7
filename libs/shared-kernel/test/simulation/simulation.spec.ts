import { BREAKAGES } from './breakages';
import { simulate } from './simulate';

const SEEDS = 300;
const ENOUGH_TO_NOTICE = 3000;

describe('the simulated event log and network effects', () => {
  it(`keep every promise in ${SEEDS} schedules of crashes, delays, duplicates and losses`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { wrong } = await simulate(seed);
      expect({ seed, wrong }).toEqual({ seed, wrong: [] });
    }
  });

  it('are the same for the same seed', async () => {
    const [first, second] = [await simulate(7, {}, true), await simulate(7, {}, true)];
    expect(first.trace.length).toBeGreaterThan(100);
    expect(second.trace).toEqual(first.trace);
  });

  it.each(Object.entries(BREAKAGES))('notice %s', async (_what, breakage) => {
    let noticed: string[] = [];
    for (let seed = 1; noticed.length === 0 && seed <= ENOUGH_TO_NOTICE; seed++) {
      noticed = (await simulate(seed, breakage)).wrong;
    }
    expect(noticed).not.toEqual([]);
  });
});
