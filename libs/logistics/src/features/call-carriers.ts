import { Injectable, Logger } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { idOf } from '@tradewind/shared-kernel';
import type { EffectOutcome, NetworkEffect, Settled } from '@tradewind/shared-kernel/effects';
import { type ShippingDetails, ShippingDetailsOfOrder } from '@tradewind/trading/contract';
import type { Waybill } from '../domain/waybill';
import { LOGISTICS_DEFAULTS, LogisticsSettings } from '../settings';
import { type BookedWaybill, Carriers } from './carrier';
import { type CarrierCallRow, CarrierCalls } from './carrier-calls';
import { PollSchedule } from './poll-schedule';
import { TrackingRecords } from './tracking-records';
import { Waybills } from './waybills';

type Outcome = EffectOutcome<BookedWaybill>;

/** Books and cancels at the carriers, and asks what became of calls that ended without an outcome. */
@Injectable()
export class CallCarriers implements NetworkEffect<CarrierCallRow, BookedWaybill> {
  readonly name = 'logistics.carrier-call';
  readonly askAfterMs: readonly number[];
  readonly #logger = new Logger('Logistics');

  constructor(
    private readonly waybills: Waybills,
    private readonly records: TrackingRecords,
    private readonly calls: CarrierCalls,
    private readonly polls: PollSchedule,
    private readonly carriers: Carriers,
    private readonly queryBus: QueryBus,
    settings: LogisticsSettings,
  ) {
    this.askAfterMs = settings.bookingAskAfterMs ?? LOGISTICS_DEFAULTS.bookingAskAfterMs;
  }

  async call(row: CarrierCallRow, signal: AbortSignal): Promise<Outcome> {
    const waybill = await this.#waybillOf(row);
    return row.kind === 'book' ? this.#book(waybill, signal) : this.#cancel(waybill, signal);
  }

  async ask(row: CarrierCallRow, signal: AbortSignal): Promise<Outcome> {
    const waybill = await this.#waybillOf(row);
    const outcome = await this.carriers.named(waybill.carrier).ask(waybill.orderId, signal);
    if (row.kind === 'book') return this.#unlessUsed(waybill, outcome);
    if (outcome.kind !== 'succeeded' || outcome.result.isCancelled) return outcome;
    return { kind: 'not-done', reason: 'the carrier still has it' };
  }

  async settle(row: CarrierCallRow, outcome: Settled<BookedWaybill>): Promise<void> {
    if (outcome.kind === 'failed') {
      const { id, orderId, carrier, number } = await this.#waybillOf(row);
      const { reason } = outcome;
      this.#logger.warn({ msg: `no carrier will ${row.kind} this`, waybillId: id, orderId, carrier, number, reason });
    } else if (row.kind === 'book') {
      await this.#accept(row, outcome.result.number);
    }
  }

  async #book(waybill: Waybill, signal: AbortSignal): Promise<Outcome> {
    if (waybill.isWithdrawn) return { kind: 'failed', reason: 'the order was cancelled' };
    const details = await this.queryBus.execute<ShippingDetailsOfOrder, ShippingDetails | null>(
      new ShippingDetailsOfOrder(waybill.orderId),
    );
    if (!details) return { kind: 'failed', reason: 'the order has no shipping details' };
    const { recipient, lines } = details;
    const booking = { orderId: waybill.orderId, recipient, parcels: [{ lines }] };
    return this.#unlessUsed(waybill, await this.carriers.named(waybill.carrier).book(booking, signal));
  }

  /**
   * A number belongs to the first order it was given to. Of two bookings answered with it at the same moment, the second
   * fails to be recorded, is asked about and so found out here.
   */
  async #unlessUsed({ id, orderId, carrier }: Waybill, outcome: Outcome): Promise<Outcome> {
    if (outcome.kind !== 'succeeded') return outcome;
    const { number } = outcome.result;
    const owner = await this.waybills.findByNumber({ carrier, number });
    if (!owner || owner.id === id) return outcome;
    const orders = { orderId, usedBy: owner.orderId };
    this.#logger.warn({ msg: 'the carrier gave the number of another order', carrier, number, ...orders });
    return { kind: 'failed', reason: 'number-already-used' };
  }

  async #cancel({ carrier, number }: Waybill, signal: AbortSignal): Promise<Outcome> {
    if (number === null) return { kind: 'failed', reason: 'there is no number to cancel' };
    return this.carriers.named(carrier).cancel(number, signal);
  }

  /** The number is known: scans that came before it are adopted, and a waybill withdrawn meanwhile is cancelled there. */
  async #accept(row: CarrierCallRow, number: string): Promise<void> {
    const { carrier } = await this.#waybillOf(row);
    await this.records.lock([{ carrier, number }]);
    const waybill = await this.waybills.lock(idOf('wbl', row.waybill_id));
    if (!waybill) throw new Error(`waybill ${row.waybill_id} is gone`);
    waybill.accept(number);
    waybill.track(await this.records.of([{ carrier, number }]));
    await this.waybills.save([waybill]);
    await this.polls.restart([waybill.id]);
    if (waybill.isWithdrawn) await this.calls.request(waybill.id, 'cancel');
  }

  async #waybillOf(row: CarrierCallRow): Promise<Waybill> {
    const waybill = await this.waybills.find(idOf('wbl', row.waybill_id));
    if (!waybill) throw new Error(`waybill ${row.waybill_id} is gone`);
    return waybill;
  }
}
