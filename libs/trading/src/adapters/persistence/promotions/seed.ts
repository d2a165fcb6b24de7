import { uuidOf } from '@tradewind/shared-kernel';
import type { UnitOfWork } from '@tradewind/shared-kernel/persistence';

/**
 * The promotion and the coupon that the examples of the API name. It starts in 2036, so that it changes no price until it is
 * scheduled. Does nothing where there are promotions.
 */
export async function seedDemoPromotion(unitOfWork: UnitOfWork): Promise<void> {
  await unitOfWork.query(
    `WITH promotion AS (
       INSERT INTO trading.promotion (id, version, name, priority, exclusive, conditions, actions, starts_at)
       SELECT $1, 1, 'CNY 10 off with WELCOME-10', 0, false, $2, $3, '2036-01-01T00:00:00Z'
        WHERE NOT EXISTS (SELECT FROM trading.promotion)
       ON CONFLICT DO NOTHING RETURNING id)
     INSERT INTO trading.coupon (code, promotion_id, total_limit) SELECT 'WELCOME-10', id, 1000 FROM promotion`,
    [
      uuidOf('pro_01kc1xv8q1fwer8xv1wbq0z4b1'),
      JSON.stringify([{ kind: 'coupon' }]),
      JSON.stringify([{ kind: 'order-fixed', amount: { amount: 1000, currency: 'CNY' } }]),
    ],
  );
}
