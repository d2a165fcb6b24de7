import { Injectable, Logger } from '@nestjs/common';
import type { Order } from '../../domain/orders/order';
import { type BuyerAction, PaymentGateways } from '../../domain/payments/payment-gateway';
import { PaymentOperations } from '../../domain/payments/payment-operations';

const LOOK_EVERY_MS = 20;
const PATIENCE_MS = 3000;

/** What a buyer's browser needs in order to pay. It is asked of the gateway each time: secrets are not stored. */
@Injectable()
export class BuyerActions {
  readonly #logger = new Logger(BuyerActions.name);

  constructor(
    private readonly gateways: PaymentGateways,
    private readonly operations: PaymentOperations,
  ) {}

  /** Empty when nothing is to be done, or the gateway has not told yet; `until` when (of `performance.now()`) it is waited for. */
  async of(
    order: Pick<Order, 'charge'> & { payment: Pick<Order['payment'], 'state'> },
    until = 0,
  ): Promise<BuyerAction> {
    const gateway = this.gateways.named(order.payment.state.gateway);
    if (!gateway) return {};
    const redirectUrl = gateway.redirectUrl(order.charge);
    if (redirectUrl !== undefined) return { redirectUrl };
    try {
      const known = await this.#atGateway(order.charge.paymentId, until);
      return await gateway.buyerAction({ ...order.charge, ...known }, AbortSignal.timeout(PATIENCE_MS));
    } catch (error) {
      this.#logger.warn({ msg: 'a gateway could not be asked what the buyer is to do', err: error });
      return {};
    }
  }

  async #atGateway(paymentId: Order['charge']['paymentId'], until: number) {
    for (;;) {
      const known = await this.operations.atGateway(paymentId);
      if (known.gatewayReference !== null || performance.now() > until) return known;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }
}
