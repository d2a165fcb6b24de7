import type { EffectOutcome } from '@tradewind/shared-kernel/effects';
import type { CarrierScan } from '../domain/scan';
import type { StatusMapping, Translated } from '../domain/status-mapping';

/** Bytes from a carrier with what is needed to judge who sent them. */
export interface CarrierBytes {
  body: Buffer;
  contentType: string;
}

export interface SignedBytes extends CarrierBytes {
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Last part of the address that was called, when it had one. */
  pathSecret: string | null;
}

/** What a message holds. `unreadable` entries lack a number, a time or a code, and stay in the raw message only. */
export type ReadMessage =
  | { kind: 'read'; scans: CarrierScan[]; unreadable: number }
  /** `detail` goes on after "the message". */
  | { kind: 'malformed'; detail: string };

/** What a carrier is told about a consignment. Personal data: passed on, never kept. */
export interface Booking {
  /** Our name for the consignment: the id of its order, or of the fulfilment that is a part of one. */
  reference: string;
  recipient: object;
  parcels: { lines: readonly { sku: string; quantity: number }[] }[];
}

/** What a carrier answers about the waybill of a consignment. */
export interface BookedWaybill {
  carrier: string;
  number: string;
  isCancelled: boolean;
}

/** The border to one carrier: whatever is particular about it stays behind this. One suite of tests runs over all. */
export abstract class Carrier {
  abstract readonly name: string;
  /** Body of the answer that tells the carrier not to send a message again. */
  abstract readonly acknowledgement: object;

  /** `malformed`: the proof cannot even be looked for. */
  abstract verify(message: SignedBytes): 'genuine' | 'forged' | 'malformed';
  /** Reads a callback or a polled answer; total. */
  abstract read(message: CarrierBytes): ReadMessage;
  abstract translate(scan: CarrierScan, mapping: StatusMapping): Translated;

  /** Books under our reference: however often it is called, the consignment has one waybill. */
  abstract book(booking: Booking, signal: AbortSignal): Promise<EffectOutcome<BookedWaybill>>;
  /** `not-done` when the carrier has never heard of the consignment. */
  abstract ask(reference: string, signal: AbortSignal): Promise<EffectOutcome<BookedWaybill>>;
  /** `failed` when the parcel was picked up already. */
  abstract cancel(number: string, signal: AbortSignal): Promise<EffectOutcome<BookedWaybill>>;
  /** Every scan the carrier has of a number, as it sends them; undefined when it gave no usable answer. */
  abstract routes(number: string, signal: AbortSignal): Promise<CarrierBytes | undefined>;
}

/** The carriers that are connected. */
export class Carriers {
  readonly #byName: ReadonlyMap<string, Carrier>;

  constructor(
    carriers: readonly Carrier[],
    private readonly fallback: Carrier,
  ) {
    this.#byName = new Map(carriers.map((carrier) => [carrier.name, carrier]));
  }

  find(name: string): Carrier | undefined {
    return this.#byName.get(name);
  }

  /** Of a stored row: its carrier was connected when the row was written. */
  named(name: string): Carrier {
    const carrier = this.find(name);
    if (!carrier) throw new Error(`carrier ${name} is not connected any more`);
    return carrier;
  }

  /** The carrier a buyer wished for, if it is connected; else the default one. */
  wished(name: string | null): Carrier {
    return (name !== null && this.find(name)) || this.fallback;
  }
}
