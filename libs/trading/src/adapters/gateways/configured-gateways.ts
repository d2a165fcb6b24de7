import { Injectable } from '@nestjs/common';
import { type PaymentGateway, PaymentGateways } from '../../domain/payments/payment-gateway';
import { BalanceGateway } from './balance-gateway';
import { SandboxGateway } from './sandbox-gateway';

@Injectable()
export class ConfiguredGateways extends PaymentGateways {
  readonly #byName: Map<string, PaymentGateway>;

  constructor(sandbox: SandboxGateway, balance: BalanceGateway) {
    super();
    this.#byName = new Map([sandbox, balance].map((gateway) => [gateway.name, gateway]));
  }

  get names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  named(name: string): PaymentGateway | undefined {
    return this.#byName.get(name);
  }
}
