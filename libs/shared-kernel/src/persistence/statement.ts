import type { QueryConfig, QueryResultRow } from 'pg';

export type Row = QueryResultRow;

/**
 * JSON texts as one parameter, for `string_to_array($1, chr(30))`: the record separator stands in no JSON text (RFC 7464).
 * In an array of text every quote would be escaped, and an array of JSON is read twice.
 */
export const jsonSequence = (texts: readonly string[]): string => texts.join('\x1e');

/**
 * An array as PostgreSQL reads one. The driver escapes each element, whatever it is, and a batch has some fifty arrays.
 * Undefined where an element is neither text, number, boolean, time nor null: such an array is left to the driver.
 */
function arrayText(values: readonly unknown[]): string | undefined {
  const parts: unknown[] = [];
  for (const value of values) {
    if (typeof value === 'string') parts.push(`"${/["\\]/.test(value) ? value.replaceAll(/["\\]/g, '\\$&') : value}"`);
    else if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') parts.push(value);
    else if (value === null || value === undefined) parts.push('NULL');
    else if (value instanceof Date) parts.push(`"${value.toISOString()}"`);
    else return undefined;
  }
  return `{${parts.join(',')}}`;
}

const names = new Map<string, string>();

/** A prepared statement: one name per text, parsed and planned once per connection. Texts must be constants. */
export function statement(text: string, values: unknown[]): QueryConfig {
  let name = names.get(text);
  if (!name) {
    name = `tw_${names.size}`;
    names.set(text, name);
  }
  return { name, text, values: values.map((value) => (Array.isArray(value) && arrayText(value)) || value) };
}
