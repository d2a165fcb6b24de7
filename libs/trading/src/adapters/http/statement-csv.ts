import { currencyExponent, Money } from '@tradewind/shared-kernel';
import { httpRefusal } from '@tradewind/shared-kernel/http';
import type { Booking } from '../../domain/reconciliation/bookings';
import { refusal } from '../../domain/refusals';

/** The columns of a statement, in this order, named in its first line. */
export const STATEMENT_COLUMNS = ['gatewayReference', 'reference', 'kind', 'amount', 'currency', 'bookedAt'] as const;
export const MOST_STATEMENT_BYTES = 8 * 1024 * 1024;

const HEADER = STATEMENT_COLUMNS.join(',');
const BATCH = 2000;
const MOST_PROBLEMS = 20;
const LONGEST_LINE = 1000;

type Column = (typeof STATEMENT_COLUMNS)[number];
type Fields = Record<Column, string>;
interface Problem {
  pointer: string;
  detail: string;
}

const RULES: Record<Column, { isMet: (text: string) => boolean; rule: string }> = {
  gatewayReference: {
    isMet: (text) => /^[\x21-\x7e]{1,200}$/.test(text),
    rule: 'has 1 to 200 printable ASCII characters',
  },
  reference: { isMet: (text) => /^[\x21-\x7e]{0,200}$/.test(text), rule: 'has at most 200 printable ASCII characters' },
  kind: { isMet: (text) => text === 'capture' || text === 'refund', rule: 'is capture or refund' },
  amount: {
    isMet: (text) => /^[1-9]\d{0,15}$/.test(text) && Number.isSafeInteger(Number(text)),
    rule: 'is in minor units, an integer from 1 to 2^53-1',
  },
  currency: { isMet: (text) => currencyExponent(text) !== undefined, rule: 'is a currency code of ISO 4217' },
  bookedAt: { isMet: isTime, rule: 'is a time of RFC 3339, as in 2026-01-31T08:00:00Z' },
};

/**
 * Reads a statement as it arrives: UTF-8, a comma between fields, LF or CRLF between lines, quotes around a field allowed.
 * Gives the rows of good lines in batches, and throws `malformed-statement` at the end when there was a bad one, naming the
 * first 20: nothing may count that was given before. Throws `body-too-large` beyond 8 MB.
 */
export async function* readStatement(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Booking[]> {
  const problems: Problem[] = [];
  let batch: Booking[] = [];
  let line = 0;
  for await (const text of linesOf(chunks)) {
    line += 1;
    if (line === 1) checkHeader(text);
    else if (problems.length < MOST_PROBLEMS) {
      const row = rowOf(text, line);
      if (Array.isArray(row)) problems.push(...row);
      else batch.push(row);
    }
    if (batch.length === BATCH && problems.length === 0) {
      yield batch;
      batch = [];
    } else if (problems.length > 0) batch = [];
  }
  if (line === 0) throw refusal('malformed-statement', `the statement is empty; its first line is ${HEADER}`);
  const errors = problems.slice(0, MOST_PROBLEMS);
  if (errors[0]) throw refusal('malformed-statement', errors[0].detail, { errors });
  if (batch.length > 0) yield batch;
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let bytes = 0;
  let line = 0;
  let rest = '';
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
    } catch {
      throw refusal('malformed-statement', `line ${line + 1} or soon after it is not UTF-8`);
    }
  };
  for await (const chunk of arriving(chunks)) {
    bytes += chunk.byteLength;
    if (bytes > MOST_STATEMENT_BYTES) throw tooLarge();
    const lines = (rest + decode(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) {
      line += 1;
      yield text.endsWith('\r') ? text.slice(0, -1) : text;
    }
    if (rest.length > LONGEST_LINE) throw refusal('malformed-statement', `line ${line + 1} is too long`);
  }
  rest += decode();
  if (rest !== '') yield rest;
}

export const tooLarge = () =>
  httpRefusal('body-too-large', 'a statement has at most 8 MB; send one of a shorter period');

/** A sender that goes away in the middle is not a fault of ours. */
async function* arriving(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    throw httpRefusal('bad-request', 'the statement broke off', {}, { cause: error });
  }
}

function checkHeader(text: string): void {
  if (fieldsOf(text)?.join(',') !== HEADER) throw refusal('malformed-statement', `line 1 must be ${HEADER}`);
}

function rowOf(text: string, line: number): Booking | Problem[] {
  const values = text.length > LONGEST_LINE ? undefined : fieldsOf(text);
  if (values?.length !== STATEMENT_COLUMNS.length) {
    const detail = `line ${line} must have ${STATEMENT_COLUMNS.length} fields`;
    return [{ pointer: `/${line}`, detail }];
  }
  const fields = Object.fromEntries(STATEMENT_COLUMNS.map((column, index) => [column, values[index]])) as Fields;
  const broken = STATEMENT_COLUMNS.filter((column) => !RULES[column].isMet(fields[column]));
  if (broken.length > 0) {
    return broken.map((column) => ({
      pointer: `/${line}/${column}`,
      detail: `line ${line}: ${column} ${RULES[column].rule}`,
    }));
  }
  return {
    line,
    gatewayReference: fields.gatewayReference,
    reference: fields.reference || null,
    kind: fields.kind as Booking['kind'],
    amount: Money.of(Number(fields.amount), fields.currency),
    bookedAt: new Date(fields.bookedAt),
  };
}

/** Undefined when quotes are out of place. */
function fieldsOf(line: string): string[] | undefined {
  if (!line.includes('"')) return line.split(',');
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (;;) {
    const found = field.exec(line);
    if (!found) return undefined;
    fields.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '');
    if (found[3] === '') return fields;
  }
}

/** Of a day that exists, in the years in which there are statements. */
function isTime(text: string): boolean {
  const day = /^((?:19|20)\d\d-\d\d-\d\d)T\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/.exec(text)?.[1];
  return day !== undefined && new Date(day).getUTCDate() === Number(day.slice(8)) && !Number.isNaN(Date.parse(text));
}
