import { Injectable } from '@nestjs/common';
import { uuidOf } from '@tradewind/shared-kernel';
import { currentContext } from '@tradewind/shared-kernel/observability';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { Stock, type StockCount } from '../../../domain/stock/stock';
import { type MovementReason, MOVEMENTS, type StockMovement } from '../../../domain/stock/stock-movement';

/** Set-based SQL: one statement for the counts and one for the ledger, however many movements there are. */
@Injectable()
export class StockRows extends Stock {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async lock(skus: readonly string[]): Promise<ReadonlyMap<string, StockCount>> {
    const rows = await this.unitOfWork.query<{ sku: string; on_hand: bigint; reserved: bigint }>(
      'SELECT sku, on_hand, reserved FROM trading.stock_item WHERE sku = ANY($1::text[]) ORDER BY sku FOR UPDATE',
      [skus],
    );
    return new Map(rows.map((row) => [row.sku, { onHand: row.on_hand, reserved: row.reserved }]));
  }

  async move(movements: readonly StockMovement[], why?: MovementReason): Promise<void> {
    if (movements.length === 0) return;
    await Promise.all([this.#count(changesOf(movements)), this.record(movements, why)]);
  }

  /** The ledger alone, for a checkout, which changes the counts that it has locked itself. */
  record(movements: readonly StockMovement[], why?: MovementReason): Promise<unknown> {
    const { actor, requestId } = currentContext();
    return this.unitOfWork.query(
      `INSERT INTO trading.stock_movement (sku, kind, quantity, order_id, reason, reference, actor, request_id)
       SELECT sku, kind, quantity, order_id, $5, $6, $7, $8
         FROM unnest($1::text[], $2::text[], $3::bigint[], $4::uuid[]) AS m(sku, kind, quantity, order_id)`,
      [
        movements.map(({ sku }) => sku),
        movements.map(({ kind }) => kind),
        movements.map(({ quantity }) => quantity),
        movements.map(({ orderId }) => orderId && uuidOf(orderId)),
        why?.reason ?? null,
        why?.reference ?? null,
        why ? actor : null,
        why ? requestId : null,
      ],
    );
  }

  async #count(changes: ReadonlyMap<string, StockCount>): Promise<void> {
    if (changes.size === 0) return;
    const deltas = [...changes.values()];
    await this.unitOfWork.query(
      `WITH moved AS (
         SELECT s.sku, m.on_hand, m.reserved
           FROM trading.stock_item s JOIN unnest($1::text[], $2::bigint[], $3::bigint[]) AS m(sku, on_hand, reserved) USING (sku)
          ORDER BY s.sku FOR UPDATE OF s)
       UPDATE trading.stock_item s SET on_hand = s.on_hand + moved.on_hand, reserved = s.reserved + moved.reserved
         FROM moved WHERE s.sku = moved.sku`,
      [[...changes.keys()], deltas.map(({ onHand }) => onHand), deltas.map(({ reserved }) => reserved)],
    );
  }
}

/** By how much the counts of each SKU change; those that stay as they are need no lock. */
function changesOf(movements: readonly StockMovement[]): Map<string, StockCount> {
  const changes = new Map<string, StockCount>();
  for (const { sku, kind, quantity } of movements) {
    const effect = MOVEMENTS[kind];
    if (effect.onHand === 0n && effect.reserved === 0n) continue;
    const { onHand, reserved } = changes.get(sku) ?? { onHand: 0n, reserved: 0n };
    changes.set(sku, { onHand: onHand + effect.onHand * quantity, reserved: reserved + effect.reserved * quantity });
  }
  return changes;
}
