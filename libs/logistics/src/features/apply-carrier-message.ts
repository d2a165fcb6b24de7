import { EventsHandler } from '@nestjs/cqrs';
import type { Delivered } from '@tradewind/shared-kernel';
import { contextOf, Subscription } from '@tradewind/shared-kernel/messaging';
import { currentContext } from '@tradewind/shared-kernel/observability';
import { CarrierMessageReceived } from '../contract';
import type { ReceivedMessage } from '../domain/carrier-message';
import type { CarrierScan } from '../domain/scan';
import type { Waybill } from '../domain/waybill';
import { Carriers, type ReadMessage } from './carrier';
import { CarrierMessages } from './carrier-messages';
import { StatusMappings } from './status-mappings';
import { type NewScan, TrackingRecords } from './tracking-records';
import { type CarrierNumber, Waybills } from './waybills';

const NAME = 'logistics.apply-carrier-message';

/** Turns stored messages into scans and scans into statuses, as many messages at a time as have gathered. */
@EventsHandler(CarrierMessageReceived)
@Subscription(NAME)
export class ApplyCarrierMessage {
  constructor(
    private readonly messages: CarrierMessages,
    private readonly records: TrackingRecords,
    private readonly waybills: Waybills,
    private readonly carriers: Carriers,
    private readonly mappings: StatusMappings,
  ) {}

  async handleBatch(events: Delivered<CarrierMessageReceived>[]): Promise<void> {
    const messages = await this.messages.unapplied(events.map((event) => event.data.messageId));
    const read = new Map(messages.map((message) => [message.id, this.#read(message)]));
    const scans = messages.flatMap((message) => this.#translated(message, read.get(message.id)?.scans ?? []));
    await this.records.lock(numbersOf(scans));
    const added = await this.records.add(scans);
    await this.records.countUnmapped(added.filter(isUnmapped));

    const waybills = await this.waybills.lockByNumbers(numbersOf(added));
    await this.#track(waybills, added, events);
    const booked = new Set(waybills.map(keyOf));
    const addedBy = grouped(added, (scan) => scan.messageId);
    await this.messages.applied(
      messages.map(({ id }) => {
        const own = addedBy.get(id) ?? [];
        const orphans = own.filter((scan) => !booked.has(keyOf(scan))).length;
        const unreadable = read.get(id)?.unreadable ?? 0;
        return { messageId: id, scans: own.length, orphans, unmapped: own.filter(isUnmapped).length, unreadable };
      }),
    );
  }

  /** Folds the waybills that have news again; the newest message about a waybill is the cause of what it tells. */
  async #track(
    waybills: readonly Waybill[],
    added: readonly NewScan[],
    events: readonly Delivered<CarrierMessageReceived>[],
  ): Promise<void> {
    if (waybills.length === 0) return;
    const history = grouped(await this.records.of(numbersOf(added)), keyOf);
    for (const waybill of waybills) waybill.track(history.get(keyOf(waybill)) ?? []);
    const eventOf = new Map(events.map((event) => [event.data.messageId, event]));
    const causeOf = new Map(added.map((scan) => [keyOf(scan), eventOf.get(scan.messageId)]));
    await this.waybills.save(waybills, (waybill) => {
      const cause = causeOf.get(keyOf(waybill));
      return cause ? contextOf(cause, NAME) : currentContext();
    });
  }

  #read({ id, carrier, raw, contentType }: ReceivedMessage): Extract<ReadMessage, { kind: 'read' }> {
    const read = this.carriers.named(carrier).read({ body: Buffer.from(raw), contentType });
    if (read.kind === 'malformed') throw new Error(`message ${id} was readable when it was stored`);
    return read;
  }

  #translated(message: ReceivedMessage, scans: readonly CarrierScan[]): NewScan[] {
    const carrier = this.carriers.named(message.carrier);
    const mapping = this.mappings.of(carrier.name);
    return scans.map((scan) => ({ ...scan, ...reading(scan), carrier: carrier.name, messageId: message.id }));

    function reading(scan: CarrierScan) {
      const translated = carrier.translate(scan, mapping);
      if (translated.kind === 'unmapped') return UNMAPPED;
      const { status, subStatus, effect } = translated.row;
      return { status, subStatus, effect, mappingVersion: translated.version };
    }
  }
}

const UNMAPPED = { status: 'UNKNOWN', subStatus: null, effect: 'informational', mappingVersion: null } as const;
const isUnmapped = (scan: NewScan): boolean => scan.mappingVersion === null;

const keyOf = ({ carrier, number }: { carrier: string; number: string | null }): string => `${carrier} ${number}`;

const numbersOf = (scans: readonly NewScan[]): CarrierNumber[] => [
  ...new Map(scans.map(({ carrier, number }) => [`${carrier} ${number}`, { carrier, number }])).values(),
];

function grouped<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
