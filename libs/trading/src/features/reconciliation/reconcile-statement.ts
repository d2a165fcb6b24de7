import { Injectable } from '@nestjs/common';
import { PaymentGateways } from '../../domain/payments/payment-gateway';
import { type Booking, type Period, StatementComparison } from '../../domain/reconciliation/bookings';
import { Reconciliation } from '../../domain/reconciliation/reconciliation';
import { refusal } from '../../domain/refusals';

export interface ReconciledStatement {
  period: Period;
  reconciliation: Reconciliation;
}

/**
 * Compares a gateway's statement with our records and changes neither. One at a time in each process: it keeps a connection
 * for as long as its file takes to arrive.
 */
@Injectable()
export class ReconcileStatement {
  #isRunning = false;

  constructor(
    private readonly gateways: PaymentGateways,
    private readonly comparison: StatementComparison,
  ) {}

  /** Names the first `limit` differences. Throws `unknown-gateway`, `no-statement`, `reconciliation-running`. */
  async run(
    gateway: string,
    statement: AsyncIterable<Booking[]>,
    given: Partial<Period>,
    limit: number,
  ): Promise<ReconciledStatement> {
    const found = this.gateways.named(gateway);
    if (!found) throw refusal('unknown-gateway', `there are ${this.gateways.names.join(', ')}`);
    if (!found.hasStatements) throw refusal('no-statement', `the ledger of ${gateway} is our own`);
    if (this.#isRunning) throw refusal('reconciliation-running', 'wait for the other one to end');
    this.#isRunning = true;
    try {
      const reconciliation = new Reconciliation(limit);
      const period = await this.comparison.compare(gateway, statement, given, (pair) => reconciliation.add(pair));
      return { period, reconciliation };
    } finally {
      this.#isRunning = false;
    }
  }
}
