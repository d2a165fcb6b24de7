import { Injectable } from '@nestjs/common';
import { EventBus } from '@nestjs/cqrs';
import { idOf, uuidOf } from '@tradewind/shared-kernel';
import { decodeCursor, type Page, pageOf } from '@tradewind/shared-kernel/http';
import { currentContext } from '@tradewind/shared-kernel/observability';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { Stock } from '../../../domain/stock/stock';
import { StockLevel } from '../../../domain/stock/stock-level';
import {
  type MovementKind,
  type MovementReason,
  MOVEMENTS,
  type StockCount,
  type StockMovement,
} from '../../../domain/stock/stock-movement';
import { TradingSettings } from '../../../features/trading-settings';

/** A row of the ledger, as people read it. */
export interface LedgerRow {
  id: bigint;
  at: Date;
  kind: MovementKind;
  quantity: bigint;
  deltaOnHand: bigint;
  deltaReserved: bigint;
  orderId: string | null;
  reason: string | null;
  reference: string | null;
  actor: string | null;
  requestId: string | null;
}

/** A SKU right after its counts changed. */
interface Moved extends StockCount {
  sku: string;
  lowAt: bigint | null;
  version: number;
}

const FREE_AT_LAST = { reason: 'missing units became free', reference: null };
const isRowId = (text: string): boolean => /^\d{1,18}$/.test(text);

/** Set-based SQL: one statement for the counts and one for the ledger, however many movements there are. */
@Injectable()
export class StockRows extends Stock {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly eventBus: EventBus,
    private readonly settings: TradingSettings,
  ) {
    super();
  }

  async lock(skus: readonly string[]): Promise<ReadonlyMap<string, StockCount>> {
    const rows = await this.unitOfWork.query<StockCount & { sku: string }>(
      `SELECT sku, on_hand AS "onHand", reserved, missing FROM trading.stock_item
        WHERE sku = ANY($1::text[]) ORDER BY sku FOR UPDATE`,
      [skus],
    );
    return new Map(rows.map(({ sku, ...count }) => [sku, count]));
  }

  async move(movements: readonly StockMovement[], why?: MovementReason): Promise<void> {
    if (movements.length === 0) return;
    const changes = changesOf(movements);
    const [moved] = await Promise.all([this.#count(changes), this.record(movements, why)]);
    const writtenOff = await this.#writeOff(moved);
    const crossed = moved.flatMap((item) => {
      const level = this.levelOf(item);
      const change = changes.get(item.sku) as StockCount;
      const available = item.onHand - item.reserved;
      const before = available - change.onHand + change.reserved;
      return level.move(before, available - (writtenOff.get(item.sku) ?? 0n)) ? [level] : [];
    });
    if (crossed.length === 0) return;
    for (const level of crossed) void this.eventBus.publishAll(level.takeEvents());
    await this.saveVersions(crossed);
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

  levelOf({ sku, lowAt, version }: { sku: string; lowAt: bigint | null; version: number }): StockLevel {
    return new StockLevel(sku, lowAt ?? BigInt(this.settings.lowStockUnits), version);
  }

  /** Of levels that were crossed, whose events are published beside it. */
  saveVersions(levels: readonly StockLevel[]): Promise<unknown> {
    return this.unitOfWork.query(
      `UPDATE trading.stock_item s SET version = c.version
         FROM unnest($1::text[], $2::int[]) AS c(sku, version) WHERE s.sku = c.sku`,
      [levels.map(({ sku }) => sku), levels.map(({ version }) => version)],
    );
  }

  /** Newest first; the cursor of an earlier page goes on behind it. */
  async ledger(sku: string, limit: number, cursor?: string): Promise<Page<LedgerRow>> {
    const rows = await this.unitOfWork.query<LedgerRow>(
      `SELECT id, at, kind, quantity, delta_on_hand AS "deltaOnHand", delta_reserved AS "deltaReserved",
              order_id AS "orderId", reason, reference, actor, request_id AS "requestId"
         FROM trading.stock_movement WHERE sku = $1 AND id < $3 ORDER BY id DESC LIMIT $2`,
      [sku, limit + 1, cursor ? decodeCursor(cursor, [isRowId])[0] : '9223372036854775807'],
    );
    const page = pageOf(rows, limit, ({ id }) => [String(id)]);
    return { ...page, data: page.data.map((row) => ({ ...row, orderId: row.orderId && idOf('ord', row.orderId) })) };
  }

  /** What ships was there after all: no more units are missing than there are. */
  async #count(changes: ReadonlyMap<string, StockCount>): Promise<Moved[]> {
    if (changes.size === 0) return [];
    const deltas = [...changes.values()];
    return this.unitOfWork.query<Moved & Record<string, unknown>>(
      `WITH moved AS (
         SELECT s.sku, m.on_hand, m.reserved, m.missing
           FROM trading.stock_item s
           JOIN unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) AS m(sku, on_hand, reserved, missing) USING (sku)
          ORDER BY s.sku FOR UPDATE OF s)
       UPDATE trading.stock_item s
          SET on_hand = s.on_hand + moved.on_hand, reserved = s.reserved + moved.reserved,
              missing = least(s.missing + moved.missing, s.on_hand + moved.on_hand)
         FROM moved WHERE s.sku = moved.sku
       RETURNING s.sku, s.on_hand AS "onHand", s.reserved, s.missing, s.low_at AS "lowAt", s.version`,
      [
        [...changes.keys()],
        deltas.map(({ onHand }) => onHand),
        deltas.map(({ reserved }) => reserved),
        deltas.map(({ missing }) => missing),
      ],
    );
  }

  /** Units that were found to be missing leave the books as soon as no order holds them; returns how many, by SKU. */
  async #writeOff(moved: readonly Moved[]): Promise<ReadonlyMap<string, bigint>> {
    const units = new Map<string, bigint>();
    for (const { sku, onHand, reserved, missing } of moved) {
      const free = onHand - reserved;
      if (missing > 0n && free > 0n) units.set(sku, missing < free ? missing : free);
    }
    if (units.size === 0) return units;
    const skus = [...units.keys()];
    await Promise.all([
      this.unitOfWork.query(
        `UPDATE trading.stock_item s SET on_hand = s.on_hand - w.units, missing = s.missing - w.units
           FROM unnest($1::text[], $2::bigint[]) AS w(sku, units) WHERE s.sku = w.sku`,
        [skus, [...units.values()]],
      ),
      this.record(
        Array.from(units, ([sku, quantity]) => ({ sku, kind: 'shortfall', quantity, orderId: null })),
        FREE_AT_LAST,
      ),
    ]);
    return units;
  }
}

/** By how much the counts of each SKU change; those that stay as they are need no lock. */
function changesOf(movements: readonly StockMovement[]): Map<string, StockCount> {
  const changes = new Map<string, StockCount>();
  for (const { sku, kind, quantity } of movements) {
    const effect = MOVEMENTS[kind];
    if (effect.onHand === 0n && effect.reserved === 0n && effect.missing === 0n) continue;
    const { onHand, reserved, missing } = changes.get(sku) ?? { onHand: 0n, reserved: 0n, missing: 0n };
    changes.set(sku, {
      onHand: onHand + effect.onHand * quantity,
      reserved: reserved + effect.reserved * quantity,
      missing: missing + effect.missing * quantity,
    });
  }
  return changes;
}
