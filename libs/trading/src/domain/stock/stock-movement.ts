import type { Id } from '@tradewind/shared-kernel';

/**
 * What each movement does to the counts of its SKU, per unit. An order's units are held when it is placed, claimed when
 * it is paid, and then fulfilled, or given back: released by a cancellation, expired when the time ran out unpaid.
 * Restocked units came back from a buyer. The rest is written by people: goods received, a count put right up or down,
 * fewer units found than there should be: a shortfall where they were free, missing where orders hold them.
 */
export const MOVEMENTS = {
  hold: { onHand: 0n, reserved: 1n, missing: 0n },
  claim: { onHand: 0n, reserved: 0n, missing: 0n },
  release: { onHand: 0n, reserved: -1n, missing: 0n },
  expire: { onHand: 0n, reserved: -1n, missing: 0n },
  fulfil: { onHand: -1n, reserved: -1n, missing: 0n },
  restock: { onHand: 1n, reserved: 0n, missing: 0n },
  receive: { onHand: 1n, reserved: 0n, missing: 0n },
  adjust: { onHand: 1n, reserved: 0n, missing: 0n },
  shortfall: { onHand: -1n, reserved: 0n, missing: 0n },
  missing: { onHand: 0n, reserved: 0n, missing: 1n },
} as const satisfies Record<string, StockCount>;

export type MovementKind = keyof typeof MOVEMENTS;

/** The counts of a SKU. Available units are `onHand - reserved`. */
export interface StockCount {
  onHand: bigint;
  reserved: bigint;
  /** Reserved units that were not found: written off, before anybody can buy them, as soon as units are free. */
  missing: bigint;
}

/** What an order has done with units of one SKU. */
export interface StockMove {
  sku: string;
  quantity: number;
  kind: 'hold' | 'claim' | 'release' | 'expire' | 'fulfil' | 'restock';
}

/** One row of the ledger. */
export interface StockMovement {
  sku: string;
  kind: MovementKind;
  /** Units; negative only in an adjustment downwards. */
  quantity: bigint;
  orderId: Id<'ord'> | null;
}

/** What an order has done, as rows of the ledger. */
export const movementsOf = (orderId: Id<'ord'>, moves: readonly StockMove[]): StockMovement[] =>
  moves.map(({ sku, quantity, kind }) => ({ sku, kind, quantity: BigInt(quantity), orderId }));

/** Why people moved stock: what they said, and the paper it is on. */
export interface MovementReason {
  reason: string | null;
  reference: string | null;
}

/** Lines of one SKU are one amount. */
export function unitsBySku(lines: readonly { sku: string; quantity: number }[]): Map<string, number> {
  const units = new Map<string, number>();
  for (const { sku, quantity } of lines) units.set(sku, (units.get(sku) ?? 0) + quantity);
  return units;
}
