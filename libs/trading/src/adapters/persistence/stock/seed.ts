import type { UnitOfWork } from '@tradewind/shared-kernel/persistence';

/** A demo catalogue: SKU-1 to SKU-1000, CNY 9.90 to 999.00, a million units of each received. Does nothing where SKUs exist. */
export async function seedDemoCatalogue(unitOfWork: UnitOfWork): Promise<void> {
  await unitOfWork.run(async () => {
    const [existing] = await unitOfWork.query('SELECT 1 AS one FROM trading.sku LIMIT 1');
    if (existing) return;
    await unitOfWork.query(
      `INSERT INTO trading.sku (sku, name, price, currency)
       SELECT 'SKU-' || n, 'Demo product ' || n, 990 + (n * 7919) % 98911, 'CNY' FROM generate_series(1, 1000) AS n
       ON CONFLICT DO NOTHING`,
    );
    await unitOfWork.query(
      `WITH received AS (
         INSERT INTO trading.stock_item (sku, on_hand) SELECT sku, 1000000 FROM trading.sku ON CONFLICT DO NOTHING
         RETURNING sku, on_hand)
       INSERT INTO trading.stock_movement (sku, kind, quantity, reason, actor)
       SELECT sku, 'receive', on_hand, 'demo catalogue', 'system' FROM received`,
    );
  });
}
