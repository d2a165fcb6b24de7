import { Injectable } from '@nestjs/common';
import { type Id, idOf, type MoneyJson, uuidOf } from '@tradewind/shared-kernel';
import { UnitOfWork } from '@tradewind/shared-kernel/persistence';
import { type Action, byPriority, type Condition, type Promotion, stateOf } from '../../../domain/promotions/promotion';
import { type PromotionQuestion, Promotions } from '../../../domain/promotions/promotions';
import { refusal } from '../../../domain/refusals';
import { PriceStamp } from '../pricing/price-stamp';

interface PromotionRow extends Record<string, unknown> {
  /** UUID. */
  id: string;
  version: number;
  name: string;
  priority: number;
  stackingGroup: string | null;
  exclusive: boolean;
  cap: MoneyJson | null;
  conditions: Condition[];
  actions: Action[];
  startsAt: Date | null;
  endsAt: Date | null;
  stoppedAt: Date | null;
}

const SELECT = `SELECT id, version, name, priority, stacking_group AS "stackingGroup", exclusive, cap, conditions, actions,
    starts_at AS "startsAt", ends_at AS "endsAt", stopped_at AS "stoppedAt" FROM trading.promotion`;

@Injectable()
export class PromotionRows extends Promotions {
  /** Those that were active or scheduled when they were read. */
  readonly #unfinished: (now: Date) => Promise<readonly Promotion[]>;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    stamp: PriceStamp,
  ) {
    super();
    this.#unfinished = stamp.keep((now: Date) => this.#readUnfinished(now));
  }

  async active(now: Date): Promise<readonly Promotion[]> {
    const promotions = await this.#unfinished(now);
    return promotions.filter((promotion) => stateOf(promotion, now) === 'active');
  }

  async find(id: Id<'pro'>): Promise<Promotion | undefined> {
    const [row] = await this.unitOfWork.query<PromotionRow>(`${SELECT} WHERE id = $1`, [uuidOf(id)]);
    return row && promotionOf(row);
  }

  async list({ state, limit, after }: PromotionQuestion, now: Date): Promise<Promotion[]> {
    const rows = await this.unitOfWork.query<PromotionRow>(
      `${SELECT}
        WHERE ($1::uuid IS NULL OR id < $1)
          AND ($2::text IS NULL OR $2 = CASE WHEN stopped_at IS NOT NULL THEN 'stopped' WHEN ends_at <= $3 THEN 'ended'
                                             WHEN starts_at > $3 THEN 'scheduled' ELSE 'active' END)
        ORDER BY id DESC LIMIT $4`,
      [after ? uuidOf(after) : null, state ?? null, now, limit + 1],
    );
    return rows.map(promotionOf);
  }

  async add(promotion: Promotion): Promise<void> {
    await this.unitOfWork.query(
      `INSERT INTO trading.promotion (id, version, name, priority, stacking_group, exclusive, cap, conditions, actions,
                                      starts_at, ends_at, stopped_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
      columnsOf(promotion),
    );
  }

  change(id: Id<'pro'>, change: (promotion: Promotion) => Promotion): Promise<Promotion> {
    return this.unitOfWork.run(async () => {
      const [row] = await this.unitOfWork.query<PromotionRow>(`${SELECT} WHERE id = $1 FOR UPDATE`, [uuidOf(id)]);
      if (!row) throw refusal('unknown-promotion', `no promotion ${id}`);
      const changed = change(promotionOf(row));
      await this.unitOfWork.query(
        `UPDATE trading.promotion
            SET version = $2, name = $3, priority = $4, stacking_group = $5, exclusive = $6, cap = $7, conditions = $8,
                actions = $9, starts_at = $10, ends_at = $11, stopped_at = $12
          WHERE id = $1`,
        columnsOf(changed),
      );
      return changed;
    });
  }

  async #readUnfinished(now: Date): Promise<readonly Promotion[]> {
    const rows = await this.unitOfWork.query<PromotionRow>(
      `${SELECT} WHERE stopped_at IS NULL AND (ends_at IS NULL OR ends_at > $1)`,
      [now],
    );
    return rows.map(promotionOf).toSorted(byPriority);
  }
}

const promotionOf = (row: PromotionRow): Promotion => ({ ...row, id: idOf('pro', row.id) });

function columnsOf(promotion: Promotion): unknown[] {
  return [
    uuidOf(promotion.id),
    promotion.version,
    promotion.name,
    promotion.priority,
    promotion.stackingGroup,
    promotion.exclusive,
    promotion.cap && JSON.stringify(promotion.cap),
    JSON.stringify(promotion.conditions),
    JSON.stringify(promotion.actions),
    promotion.startsAt,
    promotion.endsAt,
    promotion.stoppedAt,
  ];
}
