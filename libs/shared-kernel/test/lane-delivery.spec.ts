import { Logger } from '@nestjs/common';
import { LaneDelivery } from '../src/messaging/lane-delivery';
import type { ClaimedLane } from '../src/messaging/lanes';
import { MessagingOptions } from '../src/messaging/messaging-options';
import type { DurableSubscription } from '../src/messaging/subscription';
import { Ticked } from './event-log-app';
import { MemoryLanes, MemoryLog, MemoryMarks } from './memory-log';
import { atOnce } from './memory-store';

const EVENTS = 200;

/** Counts the events that are read. */
class CountingLanes extends MemoryLanes {
  read = 0;

  override claim<T>(subscription: DurableSubscription, lane: number, work: (lane: ClaimedLane) => Promise<T>) {
    return super.claim(subscription, lane, (claimed) => {
      const read = claimed.read.bind(claimed);
      claimed.read = async (after, limit) => {
        const events = await read(after, limit);
        this.read += events.length;
        return events;
      };
      return work(claimed);
    });
  }
}

describe('delivery of a lane', () => {
  beforeAll(() => Logger.overrideLogger(false));

  it('reads few events for each that it delivers one by one, after a batch that broke', async () => {
    const log = new MemoryLog(1);
    for (let position = 1n; position <= EVENTS; position += 1n) {
      log.append({
        ...{ lane: 0, position, id: '00000000-0000-7000-8000-000000000000', type: Ticked.type, version: 1 },
        ...{ aggregateId: `cnt_${position}`, correlationId: `cnt_${position}`, payload: {}, occurredAt: new Date(0) },
        ...{ causationId: null, requestId: null, actor: 'test', trace: null },
      });
    }
    let [broken, handled] = [false, 0];
    const handle = () => {
      if (!broken) {
        broken = true;
        throw new Error('once');
      }
      handled += 1;
      return Promise.resolve();
    };
    const events = new Map([[Ticked.type, Ticked]]);
    const subscription: DurableSubscription = { name: 'ticks', startFrom: 'beginning', events, handler: { handle } };
    const lanes = new CountingLanes(log, atOnce);
    await lanes.recordTypes(subscription);
    await lanes.open(subscription);
    const options = new MessagingOptions({ url: 'none', poolSize: 1 }, { batchSize: EVENTS });
    const delivery = new LaneDelivery(lanes, new MemoryMarks(log, atOnce), options);
    while ((await delivery.next(subscription, 0)) === 'more');
    expect(handled).toBe(EVENTS);
    expect(lanes.read).toBeLessThanOrEqual(EVENTS + 10 * EVENTS);
  });
});
