import { Injectable } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { decodeCursor, NextCursor, type Page, pageOf, type PageQuery } from '@tradewind/shared-kernel/http';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { UnmappedCodeAnswer } from './answers';

export class UnmappedCodesAnswer extends NextCursor {
  @ApiProperty({ description: 'By namespace and code.', type: [UnmappedCodeAnswer] })
  data: UnmappedCodeAnswer[];
}

interface UnmappedCodeRow {
  namespace: string;
  code: string;
  count: bigint;
  firstSeenAt: Date;
  lastSeenAt: Date;
}

const isText = (part: string): boolean => !part.includes('\u0000');

/** The codes that carrier specialists have to map next. */
@Injectable()
export class UnmappedCodes {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async of(carrier: string, { limit, cursor }: PageQuery): Promise<Page<UnmappedCodeAnswer>> {
    const [namespace, code] = cursor ? decodeCursor(cursor, [isText, isText]) : ['', ''];
    const rows = await this.unitOfWork.query<UnmappedCodeRow>(
      `SELECT namespace, code, count, first_seen_at AS "firstSeenAt", last_seen_at AS "lastSeenAt"
         FROM logistics.unmapped_code WHERE carrier = $1 AND (namespace, code) > ($2, $3)
        ORDER BY namespace, code LIMIT $4`,
      [carrier, namespace, code, limit + 1],
    );
    const answers = rows.map((row) => ({
      ...row,
      count: Number(row.count),
      firstSeenAt: row.firstSeenAt.toISOString(),
      lastSeenAt: row.lastSeenAt.toISOString(),
    }));
    return pageOf(answers, limit, (row) => [row.namespace, row.code]);
  }
}
