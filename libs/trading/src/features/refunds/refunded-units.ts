import { Money } from '@tradewind/shared-kernel';
import type { RefundedLine } from '../../domain/orders/goods-lines';

/** The units of a refund as its row keeps them; amounts in minor units of the refund's currency. */
export type UnitsJson = { lineNo: number; quantity: number; amount: number }[];

export const unitsFromJson = (units: UnitsJson | null, currency: string): RefundedLine[] =>
  (units ?? []).map(({ amount, ...unit }) => ({ ...unit, amount: Money.of(amount, currency.trim()) }));
