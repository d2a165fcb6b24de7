import { Injectable } from '@nestjs/common';
import { type Id, idOf, uuidOf } from '@tradewind/shared-kernel';
import { isUniqueViolation, UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { Buyer } from '../../../domain/buyers/buyer';
import { type BuyerQuestion, Buyers, type BuyerStanding, type ScoredBuyer } from '../../../domain/buyers/buyers';
import { refusal } from '../../../domain/refusals';

@Injectable()
export class BuyerRows extends Buyers {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async find(id: Id<'buy'>): Promise<ScoredBuyer> {
    const [row] = await this.unitOfWork.query<BuyerRow>(`${SELECT} WHERE b.id = $1`, [uuidOf(id)]);
    if (!row) throw refusal('unknown-buyer', `no buyer ${id}`);
    return scored(row);
  }

  async list({ memberNumber, limit, after }: BuyerQuestion): Promise<ScoredBuyer[]> {
    const rows = await this.unitOfWork.query<BuyerRow>(
      `${SELECT} WHERE ($1::bigint IS NULL OR b.member_number = $1)
                   AND ($2::timestamptz IS NULL OR (b.registered_at, b.id) < ($2, $3::uuid))
        ORDER BY b.registered_at DESC, b.id DESC LIMIT $4`,
      [memberNumber ?? null, after?.registeredAt ?? null, after ? uuidOf(after.id) : null, limit + 1],
    );
    return rows.map(scored);
  }

  save(id: Id<'buy'>, change: (known: Buyer | undefined) => Buyer): Promise<{ created: boolean; buyer: ScoredBuyer }> {
    return this.unitOfWork.run(async () => {
      const [known] = await this.unitOfWork.query<BuyerRow>(`${SELECT} WHERE b.id = $1 FOR UPDATE OF b`, [uuidOf(id)]);
      const { state } = change(known && buyerOf(known));
      const [saved] = await this.unitOfWork
        .query<{ created: boolean; registered_at: Date }>(
          `INSERT INTO trading.buyer AS b (id, member_number, nickname, level, registered_at, last_login)
           VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (id) DO UPDATE SET member_number = excluded.member_number, nickname = excluded.nickname,
             level = excluded.level, last_login = excluded.last_login
           RETURNING xmax = 0 AS created, registered_at`,
          [uuidOf(id), state.memberNumber, state.nickname, state.level, state.registeredAt, state.lastLogin],
        )
        .catch((error: unknown) => {
          if (!isUniqueViolation(error, 'buyer_member_number_key')) throw error;
          const detail = `another buyer has memberNumber ${state.memberNumber}`;
          throw refusal('member-number-taken', detail, {}, { cause: error });
        });
      const buyer = Buyer.restore({ ...state, registeredAt: saved?.registered_at ?? state.registeredAt });
      return { created: saved?.created ?? false, buyer: { buyer, points: known?.points ?? 0n } };
    });
  }

  async standings(ids: readonly Id<'buy'>[]): Promise<ReadonlyMap<Id<'buy'>, BuyerStanding>> {
    if (ids.length === 0) return new Map();
    const rows = await this.unitOfWork.query<{ id: string; level: number; has_ordered: boolean; has_paid: boolean }>(
      `SELECT asked.id, coalesce(b.level, 0) AS level,
              EXISTS (SELECT FROM trading.orders o WHERE o.buyer_id = asked.id AND o.cancelled_at IS NULL) AS has_ordered,
              EXISTS (SELECT FROM trading.orders o WHERE o.buyer_id = asked.id AND o.cancelled_at IS NULL
                         AND o.paid_at IS NOT NULL) AS has_paid
         FROM unnest($1::uuid[]) AS asked(id) LEFT JOIN trading.buyer b ON b.id = asked.id`,
      [[...new Set(ids)].map(uuidOf)],
    );
    return new Map(
      rows.map(({ id, level, has_ordered: hasOrdered, has_paid: hasPaid }) => [
        idOf('buy', id),
        { level, hasOrdered, hasPaid },
      ]),
    );
  }
}

interface BuyerRow extends Record<string, unknown> {
  id: string;
  memberNumber: bigint;
  nickname: string;
  level: number;
  registeredAt: Date;
  lastLogin: string | null;
  points: bigint;
}

const SELECT = `SELECT b.id, b.member_number AS "memberNumber", b.nickname, b.level, b.registered_at AS "registeredAt",
    b.last_login AS "lastLogin",
    (SELECT coalesce(sum(e.points), 0)::bigint FROM trading.point_entry e WHERE e.buyer_id = b.id) AS points
  FROM trading.buyer b`;

const buyerOf = ({ id, memberNumber, nickname, level, registeredAt, lastLogin }: BuyerRow): Buyer =>
  Buyer.restore({ id: idOf('buy', id), memberNumber, nickname, level, registeredAt, lastLogin });
const scored = (row: BuyerRow): ScoredBuyer => ({ buyer: buyerOf(row), points: row.points });
