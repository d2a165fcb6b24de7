import { type EffectRecord, type EffectRows, FencedOff } from '../src/effects/effect-rows';
import type { EffectRow } from '../src/effects/network-effect';

export interface OpenedEffects {
  rows: EffectRows<EffectRow>;
  /** Adds a row that is due now, as `requested` unless told otherwise. */
  request(id: string, state?: 'requested' | 'sent' | 'unknown'): Promise<void>;
  stateOf(id: string): Promise<{ state: string; isDueAgain: boolean; lastError: string | null }>;
}

const ROW = '00000000-0000-7000-8000-000000000001';
const OTHER = '00000000-0000-7000-8000-000000000002';
const HOUR = 3_600_000;
const nothing = () => Promise.resolve();
const record = (state: EffectRecord['state'], dueInMs: number | null, lastError: string | null = null) => ({
  ...{ state, dueInMs, lastError },
});

/** What the worker relies on, wherever the rows are kept. */
export function describeEffectRows(name: string, open: () => Promise<OpenedEffects>): void {
  describe(`rows of network effects in ${name}`, () => {
    let store: OpenedEffects;
    const end = (row: EffectRow, record: EffectRecord, alsoWrite = nothing) =>
      store.rows.record([{ row, record }], alsoWrite);
    const claimOne = async () => (await store.rows.claim(1, HOUR))[0]!;

    beforeEach(async () => {
      store = await open();
    });

    it('are claimed once: the attempt is counted, the token raised, the request sent', async () => {
      await store.request(ROW);
      expect(await claimOne()).toMatchObject({ wasRequested: true, row: { id: ROW, attempts: 1, asks: 0, fence: 1 } });
      expect(await store.stateOf(ROW)).toMatchObject({ state: 'sent', isDueAgain: true });
      expect(await store.rows.claim(1, HOUR)).toEqual([]);
    });

    it('are to be asked about when an earlier attempt left no outcome', async () => {
      await store.request(ROW, 'sent');
      expect(await claimOne()).toMatchObject({ wasRequested: false, row: { attempts: 1, asks: 1 } });
    });

    it('are claimed up to a limit', async () => {
      await store.request(ROW);
      await store.request(OTHER);
      expect(await store.rows.claim(1, HOUR)).toHaveLength(1);
      expect(await store.rows.claim(5, HOUR)).toHaveLength(1);
    });

    it('take an outcome and are due as it says', async () => {
      await store.request(ROW);
      await end((await claimOne()).row, record('requested', 0, 'busy'));
      expect(await store.stateOf(ROW)).toEqual({ state: 'requested', isDueAgain: true, lastError: 'busy' });
      const { row } = await claimOne();
      expect(row).toMatchObject({ attempts: 2, fence: 2 });
      await end(row, record('succeeded', null));
      expect(await store.stateOf(ROW)).toEqual({ state: 'succeeded', isDueAgain: false, lastError: null });
    });

    it('take no outcome under an older token, nor once they are settled', async () => {
      await store.request(ROW);
      const { row } = await claimOne();
      await expect(end({ ...row, fence: 0 }, record('failed', null))).rejects.toThrow(FencedOff);
      await end(row, record('succeeded', null));
      await expect(end(row, record('unknown', 0))).rejects.toThrow(FencedOff);
      expect(await store.stateOf(ROW)).toMatchObject({ state: 'succeeded' });
    });

    it('keep nothing of an outcome whose consequences fail', async () => {
      await store.request(ROW);
      const { row } = await claimOne();
      const failed = end(row, record('succeeded', null), () => Promise.reject(new Error('no such order')));
      await expect(failed).rejects.toThrow('no such order');
      expect(await store.stateOf(ROW)).toMatchObject({ state: 'sent', isDueAgain: true });
    });

    it('take several outcomes together, or none of them when one is fenced off', async () => {
      await store.request(ROW);
      await store.request(OTHER);
      const ends = (await store.rows.claim(2, HOUR)).map(({ row }) => ({ row, record: record('succeeded', null) }));
      const stale = ends.map((one, index) => (index === 1 ? { ...one, row: { ...one.row, fence: 0 } } : one));
      await expect(store.rows.record(stale, nothing)).rejects.toThrow(FencedOff);
      for (const id of [ROW, OTHER]) expect(await store.stateOf(id)).toMatchObject({ state: 'sent' });
      await store.rows.record(ends, nothing);
      for (const id of [ROW, OTHER]) expect(await store.stateOf(id)).toMatchObject({ state: 'succeeded' });
    });
  });
}
