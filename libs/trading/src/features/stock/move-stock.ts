import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import {
  answered,
  httpRefusal,
  type IdempotentAnswer,
  IdempotencyKeys,
  type IdempotentRequest,
} from '@tradewind/shared-kernel/http';
import { Orders } from '../../domain/orders/orders';
import { Catalogue } from '../../domain/stock/catalogue';
import { Stock } from '../../domain/stock/stock';
import { type HandKind, moveByHand } from '../../domain/stock/stock-by-hand';
import type { MovementReason } from '../../domain/stock/stock-movement';
import { skuView } from './sku-view';

export class MoveStock extends Command<IdempotentAnswer> {
  constructor(
    readonly sku: string,
    readonly kind: HandKind,
    /** Units; negative only in an adjustment downwards. */
    readonly quantity: bigint,
    readonly why: MovementReason,
    readonly idempotency: IdempotentRequest,
  ) {
    super();
  }
}

/** Orders of which a person decides who waits. */
const MOST_NAMED = 100;

/**
 * What people received, counted or did not find. Answers with the SKU and, when reserved units are missing, who waits for
 * them.
 */
@CommandHandler(MoveStock)
export class MoveStockHandler implements ICommandHandler<MoveStock> {
  constructor(
    private readonly stock: Stock,
    private readonly catalogue: Catalogue,
    private readonly orders: Orders,
    private readonly keys: IdempotencyKeys,
  ) {}

  execute({ sku, kind, quantity, why, idempotency }: MoveStock): Promise<IdempotentAnswer> {
    return this.keys.once(idempotency, async () => {
      const count = (await this.stock.lock([sku])).get(sku);
      if (!count) throw noSuchSku();
      await this.stock.move(moveByHand(sku, kind, quantity, count), why);
      const moved = await this.catalogue.find(sku);
      if (!moved) throw noSuchSku();
      if (kind !== 'shortfall') return answered(201, skuView(moved));
      const affectedOrders = moved.missing > 0n ? await this.orders.openWith(sku, MOST_NAMED) : [];
      return answered(201, { ...skuView(moved), affectedOrders });
    });
  }
}

export const noSuchSku = () => httpRefusal('not-found', 'no such SKU');
