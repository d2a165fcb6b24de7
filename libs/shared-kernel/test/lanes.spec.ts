import { LANES, laneOf } from '@tradewind/shared-kernel';
import { Counter } from './event-log-app';
import { counterOfLane, describeLanes } from './lanes-contract';
import { MemoryLanes, MemoryLog, MemoryMarks } from './memory-log';
import { atOnce } from './memory-store';

describeLanes('memory', () => {
  const log = new MemoryLog(LANES);
  const counters = new Map<number, Counter>();
  return Promise.resolve({
    lanes: new MemoryLanes(log, atOnce),
    marks: new MemoryMarks(log, atOnce),
    append: (...events) => {
      for (const { type, counter: n } of events) {
        const counter = counters.get(n) ?? new Counter(counterOfLane(n));
        counters.set(n, counter);
        for (const event of counter[type]().takeEvents()) {
          const lane = laneOf(event.aggregateId);
          log.append({
            ...{ lane, position: log.heads[lane]! + 1n, id: '00000000-0000-7000-8000-000000000000' },
            ...{ type: event.type, aggregateId: event.aggregateId, version: event.aggregateVersion },
            ...{ payload: event.data as Record<string, unknown>, correlationId: event.correlationId },
            ...{ causationId: null, requestId: null, actor: 'test', trace: null, occurredAt: new Date(0) },
          });
        }
      }
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  });
});
