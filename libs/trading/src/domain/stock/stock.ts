import type { MovementReason, StockCount, StockMovement } from './stock-movement';

/** The counts of every SKU and the append-only ledger that explains them. */
export abstract class Stock {
  /** Locks SKUs in ascending order until the current unit of work ends; those that nobody knows are missing. */
  abstract lock(skus: readonly string[]): Promise<ReadonlyMap<string, StockCount>>;
  /**
   * Moves units in the current unit of work: the counts, a row of the ledger for each movement, and an event where a level
   * is crossed. The SKUs whose counts change are locked in ascending order. The database refuses counts that cannot be
   * (`reserved` beyond `on_hand`): who takes units locks and looks first. `why` is given by people; an order's timeline
   * tells it for the movements of an order.
   */
  abstract move(movements: readonly StockMovement[], why?: MovementReason): Promise<void>;
}
