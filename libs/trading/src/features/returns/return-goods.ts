import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Clock, type Id, Ids } from '@tradewind/shared-kernel';
import {
  answered,
  type IdempotentAnswer,
  IdempotencyKeys,
  type IdempotentRequest,
} from '@tradewind/shared-kernel/http';
import type { LineQuantity } from '../../domain/orders/goods-lines';
import { Orders } from '../../domain/orders/orders';
import {
  decided,
  decidedUnits,
  type Decision,
  received,
  requestedReturn,
  type Return,
  Returns,
} from '../../domain/returns/return';
import { Refunds } from '../refunds/refunds';

/** A step of goods on their way back. */
export class RequestReturn extends Command<IdempotentAnswer> {
  constructor(
    readonly orderId: Id<'ord'>,
    readonly lines: LineQuantity[],
    readonly reason: string,
    readonly idempotency: IdempotentRequest,
  ) {
    super();
  }
}

export class ReceiveReturn extends Command<IdempotentAnswer> {
  constructor(
    readonly returnId: Id<'ret'>,
    readonly idempotency: IdempotentRequest,
  ) {
    super();
  }
}

export class DecideReturn extends Command<IdempotentAnswer> {
  constructor(
    readonly returnId: Id<'ret'>,
    readonly decisions: Decision[],
    readonly idempotency: IdempotentRequest,
  ) {
    super();
  }
}

export interface ReturnView {
  id: string;
  orderId: string;
  status: string;
  reason: string;
  lines: LineQuantity[];
  decisions: Decision[];
  refundId: string | null;
  requestedAt: string;
  receivedAt: string | null;
  decidedAt: string | null;
}

export function returnView({ requestedAt, receivedAt, decidedAt, ...facts }: Return): ReturnView {
  return {
    ...facts,
    requestedAt: requestedAt.toISOString(),
    receivedAt: receivedAt?.toISOString() ?? null,
    decidedAt: decidedAt?.toISOString() ?? null,
  };
}

/** The buyer announces what comes back: only what arrived, and no unit twice. */
@CommandHandler(RequestReturn)
export class RequestReturnHandler implements ICommandHandler<RequestReturn> {
  constructor(
    private readonly orders: Orders,
    private readonly returns: Returns,
    private readonly keys: IdempotencyKeys,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  execute({ orderId, lines: asked, reason, idempotency }: RequestReturn): Promise<IdempotentAnswer> {
    return this.keys.once(idempotency, () =>
      this.orders.change(orderId, async (order) => {
        const id = this.ids.next('ret');
        const lines = order.announceReturn(id, asked, reason);
        const goods = requestedReturn({ id, orderId, lines, reason, requestedAt: this.clock.now() });
        await this.returns.add([goods]);
        return answered(201, returnView(goods));
      }),
    );
  }
}

/** The goods are here. */
@CommandHandler(ReceiveReturn)
export class ReceiveReturnHandler implements ICommandHandler<ReceiveReturn> {
  constructor(
    private readonly orders: Orders,
    private readonly returns: Returns,
    private readonly keys: IdempotencyKeys,
    private readonly clock: Clock,
  ) {}

  execute({ returnId, idempotency }: ReceiveReturn): Promise<IdempotentAnswer> {
    return this.keys.once(idempotency, async () => {
      const { orderId } = await this.returns.find(returnId);
      return this.orders.change(orderId, async (order) => {
        // Read again: nobody changes it while its order is locked.
        const goods = received(await this.returns.find(returnId), this.clock.now());
        order.receiveReturn(goods.id, goods.lines);
        await this.returns.save(goods);
        return answered(200, returnView(goods));
      });
    });
  }
}

/** Someone looked at the goods: what is accepted is paid back once, as far as it was not before. */
@CommandHandler(DecideReturn)
export class DecideReturnHandler implements ICommandHandler<DecideReturn> {
  constructor(
    private readonly orders: Orders,
    private readonly returns: Returns,
    private readonly refunds: Refunds,
    private readonly keys: IdempotencyKeys,
    private readonly clock: Clock,
  ) {}

  execute({ returnId, decisions, idempotency }: DecideReturn): Promise<IdempotentAnswer> {
    return this.keys.once(idempotency, async () => {
      const { orderId } = await this.returns.find(returnId);
      return this.orders.change(orderId, async (order) => {
        const goods = decided(await this.returns.find(returnId), decisions, this.clock.now());
        const accepted = decidedUnits(goods, ({ outcome }) => outcome === 'accepted');
        order.decideReturn(goods.id, goods.decisions);
        const refund = await this.refunds.openForRest(order, `returned: ${goods.reason}`, accepted);
        const settled = { ...goods, refundId: refund?.id ?? null };
        await this.returns.save(settled);
        return answered(200, returnView(settled));
      });
    });
  }
}
