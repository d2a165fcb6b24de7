import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { CarrierScan } from '../../domain/scan';
import type { ReadMessage } from '../../features/carrier';

/** China keeps one time zone and no summer time. */
const CHINA = '+08:00';
const MOST_TEXT = 1000;
/** One message may not hold up all others: a waybill has some dozens of scans, a push some hundreds. */
const MOST_SCANS = 1000;

export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Bytes as text; undefined when they are no UTF-8. */
export const utf8Of = (bytes: Buffer): string | undefined => (isUtf8(bytes) ? bytes.toString('utf8') : undefined);

/**
 * Free text, cut to 1,000 characters: what is longer is kept in the raw message only. Control characters, among them NUL,
 * which PostgreSQL cannot hold, become spaces.
 */
export function textOf(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const text = value
    .replaceAll(/\p{Cc}+/gu, ' ')
    .toWellFormed()
    .trim();
  return text === '' ? null : text.slice(0, MOST_TEXT).toWellFormed();
}

/**
 * A code or number as text of 1 to 64 printable characters; `-` and an empty text stand for none. A longer one is refused:
 * cut, it would name something else.
 */
export function codeOf(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || text.trim() === '-') return undefined;
  return /^\P{C}{1,64}$/u.test(text.trim()) ? text.trim() : undefined;
}

/**
 * `2026-11-23 10:00:00` (China's time, as none is named), RFC 3339, or milliseconds since 1970 as a number or its digits;
 * undefined for anything else.
 */
export function timeOf(value: unknown): Pick<CarrierScan, 'at' | 'zoneAssumed'> | undefined {
  if (typeof value === 'number' || (typeof value === 'string' && /^\d{13}$/.test(value))) {
    return valid(new Date(Number(value)), false);
  }
  if (typeof value !== 'string') return undefined;
  const found = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?$/.exec(value);
  if (!found) return undefined;
  const [, day, time, zone] = found;
  return valid(new Date(`${day}T${time}${zone ?? CHINA}`), zone === undefined);
}

const EARLIEST = Date.UTC(2000, 0);
const LATEST = Date.UTC(2200, 0);

function valid(at: Date, zoneAssumed: boolean): Pick<CarrierScan, 'at' | 'zoneAssumed'> | undefined {
  return at.getTime() >= EARLIEST && at.getTime() < LATEST ? { at, zoneAssumed } : undefined;
}

/** Adds the fingerprint: the carrier's own id of a report is left out, as a polled scan has none. */
export function withFingerprint(scan: Omit<CarrierScan, 'fingerprint'>): CarrierScan {
  const codes = Object.entries(scan.codes).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const facts = JSON.stringify([scan.number, scan.at.toISOString(), codes, scan.text, scan.location]);
  return { ...scan, fingerprint: createHash('sha256').update(facts).digest('base64url') };
}

const OTHER_FORMAT: ReadMessage = { kind: 'malformed', detail: 'is not in the format of this carrier' };

/** Reads what can be read and counts the rest. A list of which nothing can be read is another format. */
export function readAll(entries: unknown, read: (entry: unknown) => CarrierScan | undefined): ReadMessage {
  if (!Array.isArray(entries)) return OTHER_FORMAT;
  if (entries.length > MOST_SCANS) {
    return { kind: 'malformed', detail: `holds ${entries.length} scans; at most ${MOST_SCANS} are taken` };
  }
  const scans = entries.map(read).filter((scan) => scan !== undefined);
  const unreadable = entries.length - scans.length;
  return scans.length === 0 && unreadable > 0 ? OTHER_FORMAT : { kind: 'read', scans, unreadable };
}
