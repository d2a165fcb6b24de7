import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '@tradewind/shared-kernel';
import type { Waybill } from '../domain/waybill';
import { CarrierCalls } from './carrier-calls';
import { Waybills } from './waybills';

/**
 * Ends waybills whose goods will not travel. A booking that may have reached the carrier is cancelled there once its number
 * is known: at once, or when the booking settles (`CallCarriers`).
 */
@Injectable()
export class WithdrawWaybills {
  readonly #logger = new Logger('Logistics');

  constructor(
    private readonly waybills: Waybills,
    private readonly calls: CarrierCalls,
    private readonly clock: Clock,
  ) {}

  /** The waybills are locked; `what` was cancelled: the order, the fulfilment. */
  async withdraw(waybills: readonly Waybill[], what: string): Promise<void> {
    const withdrawn: Waybill[] = [];
    for (const waybill of waybills) {
      const outcome = waybill.withdraw(this.clock.now());
      if (outcome === 'withdrawn') withdrawn.push(waybill);
      if (outcome !== 'too-late') continue;
      const { orderId, reference } = waybill;
      this.#logger.warn({ msg: `the ${what} was cancelled but its parcel is on its way`, orderId, reference });
    }
    if (withdrawn.length === 0) return;
    await this.waybills.save(withdrawn);
    for (const { id } of withdrawn) await this.calls.withdrawBooking(id, `the ${what} was cancelled`);
    const booked = withdrawn.filter(({ number }) => number !== null).map(({ id }) => id);
    await this.calls.request(booked, 'cancel');
  }
}
