export interface CarrierEndpoint {
  /** Where the carrier's interface for shippers begins; `/carriers/{carrier}/…` follows. */
  baseUrl: string;
}

/** What Logistics needs to be told; also the token to inject it by. */
export abstract class LogisticsSettings {
  readonly carriers: {
    /** `callbackSecret`: last part of the address that SF calls. */
    readonly SF: CarrierEndpoint & { callbackSecret: string };
    /** `callbackKey`: the key of ZTO's digests. */
    readonly ZTO: CarrierEndpoint & { callbackKey: string };
  };
  /** Takes the orders whose buyer chose no carrier, or one that is not connected. */
  readonly defaultCarrier: 'SF' | 'ZTO';
  /** Takes messages that prove nothing. For the sandbox only. */
  readonly allowUnsignedCallbacks: boolean;
  /**
   * When a carrier is asked about a waybill, milliseconds: `firstMs` after the last news, doubling up to `mostMs`.
   * `everyMs` is how often due waybills are looked for. A delivered waybill is asked about once more after `mostMs`.
   */
  readonly poll: { firstMs: number; mostMs: number; everyMs: number };
  /** How long one call to a carrier may take, milliseconds. */
  readonly callTimeoutMs: number;
  /** Waits before asking about a booking or cancellation without an outcome, milliseconds; then a person has to look. */
  readonly bookingAskAfterMs?: readonly number[];
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

export const LOGISTICS_DEFAULTS = {
  defaultCarrier: 'SF',
  allowUnsignedCallbacks: true,
  poll: { firstMs: 10 * MINUTE, mostMs: 6 * HOUR, everyMs: 5 * SECOND },
  callTimeoutMs: 5 * SECOND,
  bookingAskAfterMs: [
    ...[SECOND, 2 * SECOND, 5 * SECOND, 15 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE],
    ...[HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR],
  ],
} as const satisfies Omit<LogisticsSettings, 'carriers'>;
