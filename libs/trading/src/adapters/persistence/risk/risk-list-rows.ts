import { Injectable } from '@nestjs/common';
import { type Id, idOf, uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import type { ListKind, Subject } from '../../../domain/risk/risk-policy';
import { type ListEntry, RiskLists } from '../../../domain/risk/risk-rows';

type Row = Omit<ListEntry, 'id'> & { id: string };

const COLUMNS = 'id, list, subject, reason, expires_at AS "expiresAt", created_at AS "createdAt"';
const entryOf = (row: Row): ListEntry => ({ ...row, id: idOf('rle', row.id) });

@Injectable()
export class RiskListRows extends RiskLists {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async put({ id, list, subject, reason, expiresAt, createdAt }: ListEntry) {
    const [row] = await this.unitOfWork.query<Row>(
      `INSERT INTO trading.risk_list_entry (id, list, subject, reason, expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (subject, list) DO UPDATE SET reason = excluded.reason, expires_at = excluded.expires_at
       RETURNING ${COLUMNS}`,
      [uuidOf(id), list, subject, reason, expiresAt, createdAt],
    );
    const entry = entryOf(row as Row);
    return { entry, created: entry.id === id };
  }

  async list(question: { list?: ListKind; subject?: Subject; limit: number; before?: Id<'rle'>; now: Date }) {
    const rows = await this.unitOfWork.query<Row>(
      `SELECT ${COLUMNS} FROM trading.risk_list_entry
        WHERE (expires_at IS NULL OR expires_at > $1) AND ($2::text IS NULL OR list = $2)
          AND ($3::text IS NULL OR subject = $3) AND ($4::uuid IS NULL OR id < $4)
        ORDER BY id DESC LIMIT $5`,
      [
        question.now,
        question.list ?? null,
        question.subject ?? null,
        question.before ? uuidOf(question.before) : null,
        question.limit + 1,
      ],
    );
    return rows.map(entryOf);
  }

  async remove(id: Id<'rle'>): Promise<boolean> {
    const rows = await this.unitOfWork.query('DELETE FROM trading.risk_list_entry WHERE id = $1 RETURNING id', [
      uuidOf(id),
    ]);
    return rows.length > 0;
  }
}
