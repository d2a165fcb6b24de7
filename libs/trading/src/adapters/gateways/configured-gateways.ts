import { Injectable } from '@nestjs/common';
import { type PaymentGateway, PaymentGateways } from '../../domain/payments/payment-gateway';
import { TradingSettings } from '../../features/trading-settings';
import { BalanceGateway } from './balance-gateway';
import { SandboxGateway } from './sandbox-gateway';
import { StripeGateway } from './stripe-gateway';

@Injectable()
export class ConfiguredGateways extends PaymentGateways {
  readonly #byName: Map<string, PaymentGateway>;

  constructor(sandbox: SandboxGateway, balance: BalanceGateway, { stripe }: TradingSettings) {
    super();
    const offered = [sandbox, balance, ...(stripe ? [new StripeGateway(stripe)] : [])];
    this.#byName = new Map(offered.map((gateway) => [gateway.name, gateway]));
  }

  get names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  named(name: string): PaymentGateway | undefined {
    return this.#byName.get(name);
  }
}
