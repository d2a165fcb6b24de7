import type { ContractEventClass } from '@tradewind/shared-kernel';
import type { AttemptMarks } from '../src/messaging/attempt-marks';
import type { Attempt, ClaimedLane, EventPlace, Lanes } from '../src/messaging/lanes';
import type { DurableSubscription } from '../src/messaging/subscription';
import { counterId, Ticked, Tocked } from './event-log-app';

export interface OpenedStore {
  lanes: Lanes;
  marks: AttemptMarks;
  /** Commits events of counters of lane 3, each the next of its lane; `counter` 0, 1, … tells them apart. */
  append(...events: { type: 'tick' | 'tock'; counter: number }[]): Promise<void>;
  close(): Promise<void>;
}

const LANE = 3;
const HOUR = 3_600_000;
export const counterOfLane = (counter: number) => counterId(LANE + 16 * counter);

const subscription = (name: string, ...classes: ContractEventClass[]): DurableSubscription => ({
  name,
  startFrom: 'beginning',
  events: new Map(classes.map((type) => [type.type, type])),
  handler: { handle: () => Promise.resolve() },
});
const ticks = subscription('testing.ticks', Ticked);
const place = (position: bigint, counter: number): EventPlace => ({
  ...{ lane: LANE, position, aggregateId: counterOfLane(counter), type: Ticked.type },
});
const attempt = (number: number, dueInMs = 0, status: Attempt['status'] = 'retrying') => ({ number, dueInMs, status });

