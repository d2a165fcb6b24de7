import type { TrackedScan } from '../domain/scan';
import type { CarrierNumber } from './waybills';

/** A scan on its way into the records. */
export interface NewScan extends TrackedScan {
  /** `cmg_…` that brought it. */
  messageId: string;
}

/** What carriers reported, by their numbers, whether or not a waybill has that number. */
export abstract class TrackingRecords {
  /**
   * Until commit nobody else records scans of these numbers or gives one of them to a waybill. Taken before any row lock,
   * so that a scan that comes while its number is being learnt is seen by one side or the other; once in a unit of work.
   */
  abstract lock(numbers: readonly CarrierNumber[]): Promise<void>;
  /** Returns those that were not known. */
  abstract add(scans: readonly NewScan[]): Promise<NewScan[]>;
  /** Every scan of these numbers. */
  abstract of(numbers: readonly CarrierNumber[]): Promise<TrackedScan[]>;
  /** Whether any of the fingerprints is new for this number. */
  abstract hasNews(number: CarrierNumber, fingerprints: readonly string[]): Promise<boolean>;
  /** Counts codes that no mapping knew. */
  abstract countUnmapped(scans: readonly NewScan[]): Promise<void>;
}
