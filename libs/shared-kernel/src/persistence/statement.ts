import type { QueryConfig, QueryResultRow } from 'pg';

export type Row = QueryResultRow;

/** JSON texts as one parameter, for `json_array_elements`: arrays of text would have every quote in them escaped. */
export const jsonArray = (texts: readonly string[]): string => `[${texts.join(',')}]`;

const names = new Map<string, string>();

/** A prepared statement: one name per text, parsed and planned once per connection. Texts must be constants. */
export function statement(text: string, values: unknown[]): QueryConfig {
  let name = names.get(text);
  if (!name) {
    name = `tw_${names.size}`;
    names.set(text, name);
  }
  return { name, text, values };
}
