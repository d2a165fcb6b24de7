import type { EffectBreakage } from './effects-scenario';
import type { Breakage } from './event-log-scenario';

/** Ways to get it wrong that were tried, or could be: each must be noticed, or the simulation proves nothing. */
export const BREAKAGES: Record<string, { log?: Breakage; effects?: EffectBreakage }> = {
  'a cursor that moves before its handler has committed': {
    log: {
      lane: (lane, log, { name }) => ({
        read: async (after, limit) => {
          const events = await Object.getPrototypeOf(lane).read.call(lane, after, limit);
          const cursor = log.cursor(name, events[0]?.lane ?? 0);
          if (events.length > 0 && cursor.position === after) cursor.position = events.at(-1)!.position;
          return events;
        },
      }),
    },
  },
  'later events that pass an earlier one of their aggregate': {
    log: { lane: () => ({ setAsideOf: () => Promise.resolve([]) }) },
  },
  'a retry of what the cursor has not passed': {
    log: {
      lane: (lane, log, { name }) => ({
        read: async (after, limit) => {
          const { cursor } = lane as unknown as { cursor: { lane: number } };
          for (const row of log.parkedOf(name, cursor.lane)) row.dueAt ??= 0;
          return Object.getPrototypeOf(lane).read.call(lane, after, limit);
        },
      }),
    },
  },
  'a failed event that does not let the next one follow': {
    log: {
      lane: (_lane, log, { name }) => ({
        forget: ({ lane, position }) => Promise.resolve(log.unpark(name, lane, position)),
      }),
    },
  },
  'positions drawn before the commit, as from an identity column': { log: { drawsPositions: true } },
  'two processes on one lane of a subscription': { log: { sharesLanes: true } },
  'a begun batch that leaves no mark': { log: { marks: { batchBegun: () => Promise.resolve() } } },
  'attempts that are not counted before they are made': {
    log: { marks: { firstAttempted: () => Promise.resolve(), attempted: () => Promise.resolve() } },
  },
  'a call where a question was due': {
    effects: (rows) => {
      const claim = rows.claim.bind(rows);
      return {
        claim: async (limit, claimMs) => (await claim(limit, claimMs)).map((row) => ({ ...row, wasRequested: true })),
      };
    },
  },
  'an outcome recorded under an older claim': {
    effects: (rows, effects) => {
      const record = rows.record.bind(rows);
      return {
        record: (ends, alsoWrite) =>
          record(
            ends.map((end) => ({ ...end, row: { ...end.row, fence: effects.rows.get(end.row.id)!.fence } })),
            alsoWrite,
          ),
      };
    },
  },
  'a claim that never ends': {
    effects: (rows) => {
      const claim = rows.claim.bind(rows);
      return { claim: (limit) => claim(limit, Infinity) };
    },
  },
  'consequences that are written beside the outcome': {
    effects: (rows) => {
      const record = rows.record.bind(rows);
      return {
        record: async (ends, alsoWrite) => {
          await record(ends, () => Promise.resolve());
          await record(ends, alsoWrite);
        },
      };
    },
  },
};