/** What delivery relies on, whatever keeps the log. */
export function describeLanes(name: string, open: () => Promise<OpenedStore>): void {
  describe(`lanes in ${name}`, () => {
    let store: OpenedStore;
    const claim = <T>(work: (lane: ClaimedLane) => Promise<T>, taker = ticks) => store.lanes.claim(taker, LANE, work);
    const tick = (counter = 0) => ({ type: 'tick' as const, counter });
    const tock = (counter = 0) => ({ type: 'tock' as const, counter });
    const moveTo = (position: bigint) => claim((lane) => lane.moveTo(position));
    const position = () => claim((lane) => Promise.resolve(lane.position));
    const behind = async (taker = ticks) => store.lanes.behind([taker]);
    const due = () => claim((lane) => lane.firstDue());
    const setAside = async (event: EventPlace, next: Attempt) => {
      await store.marks.firstAttempted(ticks.name, event);
      await claim((lane) => lane.settleMark(event.position, next));
    };

    beforeEach(async () => {
      store = await open();
      await store.lanes.recordTypes(ticks);
      await store.lanes.open(ticks);
    });
    afterEach(() => store.close());

    it('are held by one transaction at a time', async () => {
      let letGo = (): void => undefined;
      const held = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      let first: Promise<unknown> = held;
      await new Promise<void>((holding) => {
        first = claim(() => {
          holding();
          return held;
        });
      });
      expect(await position()).toBe('taken');
      expect(await store.lanes.claim(ticks, LANE + 1, (lane) => Promise.resolve(lane.position))).toBe(0n);
      letGo();
      await first;
      expect(await position()).toBe(0n);
    });

    it('keep nothing of a claim that fails', async () => {
      await store.append(tick(), tick());
      const failed = claim(async (lane) => {
        await lane.setBehind([place(2n, 0)]);
        await lane.moveTo(2n);
        throw new Error('changed my mind');
      });
      await expect(failed).rejects.toThrow('changed my mind');
      expect(await claim(async (lane) => [lane.position, await lane.setAsideOf([counterOfLane(0)])])).toEqual([0n, []]);
    });

    it('give events in order, payloads of the subscribed types only', async () => {
      await store.append(tick(), tock(1), tick(1));
      const events = await claim((lane) => lane.read(0n, 10));
      expect(events).toMatchObject([
        { position: 1n, aggregateId: counterOfLane(0), version: 1, payload: { n: 1 }, elsewhere: false },
        { position: 2n, type: Tocked.type, payload: null, elsewhere: false },
        { position: 3n, aggregateId: counterOfLane(1), version: 2 },
      ]);
      expect(await claim((lane) => lane.read(1n, 1))).toMatchObject([{ position: 2n }]);
    });

    it('tell what only another version of the subscription takes', async () => {
      expect(await store.lanes.recordTypes(subscription(ticks.name, Tocked))).toEqual([Ticked.type, Tocked.type]);
      await store.append(tock(), tick());
      expect(await claim((lane) => lane.read(0n, 10))).toMatchObject([{ elsewhere: true }, { elsewhere: false }]);
      expect(await behind()).toEqual([]);
    });

    it('are behind while there is an event to deliver, or one is missing', async () => {
      await store.append(tock());
      expect(await behind()).toEqual([]);
      await store.append(tick());
      expect(await behind()).toEqual([{ subscription: ticks.name, lane: LANE, retry: false }]);
      await moveTo(2n);
      expect(await behind()).toEqual([]);
    });

    it('begin for a new subscription at the first event, or at its first start, and once', async () => {
      await store.append(tick(), tick());
      const late = { ...subscription('testing.late', Ticked), startFrom: 'now' as const };
      await store.lanes.open(late);
      await store.append(tick());
      await store.lanes.open(late);
      expect(await claim((lane) => Promise.resolve(lane.position), late)).toBe(2n);
    });

    it('remember the end of the batch that was begun last', async () => {
      await store.append(tick(), tick());
      await store.marks.batchBegun(ticks.name, LANE, 2n);
      await store.marks.batchBegun(ticks.name, LANE, 1n);
      expect(await claim((lane) => Promise.resolve([lane.position, lane.begun]))).toEqual([0n, 2n]);
    });

    it('keep the mark of an attempt whose claim fails', async () => {
      await store.append(tick());
      const failed = claim(async () => {
        await store.marks.firstAttempted(ticks.name, place(1n, 0));
        throw new Error('the process died');
      });
      await expect(failed).rejects.toThrow('the process died');
      expect(await claim((lane) => lane.setAsideOf([counterOfLane(0), counterOfLane(1)]))).toEqual([
        { aggregateId: counterOfLane(0), position: 1n, isProvisional: true },
      ]);
    });

    it('try nothing again for the mark of a first attempt before it is settled', async () => {
      await store.append(tick());
      await store.marks.firstAttempted(ticks.name, place(1n, 0));
      expect(await due()).toBeUndefined();
      await claim(async (lane) => {
        await lane.settleMark(1n, attempt(1));
        await lane.moveTo(1n);
      });
      expect(await due()).toMatchObject({ position: 1n, attempts: 1 });
      expect(await behind()).toEqual([{ subscription: ticks.name, lane: LANE, retry: true }]);
    });

    it('take no first mark for what is set aside, and no further one for what is not', async () => {
      await store.append(tick(), tick());
      await setAside(place(1n, 0), attempt(3));
      await store.marks.firstAttempted(ticks.name, place(1n, 0));
      await store.marks.attempted(ticks.name, place(2n, 0), attempt(2));
      expect(await claim((lane) => lane.setAsideOf([counterOfLane(0)]))).toEqual([
        { aggregateId: counterOfLane(0), position: 1n, isProvisional: false },
      ]);
      expect(await due()).toMatchObject({ position: 1n, attempts: 3 });
    });

    it('tell of a first mark that came late, set nothing aside for it, and forget it', async () => {
      await store.append(tick(), tick());
      await moveTo(1n);
      await store.marks.firstAttempted(ticks.name, place(1n, 0));
      await moveTo(2n);
      expect(await claim((lane) => lane.setAsideOf([counterOfLane(0)]))).toEqual([]);
      expect(await behind()).toEqual([{ subscription: ticks.name, lane: LANE, retry: true }]);
      await claim((lane) => lane.dropLateMarks());
      expect(await behind()).toEqual([]);
    });

    it('try again the oldest event that is due, and none that is not, is parked, or is of a type not taken here', async () => {
      await store.append(tick(0), tick(1), tick(2), tick(3), tock(4));
      await setAside(place(1n, 0), attempt(1, HOUR));
      await setAside(place(2n, 1), attempt(6, 0, 'parked'));
      await setAside({ ...place(5n, 4), type: Tocked.type }, attempt(1));
      await moveTo(5n);
      expect([await due(), await behind()]).toEqual([undefined, []]);
      await setAside(place(4n, 3), attempt(1));
      await setAside(place(3n, 2), attempt(1, HOUR));
      await store.marks.attempted(ticks.name, place(3n, 2), attempt(2));
      await store.marks.failed(ticks.name, LANE, 3n, new Error('poison'));
      expect(await due()).toMatchObject({ position: 3n, attempts: 2 });
    });

    it('let the next event of an aggregate follow the one that succeeded, and none of another', async () => {
      await store.append(tick(0), tick(0), tick(0), tick(1), tick(1));
      await setAside(place(1n, 0), attempt(1));
      await setAside(place(4n, 1), attempt(6, 0, 'parked'));
      await claim(async (lane) => {
        await lane.setBehind([place(2n, 0), place(3n, 0), place(5n, 1)]);
        await lane.moveTo(5n);
      });
      for (const next of [1n, 2n, 3n]) {
        expect(await due()).toMatchObject({ position: next });
        await claim((lane) => lane.forget(place(next, 0)));
      }
      expect(await due()).toBeUndefined();
      expect(await claim((lane) => lane.setAsideOf([counterOfLane(0)]))).toEqual([]);
      expect(await claim((lane) => lane.setAsideOf([counterOfLane(1)]))).toMatchObject([
        { position: 4n },
        { position: 5n },
      ]);
    });

    it('step over what is not taken, up to what is, unless somebody works on them', async () => {
      await store.append(tock(), tock(), tick(), tock());
      await claim(() => store.marks.stepOver([ticks]));
      expect(await position()).toBe(0n);
      expect(await store.marks.stepOver([ticks])).toBe(false);
      expect(await position()).toBe(2n);
      await moveTo(3n);
      await store.lanes.recordTypes(subscription(ticks.name, Tocked));
      await store.marks.stepOver([ticks]);
      expect(await position()).toBe(3n);
    });
  });
}
