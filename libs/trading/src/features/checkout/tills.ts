import type { Id } from '@tradewind/shared-kernel';
import type { Order } from '../../domain/orders/order';
import { LocalGateway, type PaymentGateways, type Till } from '../../domain/payments/payment-gateway';

interface Paying {
  paymentMethod: string;
  buyerId: Id<'buy'> | null;
}

/** The gateways of one batch of checkouts whose money is in this database; none, for most batches. */
export class Tills {
  private constructor(private readonly byGateway: ReadonlyMap<string, Till>) {}

  /** Locks what the buyers have who pay this way: after the SKUs, one gateway after the other. */
  static async open(gateways: PaymentGateways, checkouts: readonly Paying[]): Promise<Tills> {
    const tills = new Map<string, Till>();
    for (const name of [...new Set(checkouts.map(({ paymentMethod }) => paymentMethod))].toSorted()) {
      const gateway = gateways.named(name);
      if (!(gateway instanceof LocalGateway)) continue;
      const buyers = checkouts.flatMap(({ paymentMethod, buyerId }) => (paymentMethod === name && buyerId) || []);
      tills.set(name, await gateway.open([...new Set(buyers)].toSorted()));
    }
    return new Tills(tills);
  }

  get areUsed(): boolean {
    return this.byGateway.size > 0;
  }

  /** Pays an order that is paid from here, or throws the refusal. */
  pay(order: Order, now: Date): void {
    const { gateway, amount } = order.payment.state;
    const till = this.byGateway.get(gateway);
    if (!till) return;
    order.recordPayment({ outcome: 'paid', amount, gatewayReference: till.pay(order.charge) }, now);
  }

  write(): Promise<unknown> {
    return Promise.all([...this.byGateway.values()].map((till) => till.write()));
  }
}
