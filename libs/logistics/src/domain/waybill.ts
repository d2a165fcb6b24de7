import { Aggregate, type Id } from '@tradewind/shared-kernel';
import {
  WaybillCancelled,
  WaybillCreated,
  WaybillDelivered,
  WaybillDispatched,
  WaybillException,
  WaybillReturned,
} from '../contract';
import { type Journey, journeyOf } from './journey';
import type { Milestone } from './scan';
import { isTrouble, type WaybillStatus } from './waybill-status';

export type WaybillId = Id<'wbl'>;
export type OrderId = Id<'ord'>;
export type FulfilmentId = Id<'ful'>;

export interface CarriedLine {
  sku: string;
  quantity: number;
}

export interface WaybillState {
  readonly id: WaybillId;
  readonly orderId: OrderId;
  /** The part of the order that it carries; null for all of it. */
  readonly fulfilmentId: FulfilmentId | null;
  /** What is in it; null for what the order holds when it is booked. */
  readonly lines: readonly CarriedLine[] | null;
  readonly carrier: string;
  readonly createdAt: Date;
  /** The carrier's; null until it answered the booking. */
  number: string | null;
  status: WaybillStatus;
  subStatus: string | null;
  /** What it carries was cancelled before the carrier had the parcel: scans no longer matter. */
  withdrawnAt: Date | null;
  /** The four below: known and announced. */
  dispatchedAt: Date | null;
  deliveredAt: Date | null;
  returnedAt: Date | null;
  cancelledAt: Date | null;
}

/**
 * One consignment for one order or for a fulfilment, a part of one. Its status is folded from scans and never set; what others must know is announced once,
 * when the fold first says it.
 */
export class Waybill extends Aggregate {
  private constructor(
    private readonly state: WaybillState,
    version: number,
  ) {
    super(version);
  }

  /** A waybill that waits for its number. */
  static requested(
    of: Pick<WaybillState, 'id' | 'orderId' | 'carrier' | 'createdAt'>,
    part: Pick<WaybillState, 'fulfilmentId' | 'lines'> = { fulfilmentId: null, lines: null },
  ): Waybill {
    const unknown = { number: null, subStatus: null, withdrawnAt: null };
    const ahead = { dispatchedAt: null, deliveredAt: null, returnedAt: null, cancelledAt: null };
    return new Waybill({ ...of, ...part, ...unknown, ...ahead, status: 'CREATED' }, 0);
  }

  static restore(state: WaybillState, version: number): Waybill {
    return new Waybill({ ...state }, version);
  }

  get id(): WaybillId {
    return this.state.id;
  }
  get orderId(): OrderId {
    return this.state.orderId;
  }
  /** What the carrier knows it by: it has one waybill for each reference. */
  get reference(): OrderId | FulfilmentId {
    return this.state.fulfilmentId ?? this.state.orderId;
  }
  get lines(): WaybillState['lines'] {
    return this.state.lines;
  }
  get carrier(): string {
    return this.state.carrier;
  }
  get number(): string | null {
    return this.state.number;
  }
  get isWithdrawn(): boolean {
    return this.state.withdrawnAt !== null;
  }

  snapshot(): Readonly<WaybillState> {
    return { ...this.state };
  }

  /** The carrier accepted the booking. A withdrawn waybill takes its number too, so that it can be cancelled there. */
  accept(number: string): void {
    if (this.state.number !== null) return;
    this.state.number = number;
    if (!this.isWithdrawn) this.raise(new WaybillCreated({ ...this.names, number }));
  }

  /** Ends it because what it carries was cancelled; `too-late` when the carrier already has the parcel. */
  withdraw(now: Date): 'withdrawn' | 'over' | 'too-late' {
    const { cancelledAt, dispatchedAt } = this.state;
    if (this.isWithdrawn || cancelledAt) return 'over';
    if (dispatchedAt) return 'too-late';
    Object.assign(this.state, { status: 'CANCELLED', subStatus: null, withdrawnAt: now, cancelledAt: now });
    this.raise(new WaybillCancelled({ ...this.names, number: this.state.number }));
    return 'withdrawn';
  }

  /** Takes every scan known of its number, old and new, in any order; announces what they tell for the first time. */
  track(scans: readonly Milestone[]): void {
    const { number, status: before } = this.state;
    if (number === null || this.isWithdrawn) return;
    const journey = journeyOf(scans);
    Object.assign(this.state, { status: journey.status, subStatus: journey.subStatus });
    this.#announce({ ...this.names, number }, journey, before);
  }

  #announce(names: Waybill['names'] & { number: string }, journey: Journey, before: WaybillStatus): void {
    const { status, subStatus } = journey;
    this.#once('dispatchedAt', journey, (at) => new WaybillDispatched({ ...names, dispatchedAt: at }));
    if (status !== before && isTrouble(status) && journey.at) {
      this.raise(new WaybillException({ ...names, status, subStatus, at: journey.at.toISOString() }));
    }
    this.#once('deliveredAt', journey, (at) => new WaybillDelivered({ ...names, deliveredAt: at }));
    this.#once('returnedAt', journey, (at) => new WaybillReturned({ ...names, returnedAt: at }));
    this.#once('cancelledAt', journey, () => new WaybillCancelled(names));
  }

  #once(
    fact: 'dispatchedAt' | 'deliveredAt' | 'returnedAt' | 'cancelledAt',
    journey: Journey,
    event: (at: string) => Parameters<Waybill['raise']>[0],
  ): void {
    const at = journey[fact];
    if (!at || this.state[fact]) return;
    this.state[fact] = at;
    this.raise(event(at.toISOString()));
  }

  private get names() {
    const { orderId, carrier, fulfilmentId } = this.state;
    return { waybillId: this.id, orderId, carrier, fulfilmentId };
  }
}
