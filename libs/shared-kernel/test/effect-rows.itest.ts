import { EffectTable } from '@tradewind/shared-kernel/effects';
import { messagingPersistence } from '@tradewind/shared-kernel/messaging';
import { createTestDatabase, type TestDatabase } from '@tradewind/shared-kernel/testing';
import { describeEffectRows } from './effect-rows-contract';
import { startProcess, type TestProcess } from './event-log-app';

let database: TestDatabase;
let process: TestProcess;

beforeAll(async () => {
  database = await createTestDatabase([messagingPersistence]);
  process = await startProcess(database.url, [], { deliver: false });
  await process.unitOfWork.query(`
    CREATE TABLE effect (id uuid PRIMARY KEY, state text NOT NULL, attempts int NOT NULL DEFAULT 0, asks int NOT NULL DEFAULT 0,
                         fence int NOT NULL DEFAULT 0, due_at timestamptz, last_error text)`);
});
afterAll(async () => {
  await process.stop();
  await database.drop();
});

describeEffectRows('PostgreSQL', async () => {
  const { unitOfWork } = process;
  await unitOfWork.query('DELETE FROM effect');
  return {
    rows: new EffectTable(unitOfWork, 'effect'),
    request: async (id, state = 'requested') => {
      await unitOfWork.query('INSERT INTO effect (id, state, due_at) VALUES ($1, $2, now())', [id, state]);
    },
    stateOf: async (id) => {
      const [row] = await unitOfWork.query<{ state: string; isDueAgain: boolean; lastError: string | null }>(
        `SELECT state, due_at IS NOT NULL AS "isDueAgain", last_error AS "lastError" FROM effect WHERE id = $1`,
        [id],
      );
      return row!;
    },
  };
});
