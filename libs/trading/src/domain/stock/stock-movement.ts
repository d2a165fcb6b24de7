import type { Id } from '@tradewind/shared-kernel';

/**
 * What each movement does to the counts of its SKU, per unit. An order's units are held when it is placed, claimed when
 * it is paid, and then fulfilled, or given back: released by a cancellation, expired when the time ran out unpaid.
 * Restocked units came back from a buyer. The rest is written by people: goods received, a count put right up or down, a
 * shortfall found.
 */
export const MOVEMENTS = {
  hold: { onHand: 0n, reserved: 1n },
  claim: { onHand: 0n, reserved: 0n },
  release: { onHand: 0n, reserved: -1n },
  expire: { onHand: 0n, reserved: -1n },
  fulfil: { onHand: -1n, reserved: -1n },
  restock: { onHand: 1n, reserved: 0n },
  receive: { onHand: 1n, reserved: 0n },
  adjust: { onHand: 1n, reserved: 0n },
  shortfall: { onHand: -1n, reserved: 0n },
} as const satisfies Record<string, { onHand: bigint; reserved: bigint }>;

export type MovementKind = keyof typeof MOVEMENTS;

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
