import { refusal } from '../refusals';
import type { StockCount, StockMovement } from './stock-movement';

/** What people write into the ledger. */
export type HandKind = 'receive' | 'adjust' | 'shortfall';

/** What JSON carries exactly. */
const MOST_UNITS = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * Decides a movement by hand of a locked SKU. An adjustment is a wish and is refused where it would take reserved units; a
 * shortfall is a fact: what was free is written off, and the rest is missing from what orders hold. Throws
 * `stock-reserved`, `shortfall-exceeds-stock`, `too-many-units`.
 */
export function moveByHand(sku: string, kind: HandKind, quantity: bigint, count: StockCount): StockMovement[] {
  const { onHand, reserved, missing } = count;
  const available = onHand - reserved;
  const counts = { sku, onHand: Number(onHand), reserved: Number(reserved), available: Number(available) };
  if (kind === 'shortfall') {
    if (quantity > onHand - missing) {
      const detail = `the books have ${onHand} units of ${sku}, ${missing} of them missing already`;
      throw refusal('shortfall-exceeds-stock', detail, { ...counts, missing: Number(missing) });
    }
    const free = quantity < available ? quantity : available;
    return [
      { sku, kind: 'shortfall', quantity: free, orderId: null } as const,
      { sku, kind: 'missing', quantity: quantity - free, orderId: null } as const,
    ].filter((movement) => movement.quantity > 0n);
  }
  if (onHand + quantity > MOST_UNITS) throw refusal('too-many-units', 'more units than can be counted', counts);
  if (onHand + quantity < reserved) {
    throw refusal('stock-reserved', `${reserved} of ${onHand} units of ${sku} are reserved`, counts);
  }
  return [{ sku, kind, quantity, orderId: null }];
}
