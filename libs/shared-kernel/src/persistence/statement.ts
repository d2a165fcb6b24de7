import type { QueryConfig, QueryResultRow } from 'pg';

export type Row = QueryResultRow;

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
