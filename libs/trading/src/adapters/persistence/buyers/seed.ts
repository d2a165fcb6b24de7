import { uuidOf } from '@tradewind/shared-kernel';
import type { UnitOfWork } from '@tradewind/shared-kernel/persistence';

/** The buyer that the examples of the API name, with 1,000.00 CNY in store. Does nothing where there are buyers. */
export async function seedDemoBuyer(unitOfWork: UnitOfWork): Promise<void> {
  await unitOfWork.query(
    `WITH buyer AS (
       INSERT INTO trading.buyer (id, member_number, nickname, level, registered_at)
       SELECT $1, 1001, '小明', 3, date_trunc('milliseconds', now()) WHERE NOT EXISTS (SELECT FROM trading.buyer)
       ON CONFLICT DO NOTHING RETURNING id, registered_at),
     account AS (
       INSERT INTO trading.balance_account (buyer_id, currency, balance) SELECT id, 'CNY', 100000 FROM buyer)
     INSERT INTO trading.balance_entry (id, buyer_id, currency, kind, amount, reason, recorded_at)
     SELECT $2, id, 'CNY', 'credit', 100000, 'demo', registered_at FROM buyer`,
    [uuidOf('buy_01kc1xv8q1fwer8xv1wbq0z4a8'), uuidOf('bal_01kc1xv8q1fwer8xv1wbq0z4c2')],
  );
}
