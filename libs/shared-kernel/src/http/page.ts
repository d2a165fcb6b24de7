import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { httpRefusal } from './error-codes';

/** Query of every list. */
export class PageQuery {
  @ApiPropertyOptional({ description: 'Most entries of one page, 1 to 100.', default: 20, example: 20 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit: number = 20;

  @ApiPropertyOptional({ description: '`nextCursor` of the page before; absent for the first page.', example: '' })
  @IsOptional()
  @IsString()
  @MaxLength(500)
  cursor?: string;
}

export interface Page<T> {
  data: T[];
  nextCursor: string | null;
}

export class NextCursor {
  @ApiProperty({
    description: 'Give it as `cursor` for the next page; null on the last one.',
    type: String,
    nullable: true,
    example: null,
  })
  nextCursor: string | null;
}

/** A cursor holds the sort key of the last entry shown; callers treat it as opaque. */
export const encodeCursor = (key: readonly string[]): string => Buffer.from(JSON.stringify(key)).toString('base64url');

/** The key inside a cursor, each part checked; a cursor that was made up is refused. */
export function decodeCursor(cursor: string, parts: readonly ((part: string) => boolean)[]): string[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    const valid = (part: unknown, index: number) => typeof part === 'string' && parts[index]?.(part) === true;
    if (Array.isArray(key) && key.length === parts.length && key.every(valid)) return key as string[];
  } catch {
    // falls through to the refusal
  }
  throw httpRefusal('invalid-cursor', 'take `nextCursor` as it was given');
}

/** A time as `toISOString` writes it, of a year that PostgreSQL takes: what the sort key of a cursor holds. */
export function isTimeText(text: string): boolean {
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString() === text && /^(?!0000)\d{4}-/.test(text);
}

/** Cuts a query that asked for one row more than the page into the page and its cursor. */
export function pageOf<Row>(rows: Row[], limit: number, key: (row: Row) => readonly string[]): Page<Row> {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  return { data, nextCursor: rows.length > limit && last ? encodeCursor(key(last)) : null };
}
