import { randomInt } from 'node:crypto';
import type { CarrierCode, Scan, Waybill } from './books';
import type { Callbacks } from './callbacks';
import { scanReport, waybillNumber } from './carrier-formats';
import type { Faults } from './faults';
import type { Ledger } from './ledger';

export interface ScanRequest {
  code: string;
  at?: string;
  place?: string;
  text?: string;
  reasonCode?: string;
  firstStatusCode?: string;
  secondaryStatusCode?: string;
}

const UNKNOWN_CODE = 'ZZ-UNKNOWN';

/** The carriers' decisions: each is on file before it is answered, and scans are reported afterwards. */
export class Carriers {
  constructor(
    private readonly ledger: Ledger,
    private readonly faults: Faults,
    private readonly callbacks: Callbacks,
  ) {}

  /** Books a waybill that was not booked before. Recipient and parcels are not kept: only the order and the number. */
  book(carrier: CarrierCode, idempotencyKey: string, orderId: string): Waybill {
    const number = this.#freeNumber(carrier, idempotencyKey);
    const waybill: Waybill = { carrier, number, idempotencyKey, orderId, status: 'booked' };
    this.ledger.record({ kind: 'waybill-booked', waybill });
    return waybill;
  }

  /** Cancels, again and again if need be; `picked-up` when a scan says that the parcel has left. */
  cancel({ carrier, number, status }: Waybill): 'cancelled' | 'picked-up' {
    if (status === 'cancelled') return 'cancelled';
    if (this.ledger.books.scans(carrier, number).length > 0) return 'picked-up';
    this.ledger.record({ kind: 'waybill-cancelled', carrier, number });
    return 'cancelled';
  }

  /** Records a scan and reports it. An unknown-code fault changes the scan itself, so that polling reads the same. */
  scan(carrier: CarrierCode, number: string, request: ScanRequest): Scan {
    const orderId = this.ledger.books.waybill(carrier, number)?.orderId;
    const subjects = orderId === undefined ? [number] : [number, orderId];
    const spoiled = this.faults.take('carrier.callback', subjects, (kind) => kind === 'unknown-code');
    const { at, place = '深圳市', text = '快件状态更新', ...codes } = request;
    const scan: Scan = {
      id: newScanId(),
      carrier,
      number,
      ...(orderId === undefined ? {} : { orderId }),
      at: (at === undefined ? new Date() : new Date(at)).toISOString(),
      place,
      text,
      ...(spoiled ? { code: UNKNOWN_CODE } : codes),
    };
    const outgoing = this.callbacks.prepare(scanReport(scan));
    this.ledger.record({ kind: 'scan-recorded', scan }, ...outgoing.entries);
    this.callbacks.send(outgoing);
    return scan;
  }

  #freeNumber(carrier: CarrierCode, key: string): string {
    for (let salt = 0; ; salt += 1) {
      const number = waybillNumber(carrier, key, salt);
      if (!this.ledger.books.waybill(carrier, number)) return number;
    }
  }
}

/** 19 digits: milliseconds, then chance. */
function newScanId(): string {
  return `${Date.now()}${String(randomInt(1_000_000)).padStart(6, '0')}`;
}
