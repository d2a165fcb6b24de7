import type { EntitySchemaColumnOptions } from 'typeorm';
import { idOf, uuidOf } from '../core/ids';

type Column = Partial<EntitySchemaColumnOptions>;

/** A `uuid` column that code sees as the TypeID with this prefix. */
export function idColumn(prefix: string, options: Column = {}): EntitySchemaColumnOptions {
  return {
    type: 'uuid',
    transformer: {
      to: (id: unknown) => (typeof id === 'string' ? uuidOf(id) : id),
      from: (uuid: string | null) => (uuid === null ? null : idOf(prefix, uuid)),
    },
    ...options,
  };
}

/** Minor units of money: `bigint` in the database and in code. */
export function amountColumn(options: Column = {}): EntitySchemaColumnOptions {
  return {
    type: 'bigint',
    transformer: {
      to: (amount: unknown) => (typeof amount === 'bigint' ? amount.toString() : amount),
      from: (amount: string | bigint | null) => (amount === null ? null : BigInt(amount)),
    },
    ...options,
  };
}
