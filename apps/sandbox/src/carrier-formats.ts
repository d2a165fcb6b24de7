import { createHash } from 'node:crypto';
import type { Callback, CarrierCode, Scan } from './books';
import type { Channel } from './post';
import type { Settings } from './settings';
import { ztoDigest } from './signing';

/** One carrier's way of numbering, reporting and hearing an acknowledgement. */
export interface CarrierFormat {
  /** A number in the carrier's own shape from at least 13 digits. */
  number(digits: string): string;
  /** What a callback about one scan says. */
  report(scan: Scan): unknown;
  /** What polling reads. */
  routes(scans: readonly Scan[]): unknown;
  channel(settings: Settings): Channel;
}

const CHINA_OFFSET_MS = 8 * 3_600_000;

export const FORMATS: Record<CarrierCode, CarrierFormat> = {
  SF: {
    number: (digits) => `SF${digits.slice(0, 13)}`,
    report: (scan) => ({ Body: { WaybillRoute: [sfRoute(scan)] } }),
    routes: (scans) => ({ Body: { WaybillRoute: scans.map(sfRoute) } }),
    channel: ({ platformUrl, sfSecret }) => ({
      letter: (content, spoiled) => ({
        url: `${platformUrl}/v1/carriers/SF/callbacks/${encodeURIComponent(sfSecret)}`,
        headers: { 'content-type': 'application/json' },
        body: spoiled === 'garbage' ? '{"Body":{"WaybillRoute":[{"id":' : content,
      }),
      acknowledges: (answer) => fieldOf(answer, 'return_code') === '0000',
    }),
  },
  ZTO: {
    number: (digits) => `78${digits.slice(0, 12)}`,
    report: ztoTrace,
    routes: (scans) => ({ data: scans.map(ztoTrace) }),
    channel: ({ platformUrl, ztoKey }) => ({
      letter: (content, spoiled) => {
        const data = spoiled === 'garbage' ? '{"billCode":' : content;
        const form = { data, data_digest: ztoDigest(data, ztoKey), msg_type: 'Traces', company_id: 'sandbox' };
        return {
          url: `${platformUrl}/v1/carriers/ZTO/callbacks`,
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams(form).toString(),
        };
      },
      acknowledges: (answer) => fieldOf(answer, 'status') === true,
    }),
  },
};

export function scanReport(scan: Scan): Callback {
  return {
    id: scan.id,
    channel: scan.carrier,
    subject: scan.number,
    about: [scan.number, ...(scan.orderId === undefined ? [] : [scan.orderId])],
    content: JSON.stringify(FORMATS[scan.carrier].report(scan)),
  };
}

/** The number for an idempotency key: the same even when the ledger is lost. `salt` sets colliding keys apart. */
export function waybillNumber(carrier: CarrierCode, key: string, salt: number): string {
  const hash = createHash('sha256').update(`${carrier}|${key}|${salt}`).digest();
  return FORMATS[carrier].number(hash.readBigUInt64BE().toString().padStart(20, '0').slice(-13));
}

/** Carriers write China's local time, without saying so. */
export function chinaTime(at: string): string {
  return new Date(Date.parse(at) + CHINA_OFFSET_MS).toISOString().slice(0, 19).replace('T', ' ');
}

function sfRoute(scan: Scan) {
  const { reasonCode, firstStatusCode, secondaryStatusCode } = scan;
  return {
    id: scan.id,
    mailno: scan.number,
    orderid: scan.orderId ?? '',
    acceptTime: chinaTime(scan.at),
    acceptAddress: scan.place,
    remark: scan.text,
    opCode: scan.code,
    ...(reasonCode === undefined ? {} : { reasonCode }),
    ...(firstStatusCode === undefined ? {} : { firstStatusCode }),
    ...(secondaryStatusCode === undefined ? {} : { secondaryStatusCode }),
  };
}

function ztoTrace(scan: Scan) {
  return {
    billCode: scan.number,
    orderCode: scan.orderId ?? '',
    scanType: scan.code,
    scanDate: chinaTime(scan.at),
    scanSite: scan.place,
    desc: scan.text,
  };
}

function fieldOf(answer: string, name: string): unknown {
  try {
    const parsed: unknown = JSON.parse(answer);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>)[name] : undefined;
  } catch {
    return undefined;
  }
}
