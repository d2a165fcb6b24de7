import type { CarrierMessage, ReceivedMessage } from '../domain/carrier-message';

/** What became of a message's scans. Scans known before are in none of the numbers. */
export interface AppliedSummary {
  messageId: string;
  scans: number;
  /** Of these: of numbers that no waybill has. */
  orphans: number;
  /** Of these: with a code that no mapping knows. */
  unmapped: number;
  /** Entries beside the scans that had no number, time or code that could be read. */
  unreadable: number;
}

/** Carriers' messages, stored before they are acknowledged. */
export abstract class CarrierMessages {
  /** Returns those that were not stored before. */
  abstract add(messages: readonly CarrierMessage[]): Promise<CarrierMessage[]>;
  /** Those of these messages that were not applied yet. */
  abstract unapplied(ids: readonly string[]): Promise<ReceivedMessage[]>;
  /** Counts and logs what was unreadable, too. */
  abstract applied(summaries: readonly AppliedSummary[]): Promise<void>;
}
