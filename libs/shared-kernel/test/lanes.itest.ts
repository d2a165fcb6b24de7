import { messagingPersistence } from '@tradewind/shared-kernel/messaging';
import { createTestDatabase } from '@tradewind/shared-kernel/testing';
import { AttemptMarks } from '../src/messaging/attempt-marks';
import { Lanes } from '../src/messaging/lanes';
import { Counter, startProcess } from './event-log-app';
import { counterOfLane, describeLanes } from './lanes-contract';

describeLanes('PostgreSQL', async () => {
  const database = await createTestDatabase([messagingPersistence]);
  const process = await startProcess(database.url, [], { deliver: false });
  const counters = new Map<number, Counter>();
  return {
    lanes: process.app.get(Lanes),
    marks: process.app.get(AttemptMarks),
    append: async (...events) => {
      for (const { type, counter: n } of events) {
        const counter = counters.get(n) ?? new Counter(counterOfLane(n));
        counters.set(n, counter);
        await process.publish(counter[type]());
      }
    },
    close: async () => {
      await process.stop();
      await database.drop();
    },
  };
});
