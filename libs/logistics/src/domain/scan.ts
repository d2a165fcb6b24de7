import type { WaybillStatus } from './waybill-status';

/** One fact that a carrier reported, read but not yet understood. */
export interface CarrierScan {
  /** The carrier's waybill number. */
  number: string;
  at: Date;
  /** The carrier named no time zone: China's (UTC+8) was assumed. */
  zoneAssumed: boolean;
  /** The code that says most, and what kind of code it is: `opCode`, `scanType`, … Codes are text: `01` is not `1`. */
  namespace: string;
  code: string;
  /** Every code of the scan by its kind, the one above included. */
  codes: Readonly<Record<string, string>>;
  text: string | null;
  location: string | null;
  /** Equal for equal facts, whatever way and however often they come. */
  fingerprint: string;
}

/**
 * What a code does: a milestone moves the status, an informational one stays on the timeline, a reversal takes an earlier
 * one back, a subscription code tells of the feed and not of the parcel.
 */
export type ScanEffect = 'milestone' | 'informational' | 'reversal' | 'subscription';

/** What the status is folded from. */
export interface Milestone {
  at: Date;
  code: string;
  fingerprint: string;
  status: WaybillStatus;
  subStatus: string | null;
  effect: ScanEffect;
}

/** A scan with our reading of it. `mappingVersion` is null when no mapping knew the code. */
export interface TrackedScan extends CarrierScan, Milestone {
  carrier: string;
  mappingVersion: number | null;
}
