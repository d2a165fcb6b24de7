import { Aggregate } from '@tradewind/shared-kernel';
import { StockBack, StockLow, StockOut } from '../../contract';

/** How many units of a SKU are available, as those who watch it are told: when a level is crossed, never while it stays. */
export class StockLevel extends Aggregate {
  constructor(
    readonly sku: string,
    /** So many units, or fewer, are few; with 0 nobody is told of few. */
    private readonly lowAt: bigint,
    version: number,
  ) {
    super(version);
  }

  /** A fall from plenty to nothing crosses two levels; a rise is told once. False when there is nothing to tell. */
  move(before: bigint, after: bigint): boolean {
    const { version } = this;
    const crosses = (level: bigint) => before > level && after <= level;
    const rises = (level: bigint) => before <= level && after > level;
    const facts = { sku: this.sku, available: Number(after), lowAt: Number(this.lowAt) };
    if (this.lowAt > 0n && crosses(this.lowAt)) this.raise(new StockLow(facts));
    if (crosses(0n)) this.raise(new StockOut(facts));
    if (rises(0n) || rises(this.lowAt)) this.raise(new StockBack({ ...facts, isLow: after <= this.lowAt }));
    return this.version !== version;
  }
}
