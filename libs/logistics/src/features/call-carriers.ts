import { Injectable, Logger } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { idOf } from '@tradewind/shared-kernel';
import { GroupRead } from '@tradewind/shared-kernel/persistence';
import type { EffectOutcome, NetworkEffect, SettledAttempt } from '@tradewind/shared-kernel/effects';
import { ShippingDetailsOfOrders } from '@tradewind/trading/contract';
import type { Waybill, WaybillId } from '../domain/waybill';
import { LOGISTICS_DEFAULTS, LogisticsSettings } from '../settings';
import { type BookedWaybill, Carriers } from './carrier';
import { type CarrierCallRow, CarrierCalls } from './carrier-calls';
import { TrackingRecords } from './tracking-records';
import { type CarrierNumber, Waybills } from './waybills';

type Outcome = EffectOutcome<BookedWaybill>;

/** Books and cancels at the carriers, and asks what became of calls that ended without an outcome. */
@Injectable()
export class CallCarriers implements NetworkEffect<CarrierCallRow, BookedWaybill> {
  readonly name = 'logistics.carrier-call';
  readonly askAfterMs: readonly number[];
  readonly #logger = new Logger('Logistics');
  // Calls are claimed several at a time: what they need is read together.
  readonly #waybills = new GroupRead((ids: WaybillId[]) => this.waybills.find(ids));
  readonly #details = new GroupRead((orderIds: string[]) =>
    this.queryBus.execute<ShippingDetailsOfOrders, ShippingDetailsOfOrders['answer']>(
      new ShippingDetailsOfOrders(orderIds),
    ),
  );

  constructor(
    private readonly waybills: Waybills,
    private readonly records: TrackingRecords,
    private readonly calls: CarrierCalls,
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
    const outcome = await this.carriers.named(waybill.carrier).ask(waybill.reference, signal);
    if (row.kind === 'book') return this.#unlessUsed(waybill, outcome);
    if (outcome.kind !== 'succeeded' || outcome.result.isCancelled) return outcome;
    return { kind: 'not-done', reason: 'the carrier still has it' };
  }

  async settle(attempts: readonly SettledAttempt<CarrierCallRow, BookedWaybill>[]): Promise<void> {
    const refused = attempts.filter(({ outcome }) => outcome.kind === 'failed');
    if (refused.length > 0) await this.#warn(refused);
    const numberOf = new Map<WaybillId, CarrierNumber>();
    for (const { row, outcome } of attempts) {
      if (row.kind === 'book' && outcome.kind === 'succeeded') numberOf.set(waybillIdIn(row), outcome.result);
    }
    if (numberOf.size > 0) await this.#accept(numberOf);
  }

  async #warn(refused: readonly SettledAttempt<CarrierCallRow, BookedWaybill>[]): Promise<void> {
    const waybills = await this.waybills.find(refused.map(({ row }) => waybillIdIn(row)));
    for (const { row, outcome } of refused) {
      const waybill = waybills.get(waybillIdIn(row));
      const { orderId, carrier, number } = waybill ?? {};
      const msg = `no carrier will ${row.kind} this`;
      const reason = outcome.kind === 'failed' ? outcome.reason : undefined;
      this.#logger.warn({ msg, waybillId: waybillIdIn(row), orderId, carrier, number, reason });
    }
  }

  async #book(waybill: Waybill, signal: AbortSignal): Promise<Outcome> {
    if (waybill.isWithdrawn) return { kind: 'failed', reason: 'what it carries was cancelled' };
    const details = await this.#details.find(waybill.orderId);
    if (!details) return { kind: 'failed', reason: 'the order has no shipping details' };
    const { recipient } = details;
    const lines = waybill.lines ?? details.lines;
    if (!lines) return { kind: 'failed', reason: 'what it carries was cancelled' };
    const booking = { reference: waybill.reference, recipient, parcels: [{ lines }] };
    return this.carriers.named(waybill.carrier).book(booking, signal);
  }

  /**
   * A number belongs to the first order it was given to. A second booking that is answered with it fails to be recorded,
   * is asked about and so found out here.
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

  /** The numbers are known: scans that came before are adopted, and waybills withdrawn meanwhile are cancelled there. */
  async #accept(numberOf: ReadonlyMap<WaybillId, CarrierNumber>): Promise<void> {
    const numbers = [...numberOf.values()];
    await this.records.lock(numbers);
    const waybills = await this.waybills.lock([...numberOf.keys()]);
    const scans = await this.records.of(numbers);
    for (const [id, { carrier, number }] of numberOf) {
      const waybill = waybills.get(id);
      waybill?.accept(number);
      waybill?.track(scans.filter((scan) => scan.carrier === carrier && scan.number === number));
    }
    const accepted = [...waybills.values()];
    await this.waybills.save(accepted);
    const withdrawn = accepted.filter((waybill) => waybill.isWithdrawn);
    await this.calls.request(
      withdrawn.map(({ id }) => id),
      'cancel',
    );
  }

  async #waybillOf(row: CarrierCallRow): Promise<Waybill> {
    const waybill = await this.#waybills.find(waybillIdIn(row));
    if (!waybill) throw new Error(`waybill ${row.waybill_id} is gone`);
    return waybill;
  }
}

const waybillIdIn = (row: CarrierCallRow): WaybillId => idOf('wbl', row.waybill_id);
